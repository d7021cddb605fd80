"""Which modules a forward pass calls, in which order, on what shapes, at what cost."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from torch import Tensor, nn
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

from experiments.cost import counting_flops


@dataclass(eq=False)
class Call:
    """One use of a module in a forward pass.

    Attributes:
        name: Where the module is in the model; empty for the model itself.
        number: How often it was called before.
        module: The module.
        parent: The call that this one is made in; None for the model itself.
        input_shape: Of the first tensor that it gets, without a batch of one; may be empty.
        output_shape: Of the first tensor that it gives, likewise.
        n_parameters: Its own, and those of modules inside that are never called; each parameter of
            a model counts once.
        flops: Floating-point operations done by itself, and not by a module that it calls.
    """

    name: str
    number: int
    module: nn.Module
    parent: "Call | None"
    input_shape: list[int]
    output_shape: list[int]
    n_parameters: int = 0
    flops: int = 0

    def around(self) -> "Iterator[Call]":
        """Yield the calls that this one is made in, the innermost first."""
        call = self.parent
        while call is not None:
            yield call
            call = call.parent


def record_calls(model: nn.Module, image: Tensor) -> list[Call]:
    """Run a model and return every call of a module, in the order in which they begin.

    Their parameters add up to `count_parameters`, their operations to `count_flops`.

    Args:
        model: In eval mode.
        image: (1, 3, H, W) float32.
    """
    with counting_flops() as counter, _recording(model, counter) as calls:
        model(image)
    _share_parameters(model, calls)
    return calls


@contextmanager
def _recording(model: nn.Module, counter: FlopCounterMode) -> Iterator[list[Call]]:
    """Record calls while the block runs."""
    names = {module: name for name, module in model.named_modules()}
    calls: list[Call] = []
    running: list[Call] = []
    n_before: Counter[str] = Counter()
    counted = 0

    def attribute() -> None:
        """Give what was counted since the last time to the call that is running."""
        nonlocal counted
        total = int(counter.get_total_flops())
        if running:
            running[-1].flops += total - counted
        counted = total

    def begin(module: nn.Module, inputs: object) -> None:
        attribute()
        name = names[module]
        parent = running[-1] if running else None
        call = Call(name, n_before[name], module, parent, first_shape(inputs), [])
        n_before[name] += 1
        calls.append(call)
        running.append(call)

    def end(_module: nn.Module, _inputs: object, output: object) -> None:
        attribute()
        running.pop().output_shape = first_shape(output)

    hooks = [module.register_forward_pre_hook(begin) for module in names]
    hooks += [module.register_forward_hook(end) for module in names]
    try:
        yield calls
    finally:
        for hook in hooks:
            hook.remove()


def first_shape(values: object) -> list[int]:
    """Return the shape of the first tensor in a value or a nest of values; empty without one.

    A batch of one is left out; windows of one image stay.
    """
    for value in tree_leaves(values):
        if isinstance(value, Tensor):
            sizes = list(value.shape)
            return sizes[1:] if sizes[:1] == [1] else sizes
    return []


def _share_parameters(model: nn.Module, calls: list[Call]) -> None:
    """Give each parameter to the innermost module around it that was called."""
    first: dict[str, Call] = {}
    for call in calls:
        first.setdefault(call.name, call)
    # Shared parameters have one name here, the first.
    for name, parameter in model.named_parameters():
        owner = name.rpartition(".")[0]
        while owner not in first:
            owner = owner.rpartition(".")[0]
        first[owner].n_parameters += parameter.numel()
