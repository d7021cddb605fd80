"""How large a dataset's images are: charts, and the same as a table."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from site_builder import formatting
from site_builder.charts.chart import Axis, Chart, Drawing, axis
from site_builder.loading import Experiment

N_BARS = 24
_QUANTILES = (("Least", 0.0), ("Lower quartile", 0.25), ("Median", 0.5), ("Upper quartile", 0.75),
              ("Greatest", 1.0))  # fmt: skip


@dataclass(frozen=True)
class ImageSizes:
    """The sizes of the images before anything is done to them.

    Attributes:
        summary: How many images there are, and of how many sizes; a sentence or two.
        headings: Of the table: one for each quantile.
        rows: What is measured, and its quantiles; empty where all images are of one size.
        charts: Histograms of the shorter side and of the shape; empty in the same case.
    """

    summary: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    charts: tuple[Chart, ...]


def image_sizes(experiment: Experiment) -> ImageSizes | None:
    """Return the sizes of all images that are listed; None where no size is known."""
    sizes = known_sizes(experiment)
    if not len(sizes):
        return None
    if len(np.unique(sizes, axis=0)) == 1:
        return ImageSizes(_summary(sizes), (), (), ())
    width, height = sizes.T
    measures: tuple[tuple[str, NDArray[np.float64], Callable[[float], str]], ...] = (
        ("Width, px", width, _pixels),
        ("Height, px", height, _pixels),
        ("Shorter side, px", sizes.min(axis=1), _pixels),
        ("Width divided by height", width / height, formatting.loss),
    )
    return ImageSizes(
        summary=_summary(sizes),
        headings=tuple(name for name, _ in _QUANTILES),
        rows=tuple(
            (label, *(write(_quantile(values, share)) for _, share in _QUANTILES))
            for label, values, write in measures
        ),
        charts=_charts(sizes),
    )


def known_sizes(experiment: Experiment) -> NDArray[np.float64]:
    """Return width and height, px, of the images whose size is known, (N, 2) float64."""
    splits = experiment.samples.values()
    sizes = [np.stack([split.width_px, split.height_px], axis=1) for split in splits]
    found = np.concatenate([np.empty((0, 2)), *sizes]).astype(np.float64)
    known: NDArray[np.float64] = found[(found > 0).all(axis=1)]
    return known


def _quantile(values: NDArray[np.float64], share: float) -> float:
    # One that occurs, not one between two: no image has half a pixel.
    return float(np.quantile(values, share, method="inverted_cdf"))


def _summary(sizes: NDArray[np.float64]) -> str:
    different, counts = np.unique(sizes, axis=0, return_counts=True)
    n_images = formatting.count_of(len(sizes), "image")
    most = "{} × {} px".format(*map(_pixels, different[counts.argmax()]))
    if len(different) == 1:
        return f"All {n_images} are of {most}."
    width, height = sizes.T
    wide, tall = int((width > height).sum()), int((width < height).sum())
    shares = [
        f"{formatting.share(n, len(sizes))} {kind}"
        for n, kind in ((wide, "wide"), (tall, "tall"), (len(sizes) - wide - tall, "square"))
    ]
    return (
        f"{n_images} of {formatting.count(len(different))} different sizes, most often {most} "
        f"({formatting.share(int(counts.max()), len(sizes))}); {formatting.listing(shares)}."
    )


def _charts(sizes: NDArray[np.float64]) -> tuple[Chart, ...]:
    shorter, shape = sizes.min(axis=1), sizes[:, 0] / sizes[:, 1]
    measured = (("Shorter side, px", shorter), ("Width divided by height", shape))
    return tuple(_histogram(title, values) for title, values in measured if np.ptp(values) > 0)


def _histogram(title: str, values: NDArray[np.float64]) -> Chart:
    counts, edges = np.histogram(values, bins=N_BARS)
    across = axis(title, float(edges[0]), float(edges[-1]), formatting.tick)
    drawing = Drawing(across, _count_axis(int(counts.max())))
    for count, low, high in zip(counts.tolist(), edges[:-1], edges[1:], strict=True):
        if count:
            drawing.bar(float(low), float(high), count)
    return drawing.chart()


def _count_axis(most: int) -> Axis:
    return axis("Images", 0, most, formatting.tick, n_steps=4)


def _pixels(value: float) -> str:
    return formatting.count(round(value))
