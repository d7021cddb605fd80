"""The stages of a backbone: the parts that fine-tuning frees one after the other."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from torch import nn

CONTAINERS = (nn.Sequential, nn.ModuleList)
# With fewer changes of resolution than this, a network has blocks rather than stages.
_FEWEST_STAGES = 3
# A block of a transformer or mixer holds at least this share of the parameters; a norm does not.
_BLOCK_SHARE = 0.01


@dataclass(frozen=True)
class Stage:
    """Consecutive parts of a backbone.

    Attributes:
        name: Where it is in the backbone, such as `layer4` or `blocks.5 to bn2`.
        modules: The backbone's own modules that make it up, none inside another.
    """

    name: str
    modules: tuple[nn.Module, ...]


@dataclass(frozen=True)
class _Unit:
    """A part of a backbone that is never divided."""

    name: str
    module: nn.Module
    n_parameters: int


def backbone_stages(backbone: nn.Module) -> list[Stage]:
    """Divide a backbone into stages, from input to output.

    A stage begins where the resolution falls: with a part that has a stride or, in Swin, merges
    patches. This gives `layer1` to `layer4` of a ResNet, and the convolutions between two pooling
    layers of a VGG. Where the resolution stays the same, as in a ViT or a mixer, each block is a
    stage. The stem, or the patch embedding, is the first stage or begins it; what follows the last
    block, such as a norm or a final convolution, belongs to the last stage.

    Parts are the modules in the order in which the backbone defines them. A container that holds
    more than half of the parameters is divided, and so is one in which the resolution falls more
    than once.

    Returns:
        At least two stages for a network of more than one block. Together they hold all parameters
        but those that the backbone has beside its modules, such as position embeddings.
    """
    units = _units(backbone)
    groups = _split(units, [_lowers_resolution(unit.module) for unit in units])
    if len(groups) < _FEWEST_STAGES:
        least = _BLOCK_SHARE * sum(unit.n_parameters for unit in units)
        groups = _split(units, [unit.n_parameters >= least for unit in units])
    return [_stage(group, units, backbone) for group in groups]


def _units(backbone: nn.Module) -> list[_Unit]:
    """Return the parts of a backbone in the order of their definition."""
    half = _count(backbone) / 2

    def divide(name: str, module: nn.Module) -> Iterable[_Unit]:
        if module is not backbone and not _is_divisible(module, half):
            yield _Unit(name, module, _count(module))
            return
        for child_name, child in module.named_children():
            yield from divide(f"{name}.{child_name}" if name else child_name, child)

    return list(divide("", backbone))


def _is_divisible(module: nn.Module, half: float) -> bool:
    if isinstance(module, CONTAINERS) and sum(map(_lowers_resolution, module.children())) > 1:
        return True
    # A residual block is never divided, however large: its branches are no sequence.
    containers = (part for part in module.modules() if isinstance(part, CONTAINERS))
    return any(_count(container) > half for container in containers)


def _count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def _lowers_resolution(module: nn.Module) -> bool:
    """Return whether a module, or one inside it, has a stride or merges patches."""
    return any(
        _stride(part) > 1 or isinstance(getattr(part, "reduction", None), nn.Module)
        for part in module.modules()
    )


def _stride(module: nn.Module) -> int:
    stride = getattr(module, "stride", 1)
    sides = stride if isinstance(stride, Sequence) else (stride,)
    return max((side for side in sides if isinstance(side, int)), default=1)


def _split(units: list[_Unit], begins: list[bool]) -> list[list[_Unit]]:
    """Cut the units before each that begins a stage; groups without parameters join the next."""
    places = [place for place, does in enumerate(begins) if does and place > 0]
    groups: list[list[_Unit]] = [[]]
    for start, end in pairwise([0, *places, len(units)]):
        if any(unit.n_parameters for unit in groups[-1]):
            groups.append([])
        groups[-1] += units[start:end]
    if len(groups) > 1 and not any(unit.n_parameters for unit in groups[-1]):
        groups[-2] += groups.pop()
    return groups


def _stage(group: list[_Unit], units: list[_Unit], backbone: nn.Module) -> Stage:
    """Describe a group by the largest modules that hold nothing else."""
    mine = {unit.name for unit in group}
    others = [unit.name for unit in units if unit.name not in mine]
    names = list(dict.fromkeys(_widest(unit.name, others) for unit in group))
    with_parameters = [name for name in names if _count(backbone.get_submodule(name))]
    first, last = with_parameters[0], with_parameters[-1]
    return Stage(
        name=first if first == last else f"{first} to {last}",
        modules=tuple(backbone.get_submodule(name) for name in names),
    )


def _widest(name: str, others: list[str]) -> str:
    """Return the outermost module that holds a unit and none of the others."""
    parts = name.split(".")
    prefixes = (".".join(parts[:depth]) for depth in range(1, len(parts)))
    return next(
        (
            prefix
            for prefix in prefixes
            if not any(other.startswith(f"{prefix}.") for other in others)
        ),
        name,
    )
