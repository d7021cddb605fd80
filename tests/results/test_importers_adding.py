"""Imported results join an experiment only if they are on its images and its classes."""

import resource
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from experiments.results.errors import ConfigError, DataError, DiskFullError, StoreError
from experiments.results.importers import ClassNames, read_import
from experiments.results.importers.adding import NewRun, add_run
from experiments.results.names import check_id, id_of
from experiments.results.schema import RunRecord, Sample, Split
from experiments.results.store import ExperimentStore
from site_builder.loading import load
from tests.made_up import write_made_up_store

NOW = datetime(2025, 1, 1, tzinfo=UTC)
HEAD = "sample_id,target,prediction\n"


def add(
    store: ExperimentStore, folder: Path, content: str, name: str = "Mine", **options: Any
) -> RunRecord:
    """Import a CSV file into a store."""
    path = write(folder, content)
    known = ClassNames.of_store(store) if store.exists() else None
    new = NewRun(name, path, options.pop("cost", {}), options.pop("reported", {}))
    return add_run(store, read_import(path, known), new, NOW, **options)


def write(folder: Path, content: str) -> Path:
    path = folder / "said.csv"
    path.write_text(content)
    return path


def rows_of(samples: list[Sample], names: list[str]) -> list[str]:
    """Return a row for every test image, each called the first class."""
    return [
        f"{sample.sample_id},{names[sample.target]},{names[0]}"
        for sample in samples
        if sample.split == Split.TEST
    ]


def test_nothing_is_written_through_a_link_that_leads_out(tmp_path: Path) -> None:
    store = write_made_up_store(tmp_path / "results")
    rows = rows_of(store.read_samples(), store.read_experiment().class_names)
    (tmp_path / "elsewhere").mkdir()
    (store.folder / "runs" / "mine").symlink_to(tmp_path / "elsewhere")
    before = store.read_experiment()
    with pytest.raises(StoreError, match=r"runs/mine: is a link that leads out of the store"):
        add(store, tmp_path, HEAD + "\n".join(rows))
    assert not [*(tmp_path / "elsewhere").iterdir()]
    assert store.read_experiment() == before


