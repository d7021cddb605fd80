"""Which layers of a backbone are shown, and what they put out."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from experiments.explain.grids import GridReader
from experiments.results.errors import ConfigError, nearest
from experiments.stages import CONTAINERS, backbone_stages

# One for each stage of the usual five, and the last before pooling. More would not fit beside each
# other on a page, and the files of five models with six images are to stay below 5 MB.
MAX_LAYERS = 6
# What pools for the head: VGG's gives 7 x 7 positions whatever comes in.
_POOLING = (nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d)
# These hand on what the layer before them found, or work inside an attention.
_NOT_LAST = (nn.Identity, nn.Linear, nn.Dropout, nn.AvgPool2d, nn.MaxPool2d, *_POOLING)


@dataclass(frozen=True)
class LayerMaps:
    """What one layer made of N images.

    Attributes:
        name: Where it is in the backbone.
        kind: Class of the module.
        from_tokens: Whether the grid is that of its tokens.
        dtype: What the layer itself put out, such as `float32`.
        maps: (N, C, H, H) float32 on the CPU.
    """

    name: str
    kind: str
    from_tokens: bool
    dtype: str
    maps: Tensor


def spread_layers(backbone: nn.Module, image: Tensor) -> list[str]:
    """Choose layers from input to output: the first, each stage's end, the last before pooling.

    The first is left out where what comes next merely normalises or activates it. Where a stage
    ends is told by timm's `feature_info`; for a backbone without it, by `backbone_stages`. Of more
    than `MAX_LAYERS`, as in a ViT, where each block is a stage, some are left out at equal steps;
    the first and the last always stay.

    Args:
        backbone: In eval mode, on the image's device.
        image: (1, 3, H, H) float.

    Returns:
        Names of modules in the order in which they finish; empty if no layer has a grid.
    """
    stages = [_names_of(backbone, stage.modules) for stage in backbone_stages(backbone)]
    told = _told_by_timm(backbone)
    kept, last = _try(backbone, image, {*told, *(name for stage in stages for name in stage)})
    ends = [name for name in kept if name in told]
    if len(ends) < 2:
        of_stages = [[name for name in kept if name in stage] for stage in stages]
        ends = [stage[-1] for stage in of_stages if stage]
    outputs = {**kept, **last}
    names = _distinct([*ends, *last], outputs)
    # What merely normalises or activates the first layer stands for it.
    first = [] if _mixes_nothing(backbone, names) else [n for n in kept if n in stages[0]][:1]
    if len(names) < MAX_LAYERS:
        names = _distinct([*first, *names], outputs)
    steps = min(len(names), MAX_LAYERS)
    return [names[round(step * (len(names) - 1) / max(steps - 1, 1))] for step in range(steps)]


def choose_layers(backbone: nn.Module, image: Tensor, asked: Sequence[str]) -> list[str]:
    """Return those of the layers asked for that the backbone has; a spread where it has none.

    Args:
        backbone: In eval mode, on the image's device.
        image: (1, 3, H, H) float.
        asked: Names of modules of this backbone or of others.

    Raises:
        ConfigError: If a layer asked for has no grid of positions.
    """
    modules = dict(backbone.named_modules())
    wanted = {name for name in asked if name in modules}
    if not wanted:
        return spread_layers(backbone, image)
    kept, _ = _try(backbone, image, wanted)
    if flat := sorted(wanted - kept.keys()):
        raise ConfigError(
            f"explain.layers: {flat[0]!r} gives no maps: its output has no square grid of "
            f"positions; layers that have one are {', '.join(spread_layers(backbone, image))}"
        )
    return list(kept)


def check_layers(asked: Sequence[str], known: Collection[str]) -> None:
    """Refuse a layer that none of the backbones has.

    Args:
        asked: Names of modules.
        known: Those that the backbones have.

    Raises:
        ConfigError: Names the layer and the nearest one that exists.
    """
    for name in asked:
        if name not in known:
            raise ConfigError(
                f"explain.layers: no model has a module {name!r}{nearest(name, sorted(known))}"
            )


@contextmanager
def kept_maps(backbone: nn.Module, names: Sequence[str]) -> Iterator[dict[str, LayerMaps]]:
    """Keep what layers put out in a forward pass within the block, which they compute as ever.

    Args:
        backbone: Goes forward once in the block.
        names: Its modules.

    Yields:
        What fills as the layers finish, by name.
    """
    kept: dict[str, LayerMaps] = {}
    modules = dict(backbone.named_modules())

    def keep(name: str, maps: Tensor, from_tokens: bool) -> None:
        # A copy: what follows may change it in place.
        values = maps.detach().to("cpu", torch.float32, copy=True)
        kind, dtype = type(modules[name]).__name__, str(maps.dtype).removeprefix("torch.")
        kept[name] = LayerMaps(name, kind, from_tokens, dtype, values)

    with watching(backbone, names, keep):
        yield kept


@contextmanager
def watching(
    backbone: nn.Module, names: Sequence[str], keep: Callable[[str, Tensor, bool], None]
) -> Iterator[None]:
    """Call a function whenever a layer finishes; hooks that return nothing change nothing.

    Args:
        backbone: Goes forward in the block.
        names: Its modules.
        keep: Given the name, the (N, C, H, H) maps, and whether they were tokens.
    """
    read = GridReader(backbone)

    def keep_maps(name: str, _module: nn.Module, output: Any) -> None:
        if (maps := read(output)) is not None:
            keep(name, maps, output.ndim == 3)

    with _hooked(backbone, names, keep_maps):
        yield


def _told_by_timm(backbone: nn.Module) -> set[str]:
    info = getattr(backbone, "feature_info", None) or []
    return {entry["module"] for entry in info}


def _mixes_nothing(backbone: nn.Module, names: Sequence[str]) -> bool:
    """Return whether the first of the modules has no weights from one channel to another."""
    return all(
        weights.ndim < 2
        for name in names[:1]
        for weights in backbone.get_submodule(name).parameters()
    )


def _names_of(backbone: nn.Module, modules: Sequence[nn.Module]) -> list[str]:
    known = {module: name for name, module in backbone.named_modules()}
    return [known[module] for module in modules if not isinstance(module, _POOLING)]


def _try(
    backbone: nn.Module, image: Tensor, names: set[str]
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Return the outputs of those modules that give maps, and that of the last one of all.

    A module inside a block that itself ends without a grid is not the last: it may be on a branch.
    """
    read = GridReader(backbone)
    kept: dict[str, Tensor] = {}
    ended: dict[str, Tensor] = {}

    def keep(name: str, module: nn.Module, output: Any) -> None:
        if read(output) is None or len(output) != len(image):
            if not isinstance(module, CONTAINERS):
                for inner in [other for other in ended if other.startswith(f"{name}.")]:
                    del ended[inner]
            return
        if name in names:
            kept[name] = output
        if not isinstance(module, _NOT_LAST):
            ended[name] = output

    every = [name for name, _ in backbone.named_modules() if name]
    with torch.no_grad(), _hooked(backbone, every, keep):
        backbone(image)
    return kept, dict([*ended.items()][-1:])


@contextmanager
def _hooked(backbone: nn.Module, names: Sequence[str], keep: Any) -> Iterator[None]:
    """Call `keep(name, module, output)` whenever one of the modules finishes."""

    def hook_of(name: str) -> Any:
        # Returning nothing, a hook changes nothing.
        return lambda module, _, output: keep(name, module, output)

    handles = [backbone.get_submodule(name).register_forward_hook(hook_of(name)) for name in names]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _distinct(names: Sequence[str], outputs: dict[str, Tensor]) -> list[str]:
    """Drop names whose output is that of an earlier one, changed in place or merely handed on."""
    seen: dict[int, str] = {}
    for name in names:
        seen.setdefault(outputs[name].data_ptr(), name)
    return list(seen.values())
