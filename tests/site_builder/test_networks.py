"""Times of a network against medians worked out by hand."""

from pathlib import Path

from site_builder.loading import load
from tests.made_up import write_made_up_store
from tests.site_builder.answers import change, change_cost


def test_runs_of_one_network_share_the_median_of_its_times(tmp_path: Path) -> None:
    store = write_made_up_store(tmp_path, models=("alpha", "beta"), training_seeds=(0, 1))
    times = (8.78, 8.02, 8.4, 90.0)
    alphas = ("alpha-none", "alpha-none-seed1", "alpha-standard", "alpha-standard-seed1")
    for run_id, latency in zip(alphas, times, strict=True):
        change_cost(store, run_id, latency_ms=latency, throughput_per_s=100 * latency)
    runs = {run.run_id: run for run in load(store).runs}
    costs = {run_id: run.cost for run_id, run in runs.items() if run.cost}
    for run_id, own in zip(alphas, times, strict=True):
        assert costs[run_id].latency_ms == (8.4 + 8.78) / 2
        assert costs[run_id].throughput_per_s == (840 + 878) / 2
        record = runs[run_id].record
        assert record.cost is not None
        assert record.cost.latency_ms == own
    assert costs["beta-none"].latency_ms == 4.0
    assert costs["alpha-none"].train_time_s == 4.5


def test_another_head_input_or_machine_is_another_network(tmp_path: Path) -> None:
    store = write_made_up_store(tmp_path, models=("alpha",), training_seeds=(0, 1))
    run_ids = store.read_experiment().run_ids
    for place, run_id in enumerate(run_ids):
        change_cost(store, run_id, latency_ms=1.0 + place)
    run = store.read_run(run_ids[0])
    assert run.config
    assert run.preprocessing
    assert run.provenance
    change(store, run_ids[0], config=run.config.model_copy(update={"head": "mlp"}))
    change(store, run_ids[1], preprocessing=run.preprocessing.model_copy(update={"input_size": 64}))
    change(store, run_ids[2], provenance=run.provenance.model_copy(update={"n_threads": 1}))
    assert [each.cost.latency_ms for each in load(store).runs if each.cost] == [1.0, 2.0, 3.0, 4.0]


def test_a_time_that_a_run_lacks_stays_missing(tmp_path: Path) -> None:
    store = write_made_up_store(tmp_path, models=("alpha",))
    change_cost(store, "alpha-none", cpu_latency_ms=None)
    change_cost(store, "alpha-standard", cpu_latency_ms=3.0)
    lacks, has = (run.cost for run in load(store).runs)
    assert lacks is not None
    assert has is not None
    assert (lacks.cpu_latency_ms, lacks.absent["cpu_latency_ms"]) == (None, "the timer broke")
    assert has.cpu_latency_ms == 3.0
