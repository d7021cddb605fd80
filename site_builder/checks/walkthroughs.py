"""Checks of walkthroughs: they are of a test image, and of classes that there are."""

from experiments.results.schema import Split, Walkthrough
from experiments.results.walkthrough import has_walkthrough, read_walkthrough
from site_builder import formatting
from site_builder.checks.base import CannotCheckError, RunCheck
from site_builder.loading import Experiment, Run
from site_builder.samples import NO_SAMPLES

NONE = "no image was followed through it"


class WalkedImages(RunCheck):
    """What is followed through a model is a test image, and ends in classes of the experiment."""

    name = "Walkthroughs are of test images and known classes"
    meaning = (
        "The pipeline’s pages follow one test image through a model, say what class it is of, and "
        "name the classes that the model finds most probable."
    )
    holds = "the walkthrough is of a test image and of known classes"

    def problem(self, experiment: Experiment, run: Run) -> str:
        """Look the image up in `samples.csv`, and the classes in the record."""
        if not has_walkthrough(experiment.store, run.run_id):
            raise CannotCheckError(NONE)
        return _problem(experiment, read_walkthrough(experiment.store, run.run_id))


def sound_walkthrough(experiment: Experiment, run_id: str) -> Walkthrough | None:
    """Read a run's walkthrough; None where there is none, or pages cannot show it.

    Raises:
        StoreError: If the record is damaged.
    """
    if not has_walkthrough(experiment.store, run_id):
        return None
    walk = read_walkthrough(experiment.store, run_id)
    return None if _problem(experiment, walk) else walk


def _problem(experiment: Experiment, walk: Walkthrough) -> str:
    """Return why pages cannot show a walkthrough; empty if they can."""
    if walk.sample_id not in experiment.samples.get(Split.TEST, NO_SAMPLES).sample_ids:
        return f"{walk.sample_id} is not in the test split"
    beyond = [index for index in walk.classes if index >= experiment.n_classes]
    if beyond:
        classes = formatting.count_of(experiment.n_classes, "class", "classes")
        return f"it names class {beyond[0]}, of {classes} from 0"
    if len(walk.classes) == 1:
        return "it names one class, and nothing to compare it with"
    return ""
