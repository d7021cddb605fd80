"""The columns of the resources table: what each run costs."""

from collections.abc import Callable
from dataclasses import replace

from site_builder import formatting
from site_builder.comparisons import Comparisons
from site_builder.loading import Run
from site_builder.naming import RunName
from site_builder.pages.hardware import comparable, processor
from site_builder.scores import Score
from site_builder.tables.table import Spec, Table, make_table


def resources_table(comparisons: Comparisons, names: dict[str, RunName]) -> Table:
    """Return times, operations, parameters and sizes, in the order of the performance table.

    Where the runs were timed on several machines, none is marked as best by what was measured;
    nor is one ever by a part of the work that counts elsewhere for other runs.

    Args:
        comparisons: The finished runs; at least one.
        names: Run id to name.
    """
    runs = (*comparisons.tested, *comparisons.untested)
    apart = frozenset() if comparable(runs) else MEASURED
    apart |= frozenset() if comparable(runs, processor) else ON_THE_CPU
    columns = [
        replace(spec, best=lambda _: False) if spec.key in apart | PARTS else spec
        for spec in RESOURCES
    ]
    return make_table("resources", columns, comparisons, names)


def _cost(field: str) -> Callable[[Run], Score]:
    """Return how a field of the cost is read."""

    def read(run: Run) -> Score:
        if run.cost is None:
            return Score(None, reason=run.record.absent["cost"])
        value = getattr(run.cost, field)
        return Score(value, reason=run.cost.absent[field] if value is None else "")

    return read


def _training(run: Run) -> Score:
    score = _cost("train_time_s")(run)
    return Score(run.training_time_s, reason=score.reason)


def _less(
    key: str, label: str, help_: str, field: str, write: Callable[[float], str], *, shown: bool
) -> Spec:
    return Spec(key, label, help_, field, False, _cost(field), write, shown=shown)


def _more(key: str, label: str, help_: str, field: str, *, shown: bool) -> Spec:
    return Spec(key, label, help_, field, True, _cost(field), formatting.throughput, shown=shown)


RESOURCES = (
    Spec("training", "Training", "Training, with validation and a frozen backbone’s features.",
         "training_time_s", False, _training, formatting.duration),
    _less("latency", "Latency", "One image through the model, median.", "latency_ms",
          formatting.milliseconds, shown=True),
    _less("p95", "Latency, p95", "One image through the model, 95th percentile.",
          "latency_p95_ms", formatting.milliseconds, shown=True),
    _less("flops", "FLOPs", "Floating-point operations for one image.", "flops",
          formatting.quantity, shown=True),
    _less("parameters", "Parameters", "Numbers in the model, head included.", "n_parameters",
          formatting.quantity, shown=True),
    _less("size", "Size", "The weights as a file; 1 MB is 1,000,000 bytes.", "size_bytes",
          formatting.size, shown=True),
    _less("trained", "Trained", "Parameters that learned.", "n_trained_parameters",
          formatting.quantity, shown=False),
    _more("throughput", "Throughput", "Images a second, in batches.", "throughput_per_s",
          shown=False),
    _less("memory", "Peak memory", "Most memory in use: on the GPU, or of the whole process where "
          "there is none.", "peak_memory_bytes", formatting.size, shown=False),
    _less("cpu-latency", "CPU latency", "One image through the model on the CPU, median.",
          "cpu_latency_ms", formatting.milliseconds, shown=False),
    _more("cpu-throughput", "CPU throughput", "Images a second on the CPU, in batches.",
          "cpu_throughput_per_s", shown=False),
    _less("reading", "Reading", "Decoding images before training; little where they were cached.",
          "reading_time_s", formatting.duration, shown=False),
    _less("features", "Features", "Computing a frozen backbone’s features before training, in the "
          "first run that needed them.", "features_time_s", formatting.duration, shown=False),
    _less("evaluation", "Evaluation", "Predicting the validation and the test images; a frozen "
          "backbone’s features are not in it.",
          "evaluation_time_s", formatting.duration, shown=False),
)  # fmt: skip

MEASURED = frozenset({
    "training", "latency", "p95", "throughput", "memory", "reading", "features", "evaluation",
})  # fmt: skip
"""Keys of the columns that depend on the machine that a run was timed on."""

ON_THE_CPU = frozenset({"cpu-latency", "cpu-throughput"})
"""Keys of those that depend on its processor, whatever else is timed on a GPU."""

PARTS = frozenset({"reading", "features", "evaluation"})
"""Keys of those that are short where an earlier run has decoded the images, or where the backbone's
work counts in another of them or in the training."""
