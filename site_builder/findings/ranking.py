"""Which run is best, whether that is real, and how far apart the runs are."""

from dataclasses import dataclass
from typing import ClassVar

from experiments.results.metrics.intervals import CONFIDENCE
from site_builder import addresses, formatting
from site_builder.comparisons import Comparison, SeedGroup
from site_builder.findings.finding import MCNEMAR, Evidence, Material
from site_builder.findings.text import Names, Sentence, aside, number, paragraph, say
from site_builder.loading import Run


@dataclass(frozen=True, eq=False)
class BestRun:
    """The most accurate run, and whether the others are really behind it.

    Attributes:
        run: The run; of equal ones the first of the config.
        level: Other runs that got exactly as many images right.
        tied: Further runs that the test does not separate from it.
        behind: Runs that the test separates from it, most accurate first.
        lead: The comparison with the first of these; None where there is none.
        why_untested: Why it can be compared with none; empty where it can.
    """

    label: ClassVar[str] = "Most accurate"
    run: Run
    level: tuple[Run, ...]
    tied: tuple[Run, ...]
    behind: tuple[Run, ...]
    lead: Comparison | None
    why_untested: str

    @property
    def runs(self) -> tuple[Run, ...]:
        """The run whose accuracy the sentence tells first."""
        return (self.run,)

    @property
    def test(self) -> str:
        """McNemar's, where there is a run to compare with."""
        return MCNEMAR if self.level or self.tied or self.behind else ""

    @property
    def evidence(self) -> Evidence:
        """The tables, and its matrix beside them."""
        return Evidence("its confusion matrix", addresses.matrix(self.run.run_id))

    def sentence(self, names: Names) -> Sentence:
        """Name the run, those that share its place, and the nearest behind."""
        if self.why_untested:
            why = say("No paired test can compare it: {}.", aside(self.why_untested))
            return paragraph(self._accuracy(names), why)
        return paragraph(
            self._accuracy(names), self._level(names), self._tied(names), self._behind(names)
        )

    def _accuracy(self, names: Names) -> Sentence:
        run, verb = self.run, "shares the lead at" if self.level else "leads at"
        if self.why_untested:
            verb = "has the highest accuracy,"
        return say(
            f"{{}} {verb} {{}} ({{}} interval {{}}): {{}} test images right.",
            names.run(run),
            number(formatting.percent(run.accuracy)),
            aside(formatting.percent(CONFIDENCE, 0)),
            aside(formatting.interval(run.interval)),
            aside(f"{formatting.count(run.n_correct)} of {formatting.count(run.n_images)}"),
        )

    def _level(self, names: Names) -> Sentence:
        return say("{} got exactly as many right.", names.runs(self.level)) if self.level else ()

    def _tied(self, names: Names) -> Sentence:
        if not self.tied:
            return ()
        words = "A paired test does not separate it from {}" + (" either." if self.level else ".")
        return say(words, names.runs(self.tied))

    def _behind(self, names: Names) -> Sentence:
        if self.lead is None:
            return ()
        shared = bool(self.level or self.tied)
        subject = (names.run(self.run),) if shared else say("it")
        nearest = (
            names.run(self.behind[0]),
            number(formatting.points(self.lead.paired.difference)),
            aside(formatting.points_between(self.lead.paired.interval)),
        )
        if len(self.behind) == 1:
            return say("A paired test separates {} from {}, {} behind ({}).", subject, *nearest)
        rest = "the rest" if shared else "every other run"
        words = (
            f"A paired test separates {{}} from {rest}; the nearest, {{}}, is {{}} behind ({{}})."
        )
        return say(words, subject, *nearest)


def best_run(material: Material) -> BestRun | None:
    """Find the most accurate run; silent where no run has finished."""
    if not material.experiment.runs:
        return None
    comparisons, best = material.comparisons, material.experiment.ranked[0]
    if why := comparisons.why_untested(best):
        return BestRun(best, (), (), (), None, why)
    others = [run for run in comparisons.tested if run is not best]
    group = [run for run in others if comparisons.tie_group[run.run_id] == 1]
    behind = tuple(run for run in others if comparisons.tie_group[run.run_id] > 1)
    return BestRun(
        run=best,
        level=tuple(run for run in group if run.n_correct == best.n_correct),
        tied=tuple(run for run in group if run.n_correct < best.n_correct),
        behind=behind,
        lead=comparisons.compare(best.run_id, behind[0].run_id) if behind else None,
        why_untested="",
    )


