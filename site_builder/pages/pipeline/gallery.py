"""What each augmentation does to one photograph: cells of one sheet, and their parameters."""

from collections import Counter
from dataclasses import dataclass

from experiments.results.schema import (
    Augmentation,
    AugmentationConfig,
    AugmentationGallery,
    ShownTransform,
    Transform,
)
from site_builder import formatting
from site_builder.loading import Run
from site_builder.pages.examples import LARGE_CELL_PX
from site_builder.pages.pipeline.pictures import AUGMENTATIONS

_NAMES: dict[Transform, str] = {
    "crop": "Random resized crop",
    "flip": "Horizontal flip",
    "brightness": "Brightness",
    "contrast": "Contrast",
    "saturation": "Saturation",
    "rotation": "Rotation",
    "grey": "Loss of colour",
    "standard": "All of standard",
    "strong": "All of strong",
}
_VARIANTS: dict[Augmentation, str] = {
    "none": "without augmentation",
    "standard": "with standard",
    "strong": "with strong",
}
_BLENDED = {
    "brightness": "Every value is multiplied",
    "contrast": "The distance of every value from the image’s mean grey is multiplied",
    "saturation": "The distance of every pixel from its own grey is multiplied",
}
_GROUPS: dict[str, tuple[Transform, ...]] = {
    "geometry": ("crop", "flip", "rotation"),
    "colour": ("brightness", "contrast", "saturation", "grey"),
    "whole": ("standard", "strong"),
}


@dataclass(frozen=True)
class Corner:
    """The upper left corner of a cell on its sheet, px."""

    x: int
    y: int


@dataclass(frozen=True)
class Shown:
    """An augmentation.

    Attributes:
        name: What it is called.
        what: What it does, with its parameters; empty where it changes nothing.
        note: Why there are no cells, or only one; empty where several were drawn.
        cells: Where they are on the sheet.
    """

    name: str
    what: str
    note: str
    cells: tuple[Corner, ...]


@dataclass(frozen=True)
class Gallery:
    """A photograph under every augmentation.

    Attributes:
        address: Address of the sheet, from the site's root.
        width: Width of the sheet, px.
        height: Height of the sheet, px.
        cell: Side of a cell, px.
        scale: `pixels` where cells are so small that they are shown enlarged, else `photos`.
        sample: The photograph.
        model: The model whose sizes it was prepared for.
        seed: What the draws start from.
        original: The cell without augmentation.
        geometry: Changes of place.
        colour: Changes of colour.
        whole: Whole augmentations, as training has them.
        used: Runs of this experiment by augmentation, as a sentence.
    """

    address: str
    width: int
    height: int
    cell: int
    scale: str
    sample: str
    model: str
    seed: str
    original: Corner
    geometry: tuple[Shown, ...]
    colour: tuple[Shown, ...]
    whole: tuple[Shown, ...]
    used: str


def gallery(stored: AugmentationGallery, runs: tuple[Run, ...]) -> Gallery:
    """Return what is shown of the stored sheet.

    Args:
        stored: What the sheet shows.
        runs: The finished runs, to say which augmentations they used.
    """
    shown = {transform.name: transform for transform in stored.transforms}
    n_cells = 1 + sum(transform.n_cells for transform in stored.transforms)
    groups = {
        group: tuple(_shown(stored, shown[name]) for name in names if name in shown)
        for group, names in _GROUPS.items()
    }
    return Gallery(
        address=AUGMENTATIONS,
        width=stored.n_columns * stored.cell_px,
        height=-(-n_cells // stored.n_columns) * stored.cell_px,
        cell=stored.cell_px,
        scale="pixels" if stored.cell_px < LARGE_CELL_PX else "photos",
        sample=stored.sample_id,
        model=stored.model,
        seed=formatting.count(stored.seed),
        original=_corner(stored, 0),
        used=_used(runs),
        geometry=groups["geometry"],
        colour=groups["colour"],
        whole=groups["whole"],
    )


def parameters(name: Transform, of: AugmentationConfig) -> str:
    """Return what an augmentation does, with its parameters, as a sentence without a full stop."""
    match name:
        case "crop":
            return (
                f"A part of {_percent(of.min_scale)} to {_percent(1)} of the area, 3/4 to 4/3 as "
                "wide as high, resized to the input"
            )
        case "flip":
            return f"Left and right change places, with a chance of {_percent(of.flip_probability)}"
        case "brightness" | "contrast" | "saturation":
            return f"{_BLENDED[name]}, by {_factor(getattr(of, name))}"
        case "rotation":
            degrees = formatting.setting(of.rotation_degrees)
            return f"By −{degrees}° to {degrees}°, in strong only; corners are filled by reflection"
        case "grey":
            return f"With a chance of {_percent(of.grey_probability)}, in strong only"
        case "standard":
            return "Crop, flip, brightness, contrast and saturation, in this order"
        case "strong":
            return "Standard with rotation and loss of colour"


def _shown(stored: AugmentationGallery, transform: ShownTransform) -> Shown:
    cells = range(transform.first_cell, transform.first_cell + transform.n_cells)
    return Shown(
        name=_NAMES[transform.name],
        what=f"{parameters(transform.name, stored.parameters)}." if cells else "",
        note=_note(len(cells)),
        cells=tuple(_corner(stored, cell) for cell in cells),
    )


def _note(n_cells: int) -> str:
    if not n_cells:
        return "Configured to change nothing here."
    return "Shown as it happens; only whether it does is drawn." if n_cells == 1 else ""


def _corner(stored: AugmentationGallery, cell: int) -> Corner:
    row, column = divmod(cell, stored.n_columns)
    return Corner(column * stored.cell_px, row * stored.cell_px)


def _used(runs: tuple[Run, ...]) -> str:
    kinds: Counter[str] = Counter(
        run.record.config.augmentation for run in runs if run.record.config
    )
    used = [
        f"{formatting.count_of(kinds[kind], 'run')} {said}"
        for kind, said in _VARIANTS.items()
        if kinds[kind]
    ]
    return f"In this experiment: {formatting.listing(used)}." if used else ""


def _factor(strength: float) -> str:
    low, high = max(0.0, 1 - strength), 1 + strength
    # Subtracting leaves 0.30000000000000004 and the like.
    return f"{formatting.setting(round(low, 6))} to {formatting.setting(round(high, 6))}"


def _percent(share: float) -> str:
    # As it was configured, not rounded; dividing left 28.999999999999996 and the like.
    return f"{formatting.setting(round(100 * share, 6))}{formatting.NBSP}%"