class TestTrainedExperiment:
    """A run made elsewhere joins runs that were trained here."""

    @pytest.fixture
    def store(self, tmp_path: Path) -> ExperimentStore:
        return write_made_up_store(tmp_path / "results")

    @pytest.fixture
    def rows(self, store: ExperimentStore) -> list[str]:
        return rows_of(store.read_samples(), store.read_experiment().class_names)

    def test_it_is_one_run_more_in_the_order_of_the_test_images(
        self, store: ExperimentStore, rows: list[str], tmp_path: Path
    ) -> None:
        before = store.read_experiment()
        samples = (store.folder / "samples.csv").read_bytes()
        run = add(store, tmp_path, HEAD + "\n".join(rows[::-1]))
        assert store.read_experiment() == before.model_copy(
            update={"run_ids": [*before.run_ids, "mine"]}
        )
        assert (store.folder / "samples.csv").read_bytes() == samples
        said = store.read_predictions(run, Split.TEST)
        trained = store.read_predictions(store.read_run("alpha-none"), Split.TEST)
        assert said.sample_ids.tolist() == trained.sample_ids.tolist()
        assert said.targets.tolist() == trained.targets.tolist()
        assert len(load(store).runs) == 5

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (
                lambda rows: rows[1:],
                "of the 60 test images of experiment 'made-up' 1 .* is missing",
            ),
            (
                lambda rows: rows[9:],
                "9 .such as 'test/00000', 'test/00001', 'test/00002'. are missing",
            ),
            (lambda rows: [*rows, "new,star,star"], r"1 \('new'\) is unknown; import predictions"),
            (lambda rows: ["new,circle,star", *rows[1:]], "is missing and 1 .'new'. is unknown"),
            (
                lambda rows: [rows[0].replace("circle", "star", 1), *rows[1:]],
                "'test/00000' is 'star' here, but 'circle' in experiment 'made-up'",
            ),
        ],
    )
    def test_other_images_or_targets_are_refused_by_name(
        self, store: ExperimentStore, rows: list[str], tmp_path: Path, change: Any, message: str
    ) -> None:
        before = {path: path.read_bytes() for path in store.folder.rglob("*.*") if path.is_file()}
        with pytest.raises(DataError, match=message) as refusal:
            add(store, tmp_path, HEAD + "\n".join(change(rows)))
        assert "said.csv" in str(refusal.value)
        for path, content in before.items():
            assert path.read_bytes() == content

    def test_other_classes_are_refused(self, store: ExperimentStore, tmp_path: Path) -> None:
        content = "sample_id,target,circle,square,sun\na,circle,1,0,0\n"
        with pytest.raises(DataError, match="'sun' is no class of experiment 'made-up'"):
            add(store, tmp_path, content)

    def test_a_matrix_has_as_many_images_of_each_class(
        self, store: ExperimentStore, tmp_path: Path
    ) -> None:
        content = ",circle,square,star\ncircle,20,0,0\nsquare,1,19,0\nstar,0,0,21\n"
        with pytest.raises(DataError, match="21 images of 'star', but experiment 'made-up' has 20"):
            add(store, tmp_path, content)
        run = add(store, tmp_path, content.replace("21", "20"))
        assert run.predictions is None
        assert store.read_counts(run).hits.tolist() == [20, 19, 20]
        with pytest.raises(
            StoreError, match="no predictions: only a confusion matrix was imported"
        ):
            store.read_predictions(run, Split.TEST)

    def test_runs_that_are_trained_here_are_never_replaced(
        self, store: ExperimentStore, rows: list[str], tmp_path: Path
    ) -> None:
        store.remove_run("beta-none")
        for name in ("Alpha none", "beta-none"):
            with pytest.raises(StoreError, match=r"trains a run .* itself; give the imported one"):
                add(store, tmp_path, HEAD + "\n".join(rows), name=name, force=True)

    def test_an_imported_run_is_replaced_only_by_force(
        self, store: ExperimentStore, rows: list[str], tmp_path: Path
    ) -> None:
        add(store, tmp_path, HEAD + "\n".join(rows))
        with pytest.raises(StoreError, match=r"has a run 'mine' already; .* --force"):
            add(store, tmp_path, HEAD + "\n".join(rows), name="mine")
        matrix = ",circle,square,star\ncircle,20,0,0\nsquare,0,20,0\nstar,0,0,20\n"
        run = add(store, tmp_path, matrix, force=True)
        assert store.read_run("mine") == run
        assert store.read_experiment().run_ids.count("mine") == 1
        assert not (store.run_folder("mine") / "predictions.npz").exists()

    def test_a_replacement_that_finds_no_room_leaves_the_old_run(
        self, store: ExperimentStore, rows: list[str], tmp_path: Path
    ) -> None:
        """The limit on file size stands in for a full disk, as in test_disk_full."""
        old = add(store, tmp_path, HEAD + "\n".join(rows))
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        worse = [*rows[:-1], rows[-1].replace(",circle", ",square")]
        said = read_import(write(tmp_path, HEAD + "\n".join(worse)), ClassNames.of_store(store))
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
        try:
            with pytest.raises(DiskFullError, match="no room"):
                add_run(store, said, NewRun("Mine", tmp_path / "said.csv", {}, {}), NOW, force=True)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert store.read_run("mine") == old
        assert len(store.read_predictions(old, Split.TEST)) == len(rows)
        assert sorted(path.name for path in store.run_folder("mine").parent.iterdir()) == sorted(
            store.read_experiment().run_ids
        )


