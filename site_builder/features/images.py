"""The test images that feature maps and class-activation maps are of."""

from collections.abc import Iterable
from dataclasses import dataclass

from experiments.results.schema import FeatureMaps, Preprocessing
from site_builder import formatting
from site_builder.explorer.images import Answers, Images
from site_builder.features.crop import Crop, input_crop
from site_builder.loading import Experiment

WHY = {
    "class": "chosen for its class",
    "mistake": "chosen because runs get it wrong",
    "named": "named in the configuration",
}


@dataclass(frozen=True)
class MappedImage:
    """A test image that went through a model.

    Attributes:
        sample_id: Its id.
        image: Its name in the address of errors.html; empty if it is not in the test split.
        target: Name of its class.
        said: What the run called it, and how surely: `circle, 93.1 %`; empty if not known.
        right: Whether that is its class.
        why: Why it was chosen, in words; empty for a mistake of this run.
        size: Width and height of the photograph, px; None if not known.
        crop: What the model was shown of it; None if not known.
    """

    sample_id: str
    image: str
    target: str
    said: str
    right: bool
    why: str
    size: tuple[int, int] | None
    crop: Crop | None


class Finder:
    """Tells of test images by their ids.

    Args:
        experiment: What is stored.
        images: What the runs said of each test image.
        sample_ids: The images that will be asked for.
    """

    def __init__(self, experiment: Experiment, images: Images, sample_ids: Iterable[str]) -> None:
        self._classes = experiment.record.class_names
        self._why = {sample.sample_id: WHY[sample.why] for sample in experiment.record.explained}
        self._images = images
        self._answers = {said.run.run_id: said for said in images.answers}
        wanted = set(sample_ids)
        ids = images.samples.sample_ids
        self._places = {name: place for place, name in enumerate(ids) if name in wanted}

    def find(self, sample_id: str, run_id: str, preprocessing: Preprocessing | None) -> MappedImage:
        """Tell of an image and of what a run made of it.

        Args:
            sample_id: The image.
            run_id: The run.
            preprocessing: What its model was fed; None if not known.
        """
        why = self._why.get(sample_id, "")
        place = self._places.get(sample_id)
        if place is None:
            return MappedImage(sample_id, "", "", "", False, why, None, None)
        images, target = self._images, int(self._images.targets[place])
        said = self._answers.get(run_id)
        size = int(images.samples.width_px[place]), int(images.samples.height_px[place])
        return MappedImage(
            sample_id=sample_id,
            image=f"{target}.{images.ranks[place]}",
            target=self._classes[target],
            said=self._said(said, place) if said else "",
            right=said is not None and int(said.classes[place, 0]) == target,
            why=why,
            size=size if all(size) else None,
            crop=input_crop(*size, preprocessing) if all(size) and preprocessing else None,
        )

    def _said(self, said: Answers, place: int) -> str:
        name, permille = self._classes[said.classes[place, 0]], int(said.permille[place, 0])
        return f"{name}, {formatting.percent(permille / 1000)}" if permille >= 0 else name


def ids_of(record: FeatureMaps) -> list[str]:
    """Return the images of a record, once each: its samples, then those with activation maps."""
    activation = record.activation.maps if record.activation else []
    return list(dict.fromkeys([*record.samples, *(one.sample_id for one in activation)]))
