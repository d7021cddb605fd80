"""errors.html: which test images are wrong, for whom, and how alike the runs are."""

from dataclasses import dataclass

from experiments.results.feature_maps import has_feature_maps
from site_builder import addresses, formatting
from site_builder.explorer.agreement import Agreement
from site_builder.explorer.files import superclass_names
from site_builder.explorer.images import Images
from site_builder.explorer.lists import confident_mistakes
from site_builder.features.colormaps import Colormap, colormaps
from site_builder.loading import Experiment, Run
from site_builder.naming import RunName
from site_builder.pages.agreement import AgreementTable, agreement_table
from site_builder.pages.calibration import CalibrationOverlay, calibration_overlay
from site_builder.pages.matrix import Choice
from site_builder.pages.site import Site, site_context

ADDRESS = addresses.ERRORS
N_SHOWN = 12
"""Mistakes that are in the page as built, to be read without scripts."""
_VIEWS = (
    ("confident", "Most confident mistakes"),
    ("all-wrong", "All runs wrong"),
    ("only", "Only this run right"),
    ("disagree", "Runs disagree"),
    ("pair", "One of two runs right"),
    ("margin", "Lowest margin"),
    ("class", "One class"),
    ("cell", "One cell"),
    ("map", "Map"),
)


@dataclass(frozen=True)
class RunErrors:
    """What one run gets wrong.

    Attributes:
        run_id: The run.
        name: Its name.
        wrong: Test images that it gets wrong, and their share.
        only: Test images that it alone gets right, and that it alone gets wrong; None where that
            is not known.
        reason: Why it is not; empty where it is.
    """

    run_id: str
    name: RunName
    wrong: tuple[str, str]
    only: tuple[str, str] | None
    reason: str


@dataclass(frozen=True)
class Mistake:
    """A test image that a run gets wrong.

    Attributes:
        image: Its name in the address of the page.
        target: Name of its class.
        prediction: Name of the class that the run chose.
        probability: Of that class, as text; empty if not known.
    """

    image: str
    target: str
    prediction: str
    probability: str


@dataclass(frozen=True)
class Mistakes:
    """The most confident mistakes of the best run.

    Attributes:
        run_id: The run.
        headline: How many there are.
        images: The first of them.
    """

    run_id: str
    headline: str
    images: tuple[Mistake, ...]


@dataclass(frozen=True)
class ErrorsContext:
    """What `pages/errors.html` shows.

    Attributes:
        site: The frame of the page.
        best: Id of the run that is shown first; empty if there is none.
        run_ids: Ids of the finished runs, best first, apart by spaces.
        summary: What the runs have in common, in sentences.
        views: The lists of images that there are.
        runs: Runs to choose from.
        superclasses: Superclasses to choose from; empty if there are none.
        mistakes: What is listed first; None if no run has predictions.
        no_pictures: Why there are no pictures of the images; empty if there are.
        errors: What each run gets wrong, best run first.
        agreement: How alike the runs are; None for fewer than two.
        calibration: How sure they are; None where that is not known of any.
        colormaps: The colours of class-activation maps; none where no run has any.
    """

    site: Site
    best: str
    run_ids: str
    summary: str
    views: tuple[Choice, ...]
    runs: tuple[Choice, ...]
    superclasses: tuple[Choice, ...]
    mistakes: Mistakes | None
    no_pictures: str
    errors: tuple[RunErrors, ...]
    agreement: AgreementTable | None
    calibration: CalibrationOverlay | None
    colormaps: tuple[Colormap, ...]