class TestNewExperiment:
    def test_it_holds_what_is_known_and_says_what_is_not(self, tmp_path: Path) -> None:
        store = ExperimentStore(tmp_path / "mine")
        run = add(store, tmp_path, HEAD + "a,dog,cat\nb,cat,cat\n", title="My <title>")
        record = store.read_experiment()
        assert (record.name, record.title) == ("mine", "My <title>")
        assert record.class_names == ["cat", "dog"]
        assert list(record.splits) == [Split.TEST]
        assert record.splits[Split.TEST].class_counts == [1, 1]
        assert record.absent.keys() == {"superclasses", "examples", "thumbnails"}
        assert [sample.sample_id for sample in store.read_samples()] == ["a", "b"]
        assert all(sample.width_px is None for sample in store.read_samples())
        assert run.absent["cost"] == "the run was imported without costs"
        assert run.imported is not None
        assert run.imported.file == "said.csv"
        assert run.provenance is None

    def test_counts_alone_make_one_and_predictions_add_the_images(self, tmp_path: Path) -> None:
        store = ExperimentStore(tmp_path / "mine")
        add(store, tmp_path, "1,1\n0,2\n", name="Matrix")
        assert store.read_experiment().splits[Split.TEST].ids_sha256 is None
        assert store.read_samples() == []
        with pytest.raises(DataError, match="1 images of '0', but experiment 'mine' has 2"):
            add(store, tmp_path, HEAD + "a,0,0\nb,1,0\nc,1,1\nd,1,1\n")
        add(store, tmp_path, HEAD + "a,0,0\nb,0,0\nc,1,1\nd,1,1\n")
        assert [sample.sample_id for sample in store.read_samples()] == ["a", "b", "c", "d"]
        with pytest.raises(DataError, match=r"1 \('d'\) is missing and 1 \('e'\) is unknown"):
            add(store, tmp_path, HEAD + "a,0,0\nb,0,0\nc,1,1\ne,1,1\n", name="Other")
        assert [run.run_id for run in load(store).runs] == ["matrix", "mine"]


class TestSaidBeside:
    def record(self, folder: Path, **options: Any) -> RunRecord:
        return add(
            ExperimentStore(folder / "mine"), folder, HEAD + "a,cat,cat\nb,dog,cat\n", **options
        )

    def test_costs_are_kept_and_the_others_absent(self, tmp_path: Path) -> None:
        run = self.record(
            tmp_path, cost={"latency_ms": "3.2", "n_parameters": 10, "device": "cuda"}
        )
        assert run.cost is not None
        assert (run.cost.latency_ms, run.cost.n_parameters, run.cost.device) == (3.2, 10, "cuda")
        assert run.cost.flops is None
        assert run.cost.absent["flops"] == "the run was imported without it"

    @pytest.mark.parametrize(
        ("cost", "message"),
        [
            ({"latency": 3}, "cost 'latency': there is no such cost; did you mean 'latency_ms'"),
            ({"absent": 3}, "cost 'absent': there is no such cost"),
            ({"latency_ms": "fast"}, "cost latency_ms: "),
            ({"latency_ms": 0}, "cost latency_ms: "),
            ({"latency_ms": "nan"}, "cost latency_ms: "),
            ({"n_parameters": 1.5}, "cost n_parameters: "),
        ],
    )
    def test_a_cost_that_makes_no_sense_is_named(
        self, tmp_path: Path, cost: dict[str, Any], message: str
    ) -> None:
        with pytest.raises(ConfigError, match=message):
            self.record(tmp_path, cost=cost)
        assert not (tmp_path / "mine").exists()

    def test_scores_are_stored_as_reported(self, tmp_path: Path) -> None:
        run = self.record(tmp_path, reported={"accuracy": 0.97})
        assert run.reported_metrics == {"accuracy": 0.97}
        assert run.notes == []

    def test_a_score_that_is_not_computed_is_stored_with_a_note(self, tmp_path: Path) -> None:
        run = self.record(tmp_path, reported={"acuracy": 0.97, "macro_f1": 0.9})
        assert run.reported_metrics == {"acuracy": 0.97, "macro_f1": 0.9}
        (note,) = run.notes
        assert note.startswith("The score 'acuracy' came with the import, but is held against")
        assert note.endswith("did you mean 'accuracy'?")

    def test_scores_that_contradict_those_in_the_file_are_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "m.json"
        path.write_text('{"confusion": [[1, 1], [0, 2]], "metrics": {"accuracy": 0.75}}')
        store, said = ExperimentStore(tmp_path / "mine"), read_import(path, None)
        with pytest.raises(ConfigError, match=r"'accuracy': is 0\.75 in .* but 0\.6 beside it"):
            add_run(store, said, NewRun("x", path, reported={"accuracy": 0.6}), NOW)
        both = {"accuracy": 0.75, "macro_f1": 0.7}
        run = add_run(store, said, NewRun("x", path, reported=both), NOW)
        assert run.reported_metrics == both


