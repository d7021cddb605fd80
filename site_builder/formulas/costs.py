"""What a model costs: operations, parameters, time.

Formulas have the run's own times; `-shown` is what tables have, one time for each network.
"""

from collections.abc import Callable

from experiments.results.schema import Cost
from site_builder import formatting
from site_builder.formulas.formula import Formula, Missing, Section, Values, Worked
from site_builder.loading import Run
from site_builder.references import DUMOULIN, MLPERF, SZE

_OF_NETWORK = "the median over this network’s runs"


def values(run: Run) -> Values:
    """Return what a run was measured to cost."""
    return {**_parameters(run), **_operations(run), **_times(run)}


def _cost(run: Run, field: str) -> float | Missing:
    return _measured(run, run.record.cost, field)


def _shown(run: Run, field: str) -> float | Missing:
    return _measured(run, run.cost, field)


def _measured(run: Run, cost: Cost | None, field: str) -> float | Missing:
    if cost is None:
        return Missing(run.record.absent["cost"])
    value: float | None = getattr(cost, field)
    return Missing(cost.absent[field]) if value is None else value


def _text(value: float | Missing, write: Callable[[float], str]) -> str | Missing:
    return value if isinstance(value, Missing) else write(value)


def _exact(value: float) -> str:
    return formatting.count(int(value))


def _parameters(run: Run) -> Values:
    whole, trained = _cost(run, "n_parameters"), _cost(run, "n_trained_parameters")
    share = trained if isinstance(trained, Missing) else whole
    if not isinstance(whole, Missing) and not isinstance(trained, Missing):
        share = trained / whole
    return {
        "parameters": _text(whole, _exact),
        "parameters-shown": _text(whole, formatting.quantity),
        "trained": _text(trained, _exact),
        "trained-share": _text(share, formatting.percent),
    }


def _operations(run: Run) -> Values:
    flops, macs = _cost(run, "flops"), _cost(run, "layer_macs")
    rest = macs if isinstance(macs, Missing) else flops
    if not isinstance(flops, Missing) and not isinstance(macs, Missing):
        rest = flops - 2 * macs
    return {
        "flops": _text(flops, _exact),
        "flops-shown": _text(flops, formatting.quantity),
        "layer-macs": _text(macs, _exact),
        "other-flops": _text(rest, _exact),
    }


def _times(run: Run) -> Values:
    per_s, batch = _cost(run, "throughput_per_s"), _cost(run, "throughput_batch_size")
    batch_ms = batch if isinstance(batch, Missing) else per_s
    if not isinstance(per_s, Missing) and not isinstance(batch, Missing):
        batch_ms = 1000 * batch / per_s
    device = run.cost.device if run.cost else None
    return {
        "latency": _text(_cost(run, "latency_ms"), formatting.milliseconds),
        "latency-shown": _text(_shown(run, "latency_ms"), formatting.milliseconds),
        "p95": _text(_cost(run, "latency_p95_ms"), formatting.milliseconds),
        "p95-shown": _text(_shown(run, "latency_p95_ms"), formatting.milliseconds),
        "repeats": _text(_cost(run, "latency_repeats"), _exact),
        "batch": _text(batch, _exact),
        "batch-ms": _text(batch_ms, formatting.precise),
        "throughput": _text(per_s, formatting.throughput),
        "throughput-shown": _text(_shown(run, "throughput_per_s"), formatting.throughput),
        "device": "GPU" if device == "cuda" else "CPU",
    }


