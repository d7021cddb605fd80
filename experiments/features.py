"""Features of a frozen backbone: each image goes through it once, ever.

On a CPU the backbone is traced and frozen first: with batch norm folded and the layout fixed it
runs 1.3 to 1.7 times as fast as in eager mode, after 1 to 4 seconds of tracing.
"""

import hashlib
import json
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from experiments.evaluate import predict
from experiments.examples import Examples
from experiments.progress import Progress
from experiments.results.files import fresh_path

# Raise this when the same backbone and pixels would give other features than before.
_FORMAT = 1
# How far a traced backbone's features may be from its own: rounding, not another computation.
_TRACE_TOLERANCE = 1e-3


def cached_features(
    backbone: nn.Module, images: Examples, cache: Path, progress: Progress
) -> Examples:
    """Return the examples as a frozen backbone's features; from the cache, if they were there.

    Args:
        backbone: (B, 3, H, W) float to (B, F) float; in eval mode.
        images: N normalised images that have a key: they are the same each time.
        cache: Folder of cached arrays; entries are named by weights, images and preprocessing.
        progress: Told while features are computed.

    Returns:
        The same targets with (N, F) float32 features, kept in memory on the targets' device.
    """
    device = images.targets.device
    name = [_FORMAT, torch.__version__, device.type, _weights_key(backbone), images.key]
    path = cache / f"{hashlib.sha256(json.dumps(name).encode()).hexdigest()}.npy"
    if not path.exists():
        features = _compute(backbone, images, progress)
        with fresh_path(path, features.nbytes) as partial, partial.open("wb") as file:
            np.save(file, features.cpu().numpy())
    values = torch.from_numpy(np.load(path)).to(device)
    return Examples(lambda places: values[places.to(device)], images.targets, images.batch_size)


def _compute(backbone: nn.Module, images: Examples, progress: Progress) -> Tensor:
    parts: list[Tensor] = []
    run: Callable[[Tensor], Tensor] | None = None
    with progress.work("computing features", len(images.targets)) as step:
        for inputs, targets in images.in_order():
            run = run or fastest(backbone, inputs)
            parts.append(predict(run, inputs))
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


def _weights_key(backbone: nn.Module) -> str:
    """Name a backbone by its class, its structure and every bit of its state."""
    digest = hashlib.sha256(repr(backbone).encode())
    for name, value in backbone.state_dict().items():
        digest.update(name.encode())
        digest.update(value.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy())
    return digest.hexdigest()
