"""formulas.html: each formula, the same one with a run's numbers in it, and all terms."""

from collections.abc import Iterator
from dataclasses import dataclass

from markupsafe import Markup

from site_builder import addresses, formatting, matrices
from site_builder.comparisons import Comparisons
from site_builder.formulas.cells import WHOLE, Cells, class_cells
from site_builder.formulas.classes import ClassCounts, class_values, hardest_class
from site_builder.formulas.formula import Formula, Section, Worked
from site_builder.formulas.mathml import mathml, split_at_places
from site_builder.formulas.numbers import SECTIONS, Numbers, run_values
from site_builder.glossary import TERMS, Term
from site_builder.loading import Experiment, Run
from site_builder.naming import RunName
from site_builder.pages.matrix import Choice
from site_builder.pages.site import Site, site_context
from site_builder.references import Reference

ADDRESS = addresses.FORMULAS


@dataclass(frozen=True)
class Part:
    """A piece of a sentence: its text, and the name of the number that it is, if it is one."""

    text: str
    place: str


@dataclass(frozen=True)
class WorkedPart:
    """A formula with numbers in it.

    Attributes:
        math: The formula; None where a number is missing.
        about: What it is of, in pieces.
        missing: Why it cannot be filled in; empty where it is.
    """

    math: Markup
    about: tuple[Part, ...]
    missing: str


@dataclass(frozen=True)
class FormulaPart:
    """A formula as the page shows it.

    Attributes:
        key: Its place on the page.
        title: Its name.
        answers: The question that it answers.
        maths: The formula, line by line.
        worked: The same with numbers; empty where no run has finished.
        facts: Label and text: symbols, range, ties and zeros.
        references: Where it comes from.
    """

    key: str
    title: str
    answers: str
    maths: tuple[Markup, ...]
    worked: tuple[WorkedPart, ...]
    facts: tuple[tuple[str, str], ...]
    references: tuple[Reference, ...]


@dataclass(frozen=True)
class SectionPart:
    """Formulas that belong together."""

    key: str
    title: str
    intro: str
    parts: tuple[FormulaPart, ...]


@dataclass(frozen=True)
class Shown:
    """The run and the class that the page begins with, and what it can show instead.

    Attributes:
        run_id: The run.
        run_ids: All runs that can be chosen.
        runs: The same with their names.
        run_name: Name of the run.
        class_name: Name of the class.
        counts: Its four counts: place, letters, text, what they are of.
        cells: The confusion matrix around the class; None where the run has none.
        absent: Why there is no matrix; empty where there is one.
    """

    run_id: str
    run_ids: str
    runs: tuple[Choice, ...]
    run_name: str
    class_name: str
    counts: tuple[tuple[str, str, str, str], ...]
    cells: Cells | None
    absent: str


@dataclass(frozen=True)
class FormulasContext:
    """What `pages/formulas.html` shows.

    Attributes:
        site: The frame of the page.
        shown: The run and the class that the numbers are of; None if no run has finished.
        whole: Up to how many classes the matrix is shown as it is.
        sections: The formulas.
        terms: The glossary, by name.
    """

    site: Site
    shown: Shown | None
    whole: str
    sections: tuple[SectionPart, ...]
    terms: tuple[Term, ...]


def formulas_context(
    experiment: Experiment, names: dict[str, RunName], comparisons: Comparisons
) -> FormulasContext:
    """Return what the page shows: the best run and its hardest class.

    Args:
        experiment: What is stored.
        names: Run id to name, of every stored run.
        comparisons: The paired tests of its finished runs.
    """
    best = experiment.ranked[0] if experiment.runs else None
    numbers = _numbers(experiment, best, comparisons, names) if best else None
    return FormulasContext(
        site=site_context(experiment, ADDRESS),
        shown=_shown(experiment, names, best, numbers) if best and numbers else None,
        whole=formatting.count(WHOLE),
        sections=tuple(_section(section, numbers) for section in SECTIONS),
        terms=tuple(sorted(TERMS, key=lambda term: term.name.casefold())),
    )


def _numbers(
    experiment: Experiment, run: Run, comparisons: Comparisons, names: dict[str, RunName]
) -> Numbers:
    target = hardest_class(run)
    of_class = class_values(ClassCounts.of(run, target), experiment.record.class_names[target])
    return Numbers.of({**run_values(experiment, run, comparisons, names), **of_class})


def _shown(experiment: Experiment, names: dict[str, RunName], run: Run, numbers: Numbers) -> Shown:
    class_names = experiment.record.class_names
    cells = None
    if run.matrix is not None:
        cells = class_cells(run.matrix, hardest_class(run), class_names)
    return Shown(
        run_id=run.run_id,
        run_ids=" ".join(one.run_id for one in experiment.ranked),
        runs=tuple(Choice(one.run_id, names[one.run_id].full) for one in experiment.ranked),
        run_name=numbers.values["run"],
        class_name=numbers.values["class"],
        counts=tuple(_counts(numbers)),
        cells=cells,
        absent=matrices.absent(run),
    )


def _counts(numbers: Numbers) -> Iterator[tuple[str, str, str, str]]:
    for place, letters, what in (
        ("tp", "TP", "true positives: images of the class that were called so"),
        ("fn", "FN", "false negatives: images of the class that were called something else"),
        ("fp", "FP", "false positives: images of other classes that were called so"),
        ("tn", "TN", "true negatives: images of other classes that were called something else"),
    ):
        yield place, letters, numbers.values.get(place, formatting.MISSING), what


def _section(section: Section, numbers: Numbers | None) -> SectionPart:
    parts = tuple(_formula(formula, numbers) for formula in section.formulas)
    return SectionPart(section.key, section.title, section.intro, parts)


def _formula(formula: Formula, numbers: Numbers | None) -> FormulaPart:
    worked = formula.worked if numbers else ()
    return FormulaPart(
        key=formula.key,
        title=formula.title,
        answers=formula.answers,
        maths=tuple(mathml(line) for line in formula.latex),
        worked=tuple(_worked(line, numbers) for line in worked if numbers),
        facts=(
            ("Symbols", formula.symbols),
            ("Range", formula.range),
            ("Ties and zeros", formula.edge_cases),
        ),
        references=formula.references,
    )


def _worked(worked: Worked, numbers: Numbers) -> WorkedPart:
    """Fill a formula in; a dash stands where a number is missing, for the browser to replace."""
    texts = numbers.values | dict.fromkeys(numbers.missing, formatting.MISSING)
    about = (Part(text or texts[place], place) for text, place in split_at_places(worked.about))
    return WorkedPart(
        math=mathml(worked.latex, texts),
        about=tuple(about),
        missing=numbers.why_not(worked.latex, worked.about),
    )
