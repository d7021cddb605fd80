"""Features of a frozen backbone: each image goes through it once, ever.

On a CPU the backbone is traced and frozen first: with batch norm folded and the layout fixed it
runs 1.3 to 1.7 times as fast as in eager mode, after 1 to 4 seconds of tracing.
"""

import hashlib
import json
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import timm
import torch
import torchvision
from numpy.typing import NDArray
from torch import Tensor, nn

from experiments.digests import digest_of
from experiments.evaluate import CPU_PART, Parts, predict
from experiments.examples import Examples
from experiments.explain.peaks import TopImages, Watched
from experiments.lock import only_maker
from experiments.progress import Progress
from experiments.results.files import fresh_path

# Raise this when the same backbone and pixels would give other features than before, or when the
# same name would hold something else.
_FORMAT = 5
# What computes them.
_VERSIONS = (torch.__version__, torchvision.__version__, timm.__version__)
# How far a traced backbone's features may be from its own: rounding, not another computation.
_TRACE_TOLERANCE = 1e-3


class FrozenBackbone:
    """A backbone that learns no more: its name by content, and its fastest form.

    Both are made when they are first needed, and once: tracing takes as long as a hundred images.

    Args:
        backbone: (B, 3, H, W) float to (B, F) float; put into eval mode.
        watched: The same backbone, with the peaks of its layers.
        name: Of the model; its structure as text and its state do not tell everything apart, such
            as the number of a transformer's heads.

    Attributes:
        watched: As given.
        parts: How many images go through it at once.
    """

    def __init__(self, backbone: nn.Module, watched: Watched | None = None, name: str = "") -> None:
        self._backbone = backbone.eval().requires_grad_(False)
        self.watched = watched
        self.parts = Parts()
        self._name = name
        self._run: Callable[[Tensor], Tensor] | None = None

    @cached_property
    def key(self) -> str:
        """Names the backbone by its model, its structure and every bit of its state."""
        state = digest_of(self._backbone.state_dict())
        return hashlib.sha256(f"{self._name} {self._backbone!r} {state}".encode()).hexdigest()

    def __call__(self, inputs: Tensor) -> Tensor:
        """Return the (B, F) float32 features of (B, 3, H, W) float images, without gradients."""
        features, _ = self.with_peaks(inputs)
        return features

    def with_peaks(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Return (B, F) float32 features and the (B, P) float32 peaks; P is 0 without layers.

        One graph gives both, for all images: a second one without peaks takes longer to trace than
        the peaks of some thousand images take.
        """
        whole = self.watched.eval() if self.watched else self._backbone
        # One image is too few to trace with; more may come.
        if self._run is None and len(inputs) > 1:
            self._run = fastest(whole, inputs[:CPU_PART])
        outputs = predict(whole if self._run is None else self._run, inputs, self.parts)
        n_features = outputs.shape[1] - (self.watched.n_peaks if self.watched else 0)
        # A copy: a view would keep the peaks of all images.
        return outputs[:, :n_features].clone(), outputs[:, n_features:]


@dataclass(frozen=True)
class Features:
    """Images as a frozen backbone's features.

    Attributes:
        examples: The same targets with (N, F) float32 features, kept in memory on the targets'
            device.
        computing_s: What computing them took, now or when they came into the cache, seconds.
        was_cached: Whether they were there before.
    """

    examples: Examples
    computing_s: float
    was_cached: bool


@dataclass(frozen=True)
class _Cached:
    """An array as a file of the cache holds it, and what computing it took, seconds."""

    values: NDArray[Any]
    computing_s: float


def cached_features(
    backbone: FrozenBackbone, images: Examples, cache: Path, progress: Progress
) -> Features:
    """Return the examples as a frozen backbone's features; from the cache, if they were there.

    Args:
        backbone: Gives the features.
        images: N normalised images that have a key: they are the same each time.
        cache: Folder of cached arrays; entries are named by weights, images and preprocessing.
        progress: Told while features are computed.
    """
    path = _path(cache, backbone, images)
    if (found := _read(path)) is not None:
        return _of_features(found, images, was_cached=True)
    with only_maker(path, progress.say):
        # Another process may have made them meanwhile.
        if (found := _read(path)) is not None:
            return _of_features(found, images, was_cached=True)
        made = _made(backbone, images, progress, None)
        _save(path, made)
    return _of_features(made, images, was_cached=False)


def cached_features_and_top_images(
    backbone: FrozenBackbone, images: Examples, cache: Path, progress: Progress
) -> tuple[Features, NDArray[np.int32] | None]:
    """Return features as `cached_features` does, and what each channel responds to most.

    On random images of 224 px, the peaks of the layers take 1.8 % of the time of
    MobileNetV2, 3.4 % of RegNetX-200MF and 2.7 % of MobileNetV1 (one core of an Intel Xeon).

    Returns:
        The features, and (P, k) int32 places of images, the highest peak first: P are the channels
        of all layers that are watched. None where none are.
    """
    if backbone.watched is None:
        return cached_features(backbone, images, cache, progress), None
    path = _path(cache, backbone, images)
    top_path = _path(cache, backbone, images, *backbone.watched.names)
    found, places = _read(path), _read(top_path)
    if found is not None and places is not None:
        return _of_features(found, images, was_cached=True), places.values
    with only_maker(path, progress.say):
        found, places = _read(path), _read(top_path)
        if found is not None and places is not None:
            return _of_features(found, images, was_cached=True), places.values
        top = TopImages(backbone.watched.n_peaks, images.targets.device)
        made = _made(backbone, images, progress, top)
        places = _Cached(top.places(), made.computing_s)
        _save(top_path, places)
        _save(path, made)
    return _of_features(made, images, was_cached=False), places.values


def _path(cache: Path, backbone: FrozenBackbone, images: Examples, *layers: str) -> Path:
    device = images.targets.device.type
    name = [_FORMAT, *_VERSIONS, device, backbone.key, images.key, *layers]
    return cache / f"{hashlib.sha256(json.dumps(name).encode()).hexdigest()}.npz"


def _save(path: Path, made: _Cached) -> None:
    # An archive has a checksum of each array, which a plain file of one has not.
    with fresh_path(path, made.values.nbytes) as partial, partial.open("wb") as file:
        np.savez(file, values=made.values, computing_s=np.float64(made.computing_s))


def _read(path: Path) -> _Cached | None:
    """Return a cached array; None if it is not there or damaged: then it is computed again."""
    try:
        with path.open("rb") as file, np.load(file) as archive:
            # NumPy reads as many bytes as an array's header says. Where the header is damaged it
            # may stop before the end, and the checksum is compared only there.
            if archive.zip.testzip() is not None:
                return None
            return _Cached(archive["values"], float(archive["computing_s"]))
    except Exception:  # a damaged file makes zipfile and NumPy raise nearly anything
        return None


def _of_features(cached: _Cached, images: Examples, *, was_cached: bool) -> Features:
    device = images.targets.device
    features = torch.from_numpy(cached.values).to(device)

    def fetch(places: Tensor) -> Tensor:
        # A fifth of the time of an index in brackets, and a head's step is short enough to notice.
        return features.index_select(0, places.to(device))

    examples = Examples(fetch, images.targets, images.batch_size)
    return Features(examples, cached.computing_s, was_cached)


def _made(
    backbone: FrozenBackbone, images: Examples, progress: Progress, top: TopImages | None
) -> _Cached:
    """Compute features, and look at the clock."""
    started = time.perf_counter()
    values = _compute(backbone, images, progress, top).cpu().numpy()
    return _Cached(values, time.perf_counter() - started)


def in_parts(images: Examples) -> Examples:
    """Return images in batches of which a backbone finds the last pixel still in the CPU's cache.

    A batch of 32 is normalised and then goes through the backbone in parts, each fetched from
    memory once more: RegNetX-200MF takes 5 % longer so. Smaller batches of a run's training are no
    reason for smaller ones here: another run finds these features in the cache.
    """
    if images.targets.is_cuda:
        return images
    return replace(images, batch_size=CPU_PART)


def _compute(
    backbone: FrozenBackbone, images: Examples, progress: Progress, top: TopImages | None
) -> Tensor:
    parts: list[Tensor] = []
    with progress.work("computing features", len(images.targets)) as step:
        for inputs, targets in in_parts(images).in_order():
            features, peaks = backbone.with_peaks(inputs)
            parts.append(features)
            if top:
                top.add(peaks)
            step(len(targets))
    return torch.cat(parts)


def fastest(backbone: nn.Module, inputs: Tensor) -> Callable[[Tensor], Tensor]:
    """Return the backbone in the form that computes features soonest.

    On a CPU that is its traced and frozen graph, unless the backbone cannot be traced or its graph
    gives other features for another number of images. torch deprecates tracing, but what it points
    to instead takes 6 to 37 s to compile a model: see docs/decisions/0007.

    Args:
        backbone: In eval mode, on the device of `inputs`.
        inputs: (B, 3, H, W) float, two or more images.
    """
    if inputs.is_cuda or len(inputs) < 2:
        return backbone
    try:
        with torch.inference_mode(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            graph = torch.jit.freeze(torch.jit.trace(backbone, inputs, check_trace=False))
            fewer = inputs[: len(inputs) // 2]
            expected, found = backbone(fewer), graph(fewer)
    except Exception:
        # Tracing replaces numbers by tensors, and a model's own code may do anything with those. If
        # it is the model that is broken, eager mode will say so.
        return backbone
    # Peaks may be much larger than features.
    scale = expected.abs().amax(dim=0).clamp(min=1)
    same = (
        found.shape == expected.shape
        and ((found - expected).abs() < _TRACE_TOLERANCE * scale).all()
    )
    return graph if same else backbone
