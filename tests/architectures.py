"""A made-up network for runs of a made-up store, with the parameters and FLOPs of their costs."""

from experiments.results.architecture import write_architecture
from experiments.results.schema import Architecture, Layer, LayerType, ModelStage, SkipConnection
from experiments.results.store import ExperimentStore

HEAD_PARAMETERS, HEAD_FLOPS = 291, 576
LAYER1_PARAMETERS, LAYER1_FLOPS = 5_200, 700_000


def add_architecture(
    store: ExperimentStore, *run_ids: str, input_px: int = 32, traced: bool = True
) -> None:
    """Write `architecture.json` of runs that have a cost; its layers are those of feature_maps."""
    for run_id in run_ids:
        cost = store.read_run(run_id).cost
        assert cost is not None
        assert cost.n_parameters is not None
        assert cost.flops is not None
        write_architecture(
            store, made_up_architecture(run_id, cost.n_parameters, cost.flops, input_px, traced)
        )


def made_up_architecture(
    run_id: str, n_parameters: int, flops: int, input_px: int = 32, traced: bool = True
) -> Architecture:
    """Return four stages; most parameters are in the third, and most operations in the first."""
    side = input_px // 2
    fine, mid, coarse = [6, side, side], [24, side // 2, side // 2], [(side // 4) ** 2, 96]
    left = n_parameters - LAYER1_PARAMETERS - HEAD_PARAMETERS
    work = flops - LAYER1_FLOPS - HEAD_FLOPS
    layers = [
        _layer("backbone.stem.conv", "Conv2d", "convolution", 0, [3, input_px, input_px], fine,
               left // 4, work - work // 4, stride=(2, 2)),
        _layer("backbone.layer1.0.conv", "Conv2d", "convolution", 1, fine, mid,
               LAYER1_PARAMETERS, LAYER1_FLOPS, groups=6),
        _layer("backbone.layer1.0.act", "ReLU", "activation", 1, mid, mid),
        _layer("backbone.layer1.0.add", "add", "join", 1, mid, mid),
        _layer("backbone.blocks.2.attn", "Attention", "attention", 2, coarse, coarse,
               left - left // 4, work // 4),
        _layer("backbone.blocks.2.matmul", "matmul", "join", 2, coarse, coarse),
        _layer("head", "Linear", "linear", 3, [96], [3], HEAD_PARAMETERS, HEAD_FLOPS),
    ]  # fmt: skip
    return Architecture(
        absent={} if traced else {"skips": "torch.fx cannot trace it (TraceError)"},
        run_id=run_id,
        input_shape=(3, input_px, input_px),
        traced_by="torch.fx" if traced else "module tree",
        stages=[
            ModelStage(name="stem", shape=(6, side, side)),
            ModelStage(name="layer1", shape=(24, side // 2, side // 2)),
            ModelStage(name="blocks.2", shape=(96, side // 4, side // 4)),
            ModelStage(name="classifier head", shape=(3, 1, 1)),
        ],
        layers=layers,
        skips=[SkipConnection(first=1, join=3), SkipConnection(first=4, join=5)]
        if traced
        else None,
    )


def _layer(
    name: str,
    kind: str,
    type_: LayerType,
    stage: int,
    before: list[int],
    after: list[int],
    n_parameters: int = 0,
    flops: int = 0,
    stride: tuple[int, int] = (1, 1),
    groups: int = 1,
) -> Layer:
    window = type_ == "convolution"
    return Layer(
        name=name,
        kind=kind,
        type=type_,
        stage=stage,
        kernel=(3, 3) if window else None,
        stride=stride if window else None,
        groups=groups if window else None,
        input_shape=before,
        output_shape=after,
        n_parameters=n_parameters,
        flops=flops,
    )
