"""The layers of a network as rows of text: for the page, for what it fetches, and for files."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from experiments.results.schema import Architecture, Layer, LayerType
from site_builder import formatting, payloads
from site_builder.architectures.drawing import draw_stage
from site_builder.architectures.networks import Network
from site_builder.exports.files import Files, Records, table_files

MAX_ROWS = 700
"""More layers than this, of all networks together, are fetched when a stage is opened."""
_HEADING = ["Layer", "Kind", "Shape", "Parameters", "FLOPs"]
_BACKBONE = "backbone."


@dataclass(frozen=True)
class LayerRow:
    """A layer in words.

    Attributes:
        type: Its type, a class for the stylesheet.
        address: Its feature maps, from the site's root; empty where there are none.
        name: Where it is in the backbone or the head.
        kind: Class of the module, or the operation; its kernel, and stride and groups if not 1.
        shape: What it makes of what; one shape where it leaves it as it is.
        parameters: Its parameters.
        flops: Its operations.
    """

    type: LayerType
    address: str
    name: str
    kind: str
    shape: str
    parameters: str
    flops: str


def layer_rows(made_of: Architecture, stage: int, links: Mapping[int, str]) -> tuple[LayerRow, ...]:
    """Return the layers of a stage, by its place; links: as `mapped.layer_links` has them."""
    return tuple(
        _row(layer, links.get(place, ""))
        for place, layer in enumerate(made_of.layers)
        if layer.stage == stage
    )


def shard_name(network: Network) -> str:
    """Return where the layers of a network are fetched from, below `data/`."""
    return f"architectures/{network.key}"


def layers_shard(network: Network, links: Mapping[int, str]) -> tuple[str, bytes]:
    """Return for each stage `rows`, the fields of `LayerRow`, and `drawing`, a `StageDrawing`."""
    made_of = network.made_of
    stages = [
        {
            "rows": [[*vars(row).values()] for row in layer_rows(made_of, at, links)],
            "drawing": asdict(draw_stage(made_of, at)),
        }
        for at in range(len(made_of.stages))
    ]
    return payloads.shard(shard_name(network), stages)


def layer_files(network: Network) -> Files:
    """Yield the layers of a network as files."""
    made_of = network.made_of
    records: Records = [[
        "stage", "layer", "kind", "type", "kernel_height", "kernel_width", "stride_vertical",
        "stride_horizontal", "groups", "input_shape", "output_shape", "n_parameters", "flops",
    ]]  # fmt: skip
    for layer in made_of.layers:
        records.append([
            made_of.stages[layer.stage].name, layer.name, layer.kind, layer.type,
            *(layer.kernel or (None, None)), *(layer.stride or (None, None)), layer.groups,
            _axes(layer.input_shape), _axes(layer.output_shape), layer.n_parameters, layer.flops,
        ])  # fmt: skip
    rows = [_row(layer, "") for layer in made_of.layers]
    shown = [[r.name, r.kind, r.shape, r.parameters, r.flops] for r in rows]
    yield from table_files(f"architecture-{network.key}", records, [_HEADING, *shown], n_texts=3)


def _row(layer: Layer, address: str) -> LayerRow:
    before, after = formatting.shape(layer.input_shape), formatting.shape(layer.output_shape)
    return LayerRow(
        type=layer.type,
        address=address,
        name=short_name(layer.name),
        kind=", ".join([layer.kind, *_window(layer)]),
        shape=after if before == after else f"{before}{formatting.NBSP}→ {after}",
        parameters=formatting.count(layer.n_parameters),
        flops=formatting.quantity(layer.flops),
    )


def short_name(name: str) -> str:
    """Return a layer's name in the backbone, or that of the head."""
    return name.removeprefix(_BACKBONE)


def _window(layer: Layer) -> list[str]:
    parts = [formatting.shape(layer.kernel)] if layer.kernel else []
    if layer.stride and layer.stride != (1, 1):
        same = layer.stride[0] == layer.stride[1]
        parts.append(
            f"stride{formatting.NBSP}{layer.stride[0] if same else formatting.shape(layer.stride)}"
        )
    if layer.groups and layer.groups > 1:
        parts.append(formatting.count_of(layer.groups, "group"))
    return parts


def _axes(shape: list[int]) -> str:
    return "x".join(map(str, shape))
