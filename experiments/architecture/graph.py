"""How the layers of a model are connected: where branches meet, and what they go around."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import torch
from timm.layers import (  # type: ignore[attr-defined]
    get_notrace_functions,
    get_notrace_modules,
)
from torch import Tensor, fx, nn

from experiments.architecture.calls import Call, first_shape


class NotTraceableError(Exception):
    """torch.fx cannot follow a model; the message says what went wrong."""


@dataclass(eq=False)
class Join:
    """An operation in which branches meet.

    Attributes:
        name: Where it is in the model, with the operation's name at the end.
        operation: Such as `add` or `cat`.
        input_shape: Of the first branch.
        output_shape: Of the result.
    """

    name: str
    operation: str
    input_shape: list[int]
    output_shape: list[int]


Part = Call | Join
# What uses the image itself has no part before it.
_Source = Part | None


@dataclass
class Connections:
    """How parts are connected.

    Attributes:
        parts: Calls, and joins where they are made, in the order of use.
        before: For each part those whose output it gets; None stands for the image.
    """

    parts: list[Part]
    before: dict[Part, set[_Source]]


class _Tracer(fx.Tracer):
    """Follows a model, but for what timm says that no tracer can."""

    def __init__(self) -> None:
        super().__init__(autowrap_functions=tuple(get_notrace_functions()))
        self._leaves = tuple(get_notrace_modules())

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        """See `torch.fx.Tracer`."""
        return isinstance(m, self._leaves) or super().is_leaf_module(m, module_qualified_name)


class _Shapes(fx.Interpreter):
    """Runs a traced model and keeps the shape of every value that holds tensors."""

    def __init__(self, module: fx.GraphModule) -> None:
        super().__init__(module)
        self.shapes: dict[fx.Node, list[int]] = {}

    def run_node(self, n: fx.Node) -> Any:
        """See `torch.fx.Interpreter`."""
        value = super().run_node(n)
        if shape := first_shape(value):
            self.shapes[n] = shape
        return value


def connect(model: nn.Module, image: Tensor, layers: Sequence[Call]) -> Connections:
    """Find how layers are connected, and where their branches meet.

    Args:
        model: In eval mode.
        image: (1, 3, H, W) float32.
        layers: Calls of `record_calls` that are layers, in order.

    Raises:
        NotTraceableError: If torch.fx cannot follow the model.
    """
    try:
        with torch.inference_mode():
            interpreter = _Shapes(fx.GraphModule(model, _Tracer().trace(model)))
            interpreter.run(image)
    except Exception as error:  # a model's own code may fail in any way on a traced value
        raise NotTraceableError(f"torch.fx cannot trace it ({type(error).__name__})") from error
    return _Walk(layers, interpreter.shapes).follow()


def skips(connections: Connections) -> list[tuple[int, int]]:
    """Return the branches that go around layers.

    Of the branches that meet in a join, the one that was computed last is the way through. Each
    other one begins where it left it: at the last fork before.

    Returns:
        Pairs of places: of the first layer gone around, and of the join.
    """
    place: dict[_Source, int] = {part: at for at, part in enumerate(connections.parts)}
    place[None] = -1
    after: dict[_Source, set[Part]] = defaultdict(set)
    for part, sources in connections.before.items():
        for source in sources:
            after[source].add(part)

    def fork(source: _Source) -> _Source:
        while source is not None and len(after[source]) == 1:
            sources = connections.before[source]
            if len(sources) != 1:
                break
            (source,) = sources
        return source

    found = {
        (place[fork(source)] + 1, place[part])
        for part, sources in connections.before.items()
        if isinstance(part, Join)
        for source in sorted(sources, key=place.__getitem__)[:-1]
    }
    return sorted(found, key=lambda skip: (skip[1], skip[0]))


@dataclass
class _Walk:
    """Goes along a traced graph and finds for each value the parts that it comes from."""

    layers: Sequence[Call]
    shapes: dict[fx.Node, list[int]]
    before: dict[Part, set[_Source]] = field(default_factory=lambda: defaultdict(set))
    _sources: dict[fx.Node, frozenset[_Source]] = field(default_factory=dict)
    _joins: list[tuple[int, Join]] = field(default_factory=list)
    _names: set[str] = field(default_factory=set)
    _latest: int = -1

    def __post_init__(self) -> None:
        self._place = {layer: at for at, layer in enumerate(self.layers)}
        # The last layer that each call makes, which is itself if it makes none.
        self._last = {_key(c): layer for layer in self.layers for c in (layer, *layer.around())}
        around = {call for layer in self.layers for call in layer.around()}
        self._innermost = {_key(layer): layer for layer in self.layers if layer not in around}

    def follow(self) -> Connections:
        for node in self.shapes:
            self._sources[node] = self._visit(node)
        keyed: list[tuple[int, int, Part]] = [(at, 0, part) for part, at in self._place.items()]
        keyed += [(at, number, join) for number, (at, join) in enumerate(self._joins, start=1)]
        return Connections([part for *_, part in sorted(keyed, key=lambda k: k[:2])], self.before)

    def _visit(self, node: fx.Node) -> frozenset[_Source]:
        """Return the parts that a value comes from, by way of nothing but other operations."""
        if node.op == "placeholder":
            return frozenset({None})
        if node.op in ("get_attr", "output"):
            return frozenset()
        # Sizes and other numbers are no branches.
        inputs = [self._sources[n] for n in node.all_input_nodes if n in self.shapes]
        sources = frozenset[_Source]().union(*inputs)
        layer = self._layer(node)
        if layer is not None:
            self._latest = max(self._latest, self._place[layer])
            self.before[layer] |= sources - {layer}
            return frozenset({layer})
        if len(sources) < 2:
            return sources
        join = self._join(node)
        self._joins.append((self._latest, join))
        self.before[join] |= sources
        return frozenset({join})

    def _layer(self, node: fx.Node) -> Call | None:
        """Return the layer that an operation is done by or inside; None where it is between."""
        inside = self._last if node.op == "call_module" else self._innermost
        return inside.get(_place_of(node))

    def _join(self, node: fx.Node) -> Join:
        module = _place_of(node).split("@")[0]
        target = node.target
        operation = (target if isinstance(target, str) else target.__name__).strip("_")
        path = f"{module}.{operation}".lstrip(".")
        names = (path if not number else f"{path}_{number}" for number in count())
        name = next(name for name in names if name not in self._names)
        self._names.add(name)
        first = next(n for n in node.all_input_nodes if self._sources.get(n))
        return Join(name, operation, self.shapes[first], self.shapes[node])


def _key(call: Call) -> str:
    """Name a call as torch.fx does in `nn_module_stack`."""
    return f"{call.name}@{call.number}" if call.number else call.name


def _place_of(node: fx.Node) -> str:
    """Return the call that an operation is made in, as `_key`; empty for the model's own."""
    return next(reversed(node.meta.get("nn_module_stack", {})), "")