def errors_context(
    experiment: Experiment, names: dict[str, RunName], images: Images, alike: Agreement | None
) -> ErrorsContext:
    """Return what the page shows.

    Args:
        experiment: What is stored.
        names: Run id to name, of every stored run.
        images: What the runs said of each test image.
        alike: How alike the runs are; None for fewer than two.
    """
    record = experiment.record
    known = [said.run.run_id for said in images.answers]
    return ErrorsContext(
        site=site_context(experiment, ADDRESS),
        # A run that is not known by image still says why.
        best=known[0] if known else next((run.run_id for run in experiment.ranked), ""),
        run_ids=" ".join(run.run_id for run in experiment.ranked),
        summary=_summary(images),
        views=tuple(Choice(*view) for view in _VIEWS),
        runs=tuple(Choice(run.run_id, names[run.run_id].full) for run in experiment.ranked),
        superclasses=tuple(
            Choice(str(index), name) for index, name in enumerate(superclass_names(experiment))
        ),
        mistakes=_mistakes(experiment, names, images) if known else None,
        no_pictures=record.absent.get("thumbnails", ""),
        errors=_errors(names, images),
        agreement=agreement_table(names, images, alike) if alike else None,
        calibration=calibration_overlay(experiment, names),
        colormaps=colormaps()[:1]
        if any(has_feature_maps(experiment.store, run_id) for run_id in known)
        else (),
    )


def _summary(images: Images) -> str:
    n_runs, total = len(images.answers), formatting.count_of(len(images), "test image")
    if not n_runs:
        return "No finished run says what it made of each test image."
    n_right = int((images.n_right == n_runs).sum())
    n_wrong = int((images.n_right == 0).sum())
    if n_runs == 1:
        return f"Of {total}, {_are(n_wrong)} wrong in the one run."
    runs, of_them = "both runs", "both"
    if n_runs > 2:
        runs, of_them = f"all {formatting.word(n_runs)} runs", "all of them"
    left = len(images) - n_right - n_wrong
    others = formatting.count(left) if left > 1 else "one"
    depends = f"; for the other {others} it depends on the run" if left else ""
    right, wrong = f"{_are(n_right)} right in {runs}", f"{_are(n_wrong)} wrong in {of_them}"
    return f"Of {total}, {right} and {wrong}{depends}."


def _are(n: int) -> str:
    return {0: "none is", 1: "1 is"}.get(n, f"{formatting.count(n)} are")


def _mistakes(experiment: Experiment, names: dict[str, RunName], images: Images) -> Mistakes:
    listed = confident_mistakes(images, 0)
    said, classes = images.answers[0], experiment.record.class_names
    places = listed.places[:N_SHOWN].tolist()
    return Mistakes(
        run_id=said.run.run_id,
        headline=f"{formatting.count(listed.n)} of {formatting.count_of(len(images), 'test image')}"
        f" {'is' if listed.n == 1 else 'are'} wrong in {names[said.run.run_id].full}",
        images=tuple(
            Mistake(
                image=f"{images.targets[place]}.{images.ranks[place]}",
                target=classes[images.targets[place]],
                prediction=classes[said.classes[place, 0]],
                probability=_probability(int(said.permille[place, 0])),
            )
            for place in places
        ),
    )


def _probability(permille: int) -> str:
    return formatting.percent(permille / 1000) if permille >= 0 else ""


def _errors(names: dict[str, RunName], images: Images) -> tuple[RunErrors, ...]:
    alone = "there is no other run to compare with" if len(images.answers) == 1 else ""
    only = zip(images.n_only_right.tolist(), images.n_only_wrong.tolist(), strict=True)
    known = [
        RunErrors(
            said.run.run_id,
            names[said.run.run_id],
            _wrong(said.run),
            None if alone else (formatting.count(n_right), formatting.count(n_wrong)),
            alone,
        )
        for said, (n_right, n_wrong) in zip(images.answers, only, strict=True)
    ]
    unknown = [
        RunErrors(run.run_id, names[run.run_id], _wrong(run), None, reason)
        for run, reason in images.left_out
    ]
    return tuple(known + unknown)


def _wrong(run: Run) -> tuple[str, str]:
    n_wrong = run.n_images - run.n_correct
    return formatting.count(n_wrong), formatting.share(n_wrong, run.n_images)