@pytest.mark.parametrize(
    ("name", "run_id"),
    [
        ("My model", "my-model"),
        ("ResNet-50 (a1_in1k)", "resnet-50-a1_in1k"),
        ("naïve Bayes", "naive-bayes"),
        ("../../etc/passwd", "etc-passwd"),
        ("<img src=x onerror=alert(1)>", "img-src-x-onerror-alert-1"),
        ("a\nb", "a-b"),
        ("a._-b", "a._-b"),
        ("/etc/passwd", "etc-passwd"),
        ("C:\\\\evil", "c-evil"),
        ("AUX", "run-aux"),
        ("con.v2", "run-con.v2"),
        ("console", "console"),
        ("ResNet", "resnet"),
        ("🙂 model", "model"),
    ],
)
def test_run_ids_are_made_from_names(name: str, run_id: str) -> None:
    assert id_of(name) == run_id
    check_id(run_id)


@pytest.mark.parametrize(
    "name", ["My Experiment", "../mine", "a/b", ".hidden", "", "Ünï", "a-", "nul", "com1.x"]
)
def test_what_is_no_id_is_refused(name: str) -> None:
    with pytest.raises(ConfigError):
        check_id(name)


@pytest.mark.parametrize("name", ["", "...", "模型", "🙂", "a" * 300])
def test_names_without_a_safe_id_are_refused(name: str) -> None:
    with pytest.raises(ConfigError):
        id_of(name)


def test_an_unsafe_experiment_name_is_refused_with_a_better_one(tmp_path: Path) -> None:
    store = ExperimentStore(tmp_path / "My Shapes")
    with pytest.raises(ConfigError, match=r"'My Shapes': .* take 'my-shapes'"):
        add(store, tmp_path, HEAD + "a,cat,cat\nb,dog,cat\n")
    assert not store.folder.exists()


def test_the_same_import_is_the_same_bytes(tmp_path: Path) -> None:
    written = []
    for place in ("one", "two"):
        store = ExperimentStore(tmp_path / place / "mine")
        add(store, tmp_path, HEAD + "a,cat,cat\nb,dog,cat\n")
        files = [path for path in sorted(store.folder.rglob("*.*")) if ".lock" not in path.name]
        written.append([path.read_bytes() for path in files])
    assert len(written[0]) == 4
    assert written[0] == written[1]


def test_ranks_follow_the_experiment_when_rows_are_put_in_order(tmp_path: Path) -> None:
    store = ExperimentStore(tmp_path / "mine")
    shares = np.random.default_rng(2).dirichlet(np.ones(3), size=30)
    ids, targets = [f"i{number}" for number in range(30)], np.arange(30) % 3
    first = store.add_predictions(run="1", sample_ids=ids, targets=targets, probabilities=shares)
    order = np.random.default_rng(3).permutation(30)
    second = store.add_predictions(
        run="2",
        sample_ids=np.array(ids)[order],
        targets=targets[order],
        probabilities=shares[order],
    )
    for array, other in zip(
        vars(store.read_predictions(first, Split.TEST)).values(),
        vars(store.read_predictions(second, Split.TEST)).values(),
        strict=True,
    ):
        np.testing.assert_array_equal(array, other)
