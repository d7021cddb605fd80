"""What the pages of the classes are made from: numbers of all classes, each computed at once."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from experiments.results.metrics.confusion import most_taken_for
from site_builder import addresses, formatting
from site_builder.explorer.images import Images
from site_builder.explorer.lists import all_wrong, disagreements, hardest_by_class
from site_builder.explorer.pictures import fit_into_a_cell
from site_builder.loading import Experiment, Run
from site_builder.naming import RunName


class Named(NamedTuple):
    """A finished run as the pages show it.

    Attributes:
        run: The run.
        name: Its name.
        address: Its page, from the site's root.
        known: Whether it is known what it said of each image.
    """

    run: Run
    name: RunName
    address: str
    known: bool


@dataclass(frozen=True, eq=False)
class Material:
    """An experiment of C classes, N test images and R finished runs.

    Attributes:
        experiment: What is stored.
        names: Run id to name, of every stored run.
        images: What the runs said of each test image.
    """

    experiment: Experiment
    names: dict[str, RunName]
    images: Images

    @cached_property
    def runs(self) -> tuple[Named, ...]:
        """The finished runs, best first."""
        known = {said.run.run_id for said in self.images.answers}
        return tuple(
            Named(
                run,
                self.names[run.run_id],
                addresses.run_page(run.run_id),
                run.run_id in known,
            )
            for run in self.experiment.ranked
        )

    @property
    def partly(self) -> str:
        """Which runs count where images do, a sentence; empty where all do, or none."""
        n_known, n_runs = len(self.images.answers), len(self.runs)
        if n_known in (0, n_runs):
            return ""
        counted = "Only one" if n_known == 1 else f"Only {formatting.count(n_known)}"
        counts = "is" if n_known == 1 else "are"
        return f"{counted} of {formatting.count_of(n_runs, 'run')} {counts} known image by image."

    @cached_property
    def counted(self) -> tuple[Named, ...]:
        """Those of `runs` whose confusion matrix is known."""
        return tuple(each for each in self.runs if each.run.matrix is not None)

    @cached_property
    def taken(self) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
        """What each class is most often taken for over all runs, as `most_taken_for`."""
        total = self.experiment.confusion
        return None if total is None else most_taken_for(total)

    @cached_property
    def recalls(self) -> NDArray[np.float64]:
        """(R, C) float64 in [0, 1], recall by run; NaN where a run had no image of the class."""
        rows = [
            np.where(run.scores.classes.support > 0, run.scores.classes.recall, np.nan)
            for run, *_ in self.runs
        ]
        return np.array(rows, np.float64).reshape(len(rows), self.experiment.n_classes)

    @cached_property
    def mean_recall(self) -> NDArray[np.float64]:
        """(C,) float64 in [0, 1], mean of `recalls`; NaN where no run had an image of the class."""
        n_runs = (~np.isnan(self.recalls)).sum(axis=0)
        mean = np.nansum(self.recalls, axis=0) / np.maximum(n_runs, 1)
        return np.where(n_runs > 0, mean, np.nan)

    def saw(self, target: int) -> NDArray[np.intp]:
        """Return the places in `runs` of those that had images of a class, lowest recall first."""
        of_run = self.recalls[:, target]
        order = np.argsort(of_run, kind="stable")
        return order[~np.isnan(of_run[order])]

    @cached_property
    def n_images(self) -> NDArray[np.int64]:
        """(C,) int64, test images that are listed one by one."""
        return np.bincount(self.images.targets, minlength=self.experiment.n_classes)

    @cached_property
    def n_all_wrong(self) -> NDArray[np.int64]:
        """(C,) int64, how many of them all runs get wrong that are known image by image."""
        return self._by_class(all_wrong(self.images).ordered)

    @cached_property
    def n_disagreed(self) -> NDArray[np.int64]:
        """(C,) int64, how many of them those runs give different classes; 0 for a run alone."""
        found = disagreements(self.images)
        return self._by_class(found.ordered if found else np.empty(0, np.int64))

    def first(self, target: int, n: int) -> NDArray[np.int64]:
        """Return the first n test images of a class, by their place in the split."""
        return self.images.by_class[self._part(target)][:n]

    def hardest(self, target: int, n: int) -> NDArray[np.int64]:
        """Return the n test images of a class that most runs get wrong, and at least one does."""
        places = self._hardest[self._part(target)][:n]
        return places[self.images.n_right[places] < len(self.images.answers)]

    @cached_property
    def tiny(self) -> bool:
        """Whether thumbnails are the images themselves, to be enlarged with their pixels."""
        thumbnails = self.experiment.record.thumbnails
        return thumbnails is not None and fit_into_a_cell(self.images, thumbnails)

    @cached_property
    def _hardest(self) -> NDArray[np.int64]:
        return hardest_by_class(self.images)

    @cached_property
    def _ends(self) -> list[int]:
        return [0, *np.cumsum(self.n_images).tolist()]

    def _part(self, target: int) -> slice:
        return slice(self._ends[target], self._ends[target + 1])

    def _by_class(self, places: NDArray[np.int64]) -> NDArray[np.int64]:
        chosen = self.images.targets[places]
        return np.bincount(chosen, minlength=self.experiment.n_classes)
