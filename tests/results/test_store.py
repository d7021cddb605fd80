"""The store: what is written is read back, and what is damaged is refused by file and field."""

import io
import json
import pickle
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.results.errors import StoreError
from experiments.results.files import sha256_of
from experiments.results.predictions import Predictions
from experiments.results.schema import SCHEMA_VERSION, RunRecord, Sample, Split, SplitSummary
from experiments.results.store import ExperimentStore
from tests.made_up import write_made_up_store

RUN = "alpha-none"
HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    "null",
    "NaN",
    "__proto__",
    "constructor",
    "../../etc/passwd",
    "=cmd|' /C calc'!A0",
    "a,b;\"c\" 'd'",
    "two\nlines\r\nand\rreturns\ttabs",
    "\u2028\u2029\u202eright to left",
    "naïve 日本語 🐈",
    "{{ 7 * 7 }} %(s)s {0}",
    "-",
    " ",
)


@pytest.fixture
def store(tmp_path: Path) -> ExperimentStore:
    return write_made_up_store(tmp_path)


def edit(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Edit a JSON file by hand, as a person would: without the store."""
    content = json.loads(path.read_bytes())
    change(content)
    path.write_text(json.dumps(content))


def run_file(store: ExperimentStore) -> Path:
    return store.run_folder(RUN) / "run.json"


class TestRoundTrip:
    def test_what_is_written_again_is_the_same_bytes(
        self, store: ExperimentStore, tmp_path: Path
    ) -> None:
        copy = ExperimentStore(tmp_path / "copy")
        copy.write_experiment(store.read_experiment(), store.read_samples())
        for run_id in store.read_experiment().run_ids:
            record = store.read_run(run_id)
            splits = (Split.VAL, Split.TEST)
            copy.write_predictions(
                run_id, {split: store.read_predictions(record, split) for split in splits}
            )
            copy.write_run(record)
        written = {path.relative_to(store.folder) for path in store.folder.rglob("*.*")}
        assert len(written) == 2 + 2 * 4
        for path in written:
            assert (copy.folder / path).read_bytes() == (store.folder / path).read_bytes()

    def test_an_experiment_and_its_runs_exist_once_written(self, tmp_path: Path) -> None:
        assert not ExperimentStore(tmp_path / "made-up").exists()
        store = write_made_up_store(tmp_path)
        assert store.exists()
        assert store.has_run(RUN)
        assert not store.has_run("gamma-none")

    def test_a_run_of_version_1_is_read(self, store: ExperimentStore) -> None:
        def forget_version_2(run: dict[str, Any]) -> None:
            for name in ("origin", "label", "counts", "imported", "reported_metrics", "embedding"):
                del run[name]
                run["absent"].pop(name, None)
            run["schema_version"] = 1

        edit(run_file(store), forget_version_2)
        run = store.read_run(RUN)
        assert (run.origin, run.label, run.reported_metrics) == ("trained", "", {})
        assert run.counts is run.imported is run.embedding is None
        assert len(store.read_predictions(run, Split.TEST)) == 60

    def test_a_removed_run_is_gone(self, store: ExperimentStore) -> None:
        store.remove_run(RUN)
        assert not store.run_folder(RUN).exists()
        assert store.has_run("alpha-standard")
        store.remove_run(RUN)

    def test_a_run_is_removed_but_for_one_file(self, store: ExperimentStore) -> None:
        folder = store.run_folder(RUN)
        (folder / "kept.bin").write_bytes(b"1")
        (folder / ".run.json.left").touch()
        (folder / "feature_maps").mkdir()
        store.remove_run(RUN, keep="kept.bin")
        assert [path.name for path in folder.iterdir()] == ["kept.bin"]
        (folder / "kept.bin").unlink()
        store.remove_run(RUN, keep="kept.bin")
        assert not folder.exists()

    def test_predictions_are_read_as_they_were_written(self, store: ExperimentStore) -> None:
        logits = np.random.default_rng(3).normal(size=(7, 150)).astype(np.float32)
        ids = np.array([*HOSTILE[:6], "plain"])
        given_ = {
            split: Predictions.from_logits(ids, np.arange(7) * 20, logits * sign)
            for split, sign in ((Split.VAL, 1), (Split.TEST, -1))
        }
        stored = store.write_predictions(RUN, given_)
        record = store.read_run(RUN).model_copy(update={"predictions": stored})
        for split, of_split in given_.items():
            read = store.read_predictions(record, split)
            for name in Predictions.__dataclass_fields__:
                np.testing.assert_array_equal(getattr(read, name), getattr(of_split, name))
                assert getattr(read, name).dtype == getattr(of_split, name).dtype

    def test_a_stored_file_is_described_as_it_lies_there(self, store: ExperimentStore) -> None:
        stored = store.write_thumbnails("examples.webp", b"picture")
        path = store.thumbnails_folder / "examples.webp"
        assert (stored.name, stored.size_bytes) == ("examples.webp", 7)
        assert stored.sha256 == sha256_of(path)

    @pytest.mark.parametrize("name", HOSTILE)
    def test_hostile_names_come_back_unchanged(self, tmp_path: Path, name: str) -> None:
        store = write_made_up_store(tmp_path, class_names=(name, "other"), n_images=4)
        assert store.read_experiment().class_names == [name, "other"]
        samples = [
            sample.model_copy(update={"sample_id": f"{name}{index}", "path": name})
            for index, sample in enumerate(store.read_samples())
        ]
        store.write_experiment(store.read_experiment(), samples)
        assert store.read_samples() == samples

    @given(
        st.lists(
            st.text(st.characters(exclude_categories=["Cs"]), min_size=1), unique=True, min_size=2
        )
    )
    def test_any_text_survives_samples_csv(
        self, tmp_path_factory: pytest.TempPathFactory, texts: list[str]
    ) -> None:
        store = write_made_up_store(tmp_path_factory.mktemp("csv"), models=())
        record = store.read_experiment()
        splits = [Split.TEST] + [Split.VAL] * (len(texts) - 1)
        samples = [
            Sample(sample_id=text, split=split, target=0, path=text, width_px=1, height_px=2)
            for text, split in zip(texts, splits, strict=True)
        ]
        summaries = {
            split: SplitSummary(n_images=n, class_counts=[n, 0, 0], ids_sha256="0" * 64)
            for split, n in Counter(splits).items()
        }
        store.write_experiment(record.model_copy(update={"splits": summaries}), samples)
        assert store.read_samples() == samples


class TestDamagedJson:
    def test_a_newer_schema_is_refused_with_both_versions(self, store: ExperimentStore) -> None:
        newer = SCHEMA_VERSION + 1
        edit(run_file(store), lambda run: run.update(schema_version=newer, new_field=1))
        with pytest.raises(StoreError) as refusal:
            store.read_run(RUN)
        assert str(run_file(store)) in str(refusal.value)
        assert f"schema version {newer}," in str(refusal.value)
        assert f"up to {SCHEMA_VERSION};" in str(refusal.value)

    @pytest.mark.parametrize("version", ["2", 2.0, 0, -1, None, "newest", [2]])
    def test_a_version_that_is_none_is_refused(
        self, store: ExperimentStore, version: object
    ) -> None:
        edit(run_file(store), lambda run: run.update(schema_version=version))
        with pytest.raises(StoreError, match=r"run\.json, schema_version: "):
            store.read_run(RUN)

    def test_a_missing_version_is_refused(self, store: ExperimentStore) -> None:
        edit(run_file(store), lambda run: run.pop("schema_version"))
        with pytest.raises(StoreError, match=r"run\.json, schema_version: "):
            store.read_run(RUN)

    @pytest.mark.parametrize("kept", [0.0, 0.1, 0.5, 0.999])
    def test_a_truncated_file_is_named(self, store: ExperimentStore, kept: float) -> None:
        content = run_file(store).read_bytes()
        run_file(store).write_bytes(content[: int(len(content.rstrip()) * kept)])
        with pytest.raises(StoreError, match=r"run\.json: not JSON .* cut short or edited"):
            store.read_run(RUN)

    @pytest.mark.parametrize(
        "content",
        [b"\xff\xfe\x00", b"[" * 100_000, b"1" * 5000, b'{"a": 1e}'],
        ids=["not text", "endless", "a huge number", "half a number"],
    )
    def test_what_is_not_json_is_named(self, store: ExperimentStore, content: bytes) -> None:
        run_file(store).write_bytes(content)
        with pytest.raises(StoreError, match=r"run\.json: not JSON"):
            store.read_run(RUN)

    @pytest.mark.parametrize("content", ["[]", "null", "3", '"run"'])
    def test_what_is_no_record_is_named(self, store: ExperimentStore, content: str) -> None:
        run_file(store).write_text(content)
        with pytest.raises(StoreError, match=r"run\.json"):
            store.read_run(RUN)

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            (lambda run: run["history"][1].update(val_loss=float("nan")), "history.1.val_loss"),
            (lambda run: run["cost"].update(latency_ms=float("inf")), "cost.latency_ms"),
            (lambda run: run["cost"].update(latency_ms=0), "cost.latency_ms"),
            (lambda run: run["history"][0].update(val_accuracy=1.5), "history.0.val_accuracy"),
            (lambda run: run["config"].update(seeds=1), "config.seeds"),
            (lambda run: run.update(commment="hello"), "commment"),
            (lambda run: run["config"].pop("model"), "config.model"),
            (lambda run: run["provenance"].update(started_at="noon"), "provenance.started_at"),
            (lambda run: run["predictions"].update(name="../run.json"), "predictions.name"),
            (lambda run: run["cost"].update(flops=None), "cost"),
        ],
    )
    def test_a_wrong_value_is_named_by_file_and_field(
        self, store: ExperimentStore, change: Callable[[dict[str, Any]], object], field: str
    ) -> None:
        edit(run_file(store), change)
        with pytest.raises(StoreError) as refusal:
            store.read_run(RUN)
        assert str(refusal.value).startswith(f"{run_file(store)}, {field}: ")

    def test_an_experiment_is_checked_too(self, store: ExperimentStore) -> None:
        path = store.folder / "experiment.json"
        edit(path, lambda record: record["splits"]["test"]["class_counts"].append(0))
        with pytest.raises(StoreError, match=r"experiment\.json, .*splits\.test\.class_counts"):
            store.read_experiment()

    def test_a_missing_file_is_named(self, store: ExperimentStore) -> None:
        with pytest.raises(StoreError, match=r"gamma/run\.json: .*No such file"):
            store.read_run("gamma")

    def test_a_run_in_the_wrong_folder_is_refused(self, store: ExperimentStore) -> None:
        store.run_folder("beta-none").rename(store.run_folder("renamed"))
        with pytest.raises(StoreError, match="is 'beta-none' but the folder is 'renamed'"):
            store.read_run("renamed")


class TestDamagedSamples:
    @pytest.mark.parametrize(
        ("old", "new", "message"),
        [
            ('"test/00000","test",0,', '"test/00000","test",-1,', "line 62, target: "),
            ('"test/00000","test",0,', '"test/00000","exam",0,', "line 62, split: "),
            ('"test/00000","test",0,', '"test/00000","test",0,"extra",', "line 62, "),
            ('"test/00000","test",0,', '"test/00000","test",', "line 62, "),
            ('"test/00001","test",', '"test/00000","test",', "line 63, sample_id: .* twice"),
            ('"sample_id","split"', '"sample","split"', "line 1, "),
            (',"dhash"\n', "\n", "line 1, "),
        ],
    )
    def test_a_wrong_row_is_named(
        self, store: ExperimentStore, old: str, new: str, message: str
    ) -> None:
        path = store.folder / "samples.csv"
        content = path.read_text()
        assert old in content
        path.write_text(content.replace(old, new, 1))
        with pytest.raises(StoreError, match=rf"samples\.csv, {message}"):
            store.read_samples()

    @pytest.mark.parametrize("kept", [0, 5, 1000, 2000, -3])
    def test_a_truncated_file_is_refused(self, store: ExperimentStore, kept: int) -> None:
        path = store.folder / "samples.csv"
        path.write_bytes(path.read_bytes()[:kept])
        with pytest.raises(StoreError, match=r"samples\.csv"):
            store.read_samples()

    def test_a_file_cut_between_two_rows_is_refused(self, store: ExperimentStore) -> None:
        path = store.folder / "samples.csv"
        path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))
        with pytest.raises(StoreError, match=r"samples\.csv: .*59 .*60"):
            store.read_samples()

    def test_what_is_not_text_is_named(self, store: ExperimentStore) -> None:
        (store.folder / "samples.csv").write_bytes(b"sample_id\n\xff\n")
        with pytest.raises(StoreError, match=r"samples\.csv: cannot be read"):
            store.read_samples()

    def test_a_missing_file_is_named(self, store: ExperimentStore) -> None:
        (store.folder / "samples.csv").unlink()
        with pytest.raises(StoreError, match=r"samples\.csv: cannot be read"):
            store.read_samples()


class Exploit:
    """Unpickling an instance leaves a file behind."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Callable[..., object], tuple[Path]]:
        return Path.touch, (self.trace,)


class TestDamagedPredictions:
    def refusal(self, store: ExperimentStore) -> str:
        with pytest.raises(StoreError) as refusal:
            store.read_predictions(store.read_run(RUN), Split.TEST)
        assert str(store.run_folder(RUN) / "predictions.npz") in str(refusal.value)
        return str(refusal.value)

    def forge(self, store: ExperimentStore, content: bytes) -> None:
        """Replace the predictions and their digest, as only a malicious edit would."""
        path = store.run_folder(RUN) / "predictions.npz"
        path.write_bytes(content)
        edit(run_file(store), lambda run: run["predictions"].update(sha256=sha256_of(path)))

    def test_a_flipped_byte_anywhere_is_found(self, store: ExperimentStore) -> None:
        path = store.run_folder(RUN) / "predictions.npz"
        content = path.read_bytes()
        for place in range(0, len(content), len(content) // 20):
            path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
            assert "predictions.sha256" in self.refusal(store)
        path.write_bytes(content)
        store.read_predictions(store.read_run(RUN), Split.TEST)

    def test_a_truncated_file_is_found(self, store: ExperimentStore) -> None:
        path = store.run_folder(RUN) / "predictions.npz"
        path.write_bytes(path.read_bytes()[:-1])
        assert "predictions.sha256" in self.refusal(store)

    def test_a_missing_file_is_named(self, store: ExperimentStore) -> None:
        (store.run_folder(RUN) / "predictions.npz").unlink()
        assert "cannot be read" in self.refusal(store)

    def test_a_missing_array_is_named(self, store: ExperimentStore) -> None:
        val = {Split.VAL: store.read_predictions(store.read_run(RUN), Split.VAL)}
        stored = store.write_predictions(RUN, val)
        edit(run_file(store), lambda run: run.update(predictions=stored.model_dump()))
        assert "test_sample_ids" in self.refusal(store)

    def test_a_pickled_array_is_never_unpickled(
        self, store: ExperimentStore, tmp_path: Path
    ) -> None:
        trace = tmp_path / "trace"
        path = store.run_folder(RUN) / "predictions.npz"
        with np.load(path) as arrays:
            forged: dict[str, Any] = dict(arrays)
        forged["test_sample_ids"] = np.array([Exploit(trace)], dtype=object)
        content = io.BytesIO()
        np.savez(content, allow_pickle=True, **forged)
        self.forge(store, content.getvalue())
        assert "cannot be read" in self.refusal(store)
        assert not trace.exists()

        pickle.loads(pickle.dumps(Exploit(trace)))  # noqa: S301 - the exploit would have worked
        assert trace.exists()

    @pytest.mark.parametrize("kind", ["pickle", "npy", "zip", "empty", "corrupt"])
    def test_what_is_no_archive_of_arrays_is_refused(
        self, store: ExperimentStore, tmp_path: Path, kind: str
    ) -> None:
        content = io.BytesIO()
        match kind:
            case "pickle":
                content.write(pickle.dumps(Exploit(tmp_path / "trace")))
            case "npy":
                np.save(content, np.zeros(3))
            case "zip":
                with zipfile.ZipFile(content, "w") as archive:
                    archive.writestr("test_sample_ids.npy", "not an array")
            case "corrupt":
                original = (store.run_folder(RUN) / "predictions.npz").read_bytes()
                with zipfile.ZipFile(io.BytesIO(original)) as archive:
                    start = archive.getinfo("test_sample_ids.npy").header_offset + 60
                content.write(original[:start] + b"\xff" * 20 + original[start + 20 :])
        self.forge(store, content.getvalue())
        assert self.refusal(store)
        assert not (tmp_path / "trace").exists()

    def test_a_failed_run_says_why_it_has_none(self, store: ExperimentStore) -> None:
        absent = {"predictions": "it failed", "weights": "it failed"}
        changes = {"status": "failed", "failure": "out of memory", "predictions": None}
        failed = store.read_run(RUN).model_copy(update=changes | {"absent": absent})
        with pytest.raises(StoreError, match="'alpha-none' has no predictions: out of memory"):
            store.read_predictions(failed, Split.TEST)


class TestWeights:
    def stored(self, store: ExperimentStore) -> RunRecord:
        """Give a run weights; the store does not look into them."""
        weights = store.write_file(RUN, "model.safetensors", bytes(range(100)))
        run = store.read_run(RUN)
        absent = {name: why for name, why in run.absent.items() if name != "weights"}
        return run.model_copy(update={"weights": weights, "absent": absent})

    def test_they_are_read_as_they_were_written(self, store: ExperimentStore) -> None:
        assert store.read_weights(self.stored(store)) == bytes(range(100))

    @pytest.mark.parametrize("place", [0, 50, 99])
    def test_a_flipped_bit_is_found(self, store: ExperimentStore, place: int) -> None:
        record = self.stored(store)
        content = bytearray(range(100))
        content[place] ^= 1
        path = store.run_folder(RUN) / "model.safetensors"
        path.write_bytes(content)
        with pytest.raises(StoreError, match=r"weights\.sha256") as refusal:
            store.read_weights(record)
        assert str(path) in str(refusal.value)

    def test_missing_ones_are_named(self, store: ExperimentStore) -> None:
        record = self.stored(store)
        (store.run_folder(RUN) / "model.safetensors").unlink()
        with pytest.raises(StoreError, match=r"model\.safetensors: cannot be read"):
            store.read_weights(record)

    def test_a_run_without_them_says_why(self, store: ExperimentStore) -> None:
        with pytest.raises(StoreError, match="'alpha-none' has no weights: made up"):
            store.read_weights(store.read_run(RUN))