SECTION = Section(
    "cost",
    "What a model costs",
    "Operations and parameters follow from the layers alone. Times are measured, and hold for the "
    "hardware that they were measured on.",
    (
        Formula(
            key="flops",
            title="FLOPs and MACs",
            answers="How much does the model calculate for one image?",
            latex=(
                r"\text{MACs}_{\text{conv}} = H\, W\, C_{\text{out}}"
                r" \cdot \frac{C_{\text{in}}}{g}\, K_h\, K_w",
                r"\text{MACs}_{\text{linear}} = n_{\text{in}}\, n_{\text{out}}",
                r"\text{FLOPs} = 2 \cdot \text{MACs}",
            ),
            symbols="A multiply-accumulate (MAC) is one product added to a sum: two floating-point "
            "operations (FLOPs). A convolution makes H × W × C numbers, each from a K × K window "
            "of the channels that its group sees; g is the number of groups. A linear layer makes "
            "each output from all inputs.",
            range="Above 0; fewer are cheaper. FLOPs are a count, not a speed, and many papers "
            "print MACs under their name.",
            edge_cases="Additions of biases, activations, normalisation and pooling are not "
            "counted; they are few beside the products.",
            references=(DUMOULIN, SZE),
            worked=(
                Worked(
                    r"2 \cdot @conv-height \cdot @conv-width \cdot @conv-out \cdot"
                    r" \frac{@conv-in}{@conv-groups} \cdot @kernel-height \cdot @kernel-width"
                    r" = @conv-flops",
                    "Convolution @conv-name",
                ),
                Worked(
                    r"2 \cdot @features \cdot @outputs = @linear-flops",
                    "Linear layer @linear-name",
                ),
                Worked(
                    r"2 \cdot @layer-macs + @other-flops = @flops",
                    "All convolutions and linear layers, and other products such as those inside "
                    "attention; tables show @flops-shown",
                ),
            ),
        ),
        Formula(
            key="parameters",
            title="Parameters",
            answers="How many numbers does the model consist of, and how many of them learned "
            "here?",
            latex=(
                r"n_{\text{conv}} = C_{\text{out}} \left(\frac{C_{\text{in}}}{g}\, K_h\, K_w"
                r" + b\right)",
                r"n_{\text{linear}} = n_{\text{out}} \left(n_{\text{in}} + b\right)",
            ),
            symbols="The letters are those of the operations; b is 1 for a layer with a bias and 0 "
            "for one without, such as most convolutions before a normalisation.",
            range="Above 0; fewer take less memory. A parameter takes 4 bytes as a 32-bit number.",
            edge_cases="Running means and variances of batch normalisation are stored but do not "
            "count, since nothing learns them by gradient.",
            references=(DUMOULIN, SZE),
            worked=(
                Worked(
                    r"@conv-out \cdot \left(\frac{@conv-in}{@conv-groups} \cdot @kernel-height"
                    r" \cdot @kernel-width + @conv-bias\right) = @conv-parameters",
                    "Convolution @conv-name",
                ),
                Worked(
                    r"@outputs \cdot \left(@features + @linear-bias\right) = @linear-parameters",
                    "Linear layer @linear-name",
                ),
                Worked(
                    r"\frac{@trained}{@parameters} = @trained-share",
                    "What learned in this run, of the @parameters-shown that tables show",
                ),
            ),
        ),
        Formula(
            key="latency",
            title="Latency",
            answers="How long does one image take?",
            latex=(
                r"\text{latency} = \operatorname{median}\left(t_1, \ldots, t_R\right)",
                r"\text{p95} = Q_{95\,\%}\left(t_1, \ldots, t_R\right)",
            ),
            symbols="t are the times of R forward passes of a single image, one after the other, "
            "after a warm-up. Five passes in a hundred take longer than p95.",
            range="Above 0; less is better.",
            edge_cases="The median lets a few interrupted passes pass unnoticed; p95 shows them. "
            "Between two measured times the quantile is interpolated.",
            references=(MLPERF,),
            worked=(
                Worked(
                    r"\operatorname{median}\left(t_1, \ldots, t_{@repeats}\right) = @latency",
                    f"On the @device; tables show @latency-shown, {_OF_NETWORK}",
                ),
                Worked(
                    r"Q_{95\,\%}\left(t_1, \ldots, t_{@repeats}\right) = @p95",
                    f"Tables show @p95-shown, {_OF_NETWORK}",
                ),
            ),
        ),
        Formula(
            key="throughput",
            title="Throughput",
            answers="How many images a second does the model get through when they come in "
            "batches?",
            latex=(
                r"\text{throughput} = \frac{B}{\operatorname{median}\left(t_1, \ldots,"
                r" t_R\right)}",
            ),
            symbols="B images make a batch, and t are the times of R batches after a warm-up.",
            range="Above 0; more is better. It is usually more than 1 / latency, since a batch "
            "keeps the hardware busier.",
            edge_cases="A batch that does not fit into the memory is halved; the size used is "
            "shown.",
            references=(MLPERF,),
            worked=(
                Worked(
                    r"\frac{@batch}{@batch-ms\,\text{ms}} = @throughput",
                    "On the @device; the time of a batch in milliseconds. Tables show "
                    f"@throughput-shown, {_OF_NETWORK}",
                ),
            ),
        ),
    ),
)
