"""From a model to the record of its stages, layers and connections."""

from collections.abc import Sequence

from torch import Tensor

from experiments.architecture.calls import Call, record_calls
from experiments.architecture.graph import Join, NotTraceableError, Part, connect, skips
from experiments.architecture.kinds import does_nothing, groups, layer_type, window
from experiments.models import Classifier
from experiments.results.architecture import channels_and_grid
from experiments.results.schema import Architecture, Layer, ModelStage, SkipConnection
from experiments.stages import backbone_stages

_HEAD = "classifier head"


def describe_architecture(run_id: str, model: Classifier, image: Tensor) -> Architecture:
    """Describe what a run's model is made of.

    Args:
        run_id: Name of the run.
        model: In eval mode, on the device of `image`.
        image: (1, 3, H, W) float32.

    Returns:
        The record. Parameters and operations of its layers add up to `count_parameters` and
        `count_flops`.
    """
    layers = [call for call in record_calls(model, image) if _is_layer(call)]
    parts, around, why_not = _connected(model, image, layers)
    names = _stage_names(model, parts)
    _, channels, height, width = image.shape
    return Architecture(
        absent={"skips": why_not} if around is None else {},
        run_id=run_id,
        input_shape=(channels, height, width),
        traced_by="module tree" if around is None else "torch.fx",
        stages=_stages(parts, names),
        layers=_layers(parts, names),
        skips=around,
    )


def _is_layer(call: Call) -> bool:
    """Return whether a call has a cost of its own, or does something and is not made of others."""
    if call.n_parameters or call.flops:
        return True
    return not any(call.module.children()) and not does_nothing(call.module)


def _connected(
    model: Classifier, image: Tensor, layers: list[Call]
) -> tuple[Sequence[Part], list[SkipConnection] | None, str]:
    """Return layers and the joins between them, and what goes around them or why it is unknown."""
    try:
        connections = connect(model, image, layers)
    except NotTraceableError as error:
        return layers, None, str(error)
    around = [SkipConnection(first=first, join=join) for first, join in skips(connections)]
    return connections.parts, around, ""


def _stage_names(model: Classifier, parts: Sequence[Part]) -> list[str]:
    """Return for each part the stage that it is in; outside of all, that of the part before."""
    names = {module: name for name, module in model.named_modules()}
    stages = {
        f"{names[module]}.": stage.name
        for stage in backbone_stages(model.backbone)
        for module in stage.modules
    } | {f"{names[model.head]}.": _HEAD}
    found: list[str] = []
    for part in parts:
        own = (stage for prefix, stage in stages.items() if f"{part.name}.".startswith(prefix))
        found.append(next(own, found[-1] if found else next(iter(stages.values()))))
    return found


def _stages(parts: Sequence[Part], names: list[str]) -> list[ModelStage]:
    """Describe the stages, in the order of their first part."""
    # What has others inside gives its output after them.
    around = {call for part in parts if isinstance(part, Call) for call in part.around()}
    stages: dict[str, list[Part]] = {name: [] for name in names}
    for part, name in zip(parts, names, strict=True):
        if part not in around:
            stages[name].append(part)
    return [ModelStage(name=name, shape=_output_shape(of)) for name, of in stages.items()]


def _output_shape(stage: list[Part]) -> tuple[int, int, int]:
    """Return the shape of a stage's output, before pooling to a single position if that follows."""
    shapes = [channels_and_grid(part.output_shape) for part in stage]
    if shapes[-1][1] > 1:
        return shapes[-1]
    # Here the single position begins, by pooling or by a layer that spans the whole.
    for before, part in reversed([*zip(shapes, stage[1:], strict=False)]):
        if before[1] > 1:
            return before if _pools(part) else shapes[-1]
    return shapes[-1]


def _pools(part: Part) -> bool:
    return isinstance(part, Call) and layer_type(part.module) == "pooling"


def _layers(parts: Sequence[Part], names: list[str]) -> list[Layer]:
    places = {name: place for place, name in enumerate(dict.fromkeys(names))}
    return [_layer(part, places[name]) for part, name in zip(parts, names, strict=True)]


def _layer(part: Part, stage: int) -> Layer:
    if isinstance(part, Join):
        return Layer(
            name=part.name,
            kind=part.operation,
            type="join",
            stage=stage,
            kernel=None,
            stride=None,
            groups=None,
            input_shape=part.input_shape,
            output_shape=part.output_shape,
            n_parameters=0,
            flops=0,
        )
    return Layer(
        name=part.name or type(part.module).__name__,
        kind=type(part.module).__name__,
        type=layer_type(part.module),
        stage=stage,
        kernel=window(part.module, "kernel_size"),
        stride=window(part.module, "stride"),
        groups=groups(part.module),
        input_shape=part.input_shape,
        output_shape=part.output_shape,
        n_parameters=part.n_parameters,
        flops=part.flops,
    )
