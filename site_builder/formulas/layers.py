"""A convolution and the last linear layer of a run's model, as an example of the arithmetic."""

from collections.abc import Iterator

from experiments.results.schema import Architecture, Layer
from site_builder import formatting
from site_builder.formulas.formula import Missing, Values
from site_builder.loading import Experiment, Run

_NOT_STORED = "which layers the model has is not stored for this run"
_NONE = "the model has no layer of this kind whose operations are just its products"
_LINEAR = ("linear-name", "features", "outputs", "linear-flops", "linear-bias", "linear-parameters")
_CONVOLUTION = (
    "conv-name", "conv-height", "conv-width", "conv-out", "conv-in", "conv-groups", "kernel-height",
    "kernel-width", "conv-flops", "conv-bias", "conv-parameters",
)  # fmt: skip


def values(experiment: Experiment, run: Run) -> Values:
    """Return the sizes of two layers of the model.

    Raises:
        StoreError: If the record of its layers is damaged.
    """
    made_of = experiment.architectures.of(run.run_id)
    if made_of is None:
        return dict.fromkeys((*_CONVOLUTION, *_LINEAR), Missing(_NOT_STORED))
    convolutions, linears = _convolutions(made_of), [*_linears(made_of)]
    return {
        **_named(_CONVOLUTION, next(convolutions, None)),
        **_named(_LINEAR, linears[-1] if linears else None),
    }


def _named(names: tuple[str, ...], texts: tuple[str, ...] | None) -> Values:
    return (
        dict.fromkeys(names, Missing(_NONE))
        if texts is None
        else dict(zip(names, texts, strict=True))
    )


def _convolutions(made_of: Architecture) -> Iterator[tuple[str, ...]]:
    """Yield the numbers of the convolutions of images, first to last.

    Those that do more than their products, such as normalising their weights, are left out.
    """
    for layer in made_of.layers:
        if layer.type != "convolution" or not (layer.kernel and layer.groups):
            continue
        if len(layer.input_shape) != 3 or len(layer.output_shape) != 3:
            continue
        n_in, (n_out, height, width) = layer.input_shape[0], layer.output_shape
        products = n_in // layer.groups * layer.kernel[0] * layer.kernel[1]
        bias = layer.n_parameters - n_out * products
        if layer.flops == 2 * height * width * n_out * products and bias in (0, n_out):
            sizes = (height, width, n_out, n_in, layer.groups, *layer.kernel)
            yield _texts(layer, sizes, bias // n_out)


def _linears(made_of: Architecture) -> Iterator[tuple[str, ...]]:
    """Yield the numbers of the linear layers on vectors."""
    for layer in made_of.layers:
        if layer.type != "linear" or len(layer.input_shape) != 1 or len(layer.output_shape) != 1:
            continue
        (n_in,), (n_out,) = layer.input_shape, layer.output_shape
        bias = layer.n_parameters - n_in * n_out
        if layer.flops == 2 * n_in * n_out and bias in (0, n_out):
            yield _texts(layer, (n_in, n_out), bias // n_out)


def _texts(layer: Layer, sizes: tuple[int, ...], bias: int) -> tuple[str, ...]:
    numbers = (*sizes, layer.flops, bias, layer.n_parameters)
    return (layer.name, *map(formatting.count, numbers))
