"""Features of a frozen backbone: each image goes through it once, ever.

On a CPU the backbone is traced and frozen first: with batch norm folded and the layout fixed it
runs 1.3 to 1.7 times as fast as in eager mode, after 1 to 4 seconds of tracing.
"""

import hashlib
import json
import warnings
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from experiments.evaluate import CPU_PART, predict
from experiments.examples import Examples
from experiments.progress import Progress
from experiments.results.files import fresh_path

# Raise this when the same backbone and pixels would give other features than before.
_FORMAT = 1
# How far a traced backbone's features may be from its own: rounding, not another computation.
_TRACE_TOLERANCE = 1e-3


class FrozenBackbone:
    """A backbone that learns no more: its name by content, and its fastest form.

    Both are made when they are first needed, and once: tracing takes as long as a hundred images.

    Args:
        backbone: (B, 3, H, W) float to (B, F) float; put into eval mode.
    """

    def __init__(self, backbone: nn.Module) -> None:
        self._backbone = backbone.eval().requires_grad_(False)
        self._run: Callable[[Tensor], Tensor] | None = None

    @cached_property
    def key(self) -> str:
        """Names the backbone by its class, its structure and every bit of its state."""
        digest = hashlib.sha256(repr(self._backbone).encode())
        for name, value in self._backbone.state_dict().items():
            digest.update(name.encode())
            digest.update(value.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy())
        return digest.hexdigest()

    def __call__(self, inputs: Tensor) -> Tensor:
        """Return the (B, F) float32 features of (B, 3, H, W) float images, without gradients."""
        self._run = self._run or fastest(self._backbone, inputs[:CPU_PART])
        return predict(self._run, inputs)


def cached_features(
    backbone: FrozenBackbone, images: Examples, cache: Path, progress: Progress
) -> Examples:
    """Return the examples as a frozen backbone's features; from the cache, if they were there.

    Args:
        backbone: Gives the features.
        images: N normalised images that have a key: they are the same each time.
        cache: Folder of cached arrays; entries are named by weights, images and preprocessing.
        progress: Told while features are computed.

    Returns:
        The same targets with (N, F) float32 features, kept in memory on the targets' device.
    """
    device = images.targets.device
    name = [_FORMAT, torch.__version__, device.type, backbone.key, images.key]
    path = cache / f"{hashlib.sha256(json.dumps(name).encode()).hexdigest()}.npy"
    if not path.exists():
        features = _compute(backbone, images, progress)
        with fresh_path(path, features.nbytes) as partial, partial.open("wb") as file:
            np.save(file, features.cpu().numpy())
    values = torch.from_numpy(np.load(path)).to(device)
    return Examples(lambda places: values[places.to(device)], images.targets, images.batch_size)


def _compute(backbone: FrozenBackbone, images: Examples, progress: Progress) -> Tensor:
    parts: list[Tensor] = []
    with progress.work("computing features", len(images.targets)) as step:
        for inputs, targets in images.in_order():
            parts.append(backbone(inputs))
            for _ in targets:
                step()
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
    except RuntimeError:
        return backbone
    scale = expected.abs().max().clamp(min=1)
    same = (
        found.shape == expected.shape and (found - expected).abs().max() < _TRACE_TOLERANCE * scale
    )
    return graph if same else backbone