@dataclass(frozen=True, eq=False)
class BestOverSeeds:
    """The highest mean accuracy over several seeds.

    Attributes:
        group: Runs that differ only in their seed; of equal means the first.
        on_images: The others that can be tested on the same images, and whether the test separates
            all runs of the two.
        over_seeds: The others that have two or more seeds in common with it, among which the
            difference varies, and whether the test over these seeds separates the two.
    """

    label: ClassVar[str] = "Most accurate over seeds"
    group: SeedGroup
    on_images: tuple[tuple[SeedGroup, bool], ...]
    over_seeds: tuple[tuple[SeedGroup, bool], ...]

    @property
    def runs(self) -> tuple[Run, ...]:
        """The runs whose mean accuracy the sentence tells first."""
        return self.group.runs

    @property
    def test(self) -> str:
        """Both tests, as far as there is another to test."""
        tests = [MCNEMAR] if self.on_images else []
        tests += ["paired t test, Holm-corrected over all pairs"] if self.over_seeds else []
        return "; ".join(tests)

    @property
    def evidence(self) -> Evidence:
        """The rows of the seeds."""
        return Evidence("each seed", addresses.RANKING)

    def sentence(self, names: Names) -> Sentence:
        """Name the group, and from how many others the tests tell it."""
        accuracy = say(
            "{} has the highest mean accuracy, {} over {} (standard deviation {}).",
            names.group(self.group),
            number(formatting.percent(self.group.summary.mean)),
            aside(formatting.count_of(len(self.group.runs), "seed")),
            aside(formatting.points(self.group.summary.deviation or 0.0)),
        )
        images = "On the same images, a paired test {} all its runs from those of {}."
        seeds = "Over seeds, a paired t test {} it from {}."
        return paragraph(
            accuracy,
            _verdict(images, self.on_images, names),
            _verdict(seeds, self.over_seeds, names),
        )


def best_over_seeds(material: Material) -> BestOverSeeds | None:
    """Find the highest mean over seeds; silent where its runs have but one seed."""
    comparisons = material.comparisons
    groups = comparisons.seed_groups
    if not groups or len(groups[0].runs) == 1:
        return None
    best, *others = groups
    on_images = [(other, comparisons.ahead(best, other)) for other in others]
    return BestOverSeeds(
        group=best,
        on_images=tuple((other, apart) for other, apart in on_images if apart is not None),
        over_seeds=tuple(
            (test.second, test.separated)
            for test in comparisons.over_seeds
            if test.first is best and test.adjusted_p_value is not None
        ),
    )


def _verdict(words: str, tested: tuple[tuple[SeedGroup, bool], ...], names: Names) -> Sentence:
    """Say from whom a test separates, as a verb and a number, or a name where there is but one."""
    n_separated = sum(separated for _, separated in tested)
    if not tested:
        return ()
    if len(tested) == 1:
        verb = "separates" if n_separated else "does not separate"
        return say(words, say(verb), names.group(tested[0][0]))
    n = formatting.count(n_separated) if n_separated else "none"
    others = f"{n} of {formatting.count_of(len(tested), 'other')}"
    return say(words, say("separates"), aside(others))


@dataclass(frozen=True, eq=False)
class AccuracyRange:
    """How far the least accurate run is behind the most accurate one.

    Attributes:
        lowest: The least accurate run.
        highest: The most accurate run.
        comparison: The two on the same images; None where one is not tested.
    """

    label: ClassVar[str] = "Range"
    lowest: Run
    highest: Run
    comparison: Comparison | None

    @property
    def test(self) -> str:
        """McNemar's, where both can be tested."""
        if self.comparison is None:
            return ""
        return f"{MCNEMAR}: {formatting.p_value(self.comparison.adjusted_p_value)}"

    @property
    def evidence(self) -> Evidence:
        """The ranking."""
        return Evidence("the ranking", addresses.RANKING)

    def sentence(self, names: Names) -> Sentence:
        """Name both ends, and whether the test separates them."""
        ends = say(
            "Accuracy ranges from {} ({}) to {} ({})",
            number(formatting.percent(self.lowest.accuracy)),
            names.run(self.lowest),
            number(formatting.percent(self.highest.accuracy)),
            names.run(self.highest),
        )
        return (*ends, *self._verdict())

    def _verdict(self) -> Sentence:
        if self.comparison is None:
            return say(".")
        does = "separates" if self.comparison.separated else "does not separate"
        return say(
            f"; a paired test {does} the two, {{}} ({{}}) apart.",
            number(formatting.points(self.comparison.paired.difference)),
            aside(formatting.points_between(self.comparison.paired.interval)),
        )


def accuracy_range(material: Material) -> AccuracyRange | None:
    """Find both ends; silent where all runs are as accurate, one run included."""
    ranked = material.experiment.ranked
    if not ranked or ranked[0].accuracy == ranked[-1].accuracy:
        return None
    lowest, highest = ranked[-1], ranked[0]
    comparison = material.comparisons.compare(highest.run_id, lowest.run_id)
    return AccuracyRange(lowest, highest, comparison)
