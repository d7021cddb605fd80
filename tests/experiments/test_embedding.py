"""Maps of images: neighbours stay neighbours, a seed gives one map, and none loses a run."""

import dataclasses

import numpy as np
import pytest
import safetensors.torch
import timm
import torch
from rich.console import Console
from sklearn.datasets import load_digits
from sklearn.manifold import trustworthiness
from threadpoolctl import threadpool_limits
from torch import nn

from experiments import embedding as module
from experiments.config import FolderConfig
from experiments.datasets import load_dataset
from experiments.embedding import choose_images, embed, store_embedding
from experiments.evaluate import Parts, compute_logits, compute_logits_and_features
from experiments.examples import Examples
from experiments.experiment import run_experiment
from experiments.models import Classifier, build_backbone
from experiments.progress import PlainProgress
from experiments.results.errors import StoreError
from experiments.results.schema import Split
from experiments.results.store import ExperimentStore
from tests.made_up import write_made_up_store

# Share of kept neighbours that random places reach is about 0.5 by this measure.
KEPT = 0.9


@pytest.fixture(scope="module")
def digits():
    features, targets = load_digits(return_X_y=True)
    return features[:450].astype(np.float32), targets[:450]


@pytest.fixture
def store(tmp_path):
    return write_made_up_store(tmp_path)


def everything(features):
    return np.arange(len(features), dtype=np.int32)


class TestEmbed:
    def test_neighbours_stay_neighbours(self, digits):
        features, targets = digits
        found = embed(everything(features), features, 0)
        positions = found.embedding.positions
        assert trustworthiness(features, positions, n_neighbors=10) > 0.98
        chance = np.random.default_rng(0).random(positions.shape)
        assert trustworthiness(features, chance, n_neighbors=10) < 0.6
        # The map does not see the classes, but digits that look alike are mostly the same digit.
        distances = np.linalg.norm(positions[:, None] - positions, axis=2)
        np.fill_diagonal(distances, np.inf)
        assert (targets[distances.argmin(axis=1)] == targets).mean() > 0.9
        assert (found.n_components, found.perplexity) == (50, 30)

    def test_it_fills_the_unit_square_with_one_scale(self, digits):
        features, _ = digits
        positions = embed(everything(features), features, 0).embedding.positions
        assert positions.dtype == np.float32
        low, high = positions.min(axis=0), positions.max(axis=0)
        assert low.min() == pytest.approx(0, abs=1e-6)
        assert high.max() == pytest.approx(1, abs=1e-6)
        np.testing.assert_allclose(low + high, 1, atol=1e-6)

    def test_the_seed_alone_decides(self, digits, store):
        # So many features that their principal components are found by a randomised method.
        rng = np.random.default_rng(0)
        features = np.tanh(digits[0] @ rng.normal(size=(64, 600)) / 50).astype(np.float32)

        def stored(run_id, seed):
            return store_embedding(run_id, store, everything(features), features, seed)[0].file

        first = stored("alpha-none", 3)
        with threadpool_limits(2):
            assert stored("beta-none", 3) == first
        assert stored("beta-none", 4) != first

    @pytest.mark.parametrize("n_images", [5, 6, 12])
    def test_few_images_have_a_map(self, digits, n_images):
        features = digits[0][:n_images]
        found = embed(everything(features), features, 0)
        assert np.isfinite(found.embedding.positions).all()
        assert found.n_components == n_images
        assert found.perplexity < n_images


class TestChoice:
    def test_all_are_shown_up_to_the_limit(self):
        targets = np.zeros(module.MAX_IMAGES, dtype=np.int64)
        np.testing.assert_array_equal(choose_images(targets), np.arange(module.MAX_IMAGES))

    def test_beyond_it_each_class_has_its_share(self):
        rng = np.random.default_rng(0)
        targets = rng.permutation(np.repeat([0, 1, 2, 3], [10_000, 3_000, 1_500, 500]))
        chosen = choose_images(targets)
        assert chosen.dtype == np.int32
        assert len(set(chosen.tolist())) == module.MAX_IMAGES
        assert (np.diff(chosen) > 0).all()
        share = np.bincount(targets[chosen]) / np.bincount(targets)
        np.testing.assert_allclose(share, module.MAX_IMAGES / len(targets), rtol=0.02)
        # Not the first of each class, and always the same.
        assert chosen.max() > 0.99 * len(targets)
        np.testing.assert_array_equal(choose_images(targets), chosen)


class TestNoMap:
    @pytest.mark.parametrize(
        ("features", "reason"),
        [
            (np.eye(4), "4 images are too few for a map"),
            (np.full((9, 3), np.nan), "there are features that are not finite"),
            (np.ones((9, 3)), "all images have the same features"),
            (np.arange(9.0)[:, None], "n_components"),
        ],
        ids=["few", "nan", "constant", "one feature"],
    )
    def test_it_is_absent_with_the_reason(self, store, features, reason):
        features = features.astype(np.float32)
        stored, absent = store_embedding("alpha-none", store, everything(features), features, 0)
        assert stored is None
        assert reason in absent["embedding"]
        assert not (store.run_folder("alpha-none") / "embedding.npz").exists()

    def test_the_run_is_finished_all_the_same(self, quick_config, image_folder, tmp_path, around):
        split = {"a": 2, "b": 2}
        images = image_folder({"train": split, "val": split, "test": split})
        dataset = FolderConfig(source="folder", data_dir=images, title="Noise")
        training = quick_config.training.model_copy(update={"batch_size": 2})
        config = quick_config.model_copy(update={"dataset": dataset, "training": training})
        store = ExperimentStore(tmp_path / "results" / "quick")
        (record,) = run_experiment(config, store, around, downloads=tmp_path)
        assert record.status == "finished", record.failure
        assert record.embedding is None
        assert record.absent["embedding"] == "4 images are too few for a map"
        assert store.read_run(record.run_id) == record


class TestStored:
    @pytest.fixture
    def record(self, store, digits):
        features = digits[0][:20]
        samples = np.arange(20, dtype=np.int32) * 3
        stored, _ = store_embedding("alpha-none", store, samples, features, 0)
        record = store.read_run("alpha-none").model_copy(
            update={"embedding": stored, "absent": {"weights": "made up"}}
        )
        store.write_run(record)
        return store.read_run("alpha-none")

    def test_it_is_read_as_it_was_made(self, store, record, digits):
        found = store.read_embedding(record)
        np.testing.assert_array_equal(found.samples, np.arange(20) * 3)
        expected = embed(found.samples, digits[0][:20], 0).embedding
        np.testing.assert_array_equal(found.positions, expected.positions)
        assert (found.samples.dtype, found.positions.dtype) == (np.int32, np.float32)
        assert record.embedding.n_images == len(found) == 20
        assert record.embedding.n_features == 64

    def test_a_changed_file_is_refused(self, store, record):
        path = store.run_folder(record.run_id) / "embedding.npz"
        path.write_bytes(path.read_bytes()[:-1])
        with pytest.raises(StoreError, match=r"embedding\.npz: .*embedding\.file\.sha256"):
            store.read_embedding(record)
        path.unlink()
        with pytest.raises(StoreError, match=r"embedding\.npz: cannot be read"):
            store.read_embedding(record)


class TestOnePass:
    @pytest.mark.parametrize("fails_above", [None, 3])
    def test_logits_and_features_are_the_models_own(self, fails_above):
        torch.manual_seed(0)
        backbone, head = nn.Sequential(nn.Flatten(), nn.Linear(12, 5)), nn.Linear(5, 3)
        inputs = torch.randn(21, 3, 2, 2)
        examples = Examples(lambda places: inputs[places], torch.zeros(21, dtype=torch.int64), 8)
        chosen = torch.arange(21) % 4 == 1
        expected = compute_logits(nn.Sequential(backbone, head), examples, Parts())
        seen = []

        def short_of_memory(_, inputs):
            seen.append(len(inputs[0]))
            if fails_above and len(inputs[0]) > fails_above:
                raise torch.OutOfMemoryError

        # At the end of the pass, when features have been computed already.
        head.register_forward_pre_hook(short_of_memory)
        logits, features = compute_logits_and_features(backbone, head, 3, examples, chosen, Parts())
        torch.testing.assert_close(features, backbone(inputs)[chosen].detach())
        if fails_above is None:
            assert seen == [8, 8, 5]
            assert torch.equal(logits, expected)
        torch.testing.assert_close(logits, expected)

    @pytest.mark.parametrize("strategy", ["scratch", "frozen"])
    def test_a_runs_map_is_that_of_its_features(self, quick_config, tmp_path, around, strategy):
        """The oracle: timm's own model with the stored weights, on timm's own transform."""
        torch.manual_seed(5)
        state = timm.create_model("test_vit", img_size=32).state_dict()
        safetensors.torch.save_file(state, tmp_path / "test_vit.safetensors")
        around = dataclasses.replace(around, weights_dir=tmp_path)
        config = quick_config.model_copy(update={"strategy": strategy})
        store = ExperimentStore(tmp_path / "results" / "quick")
        (record,) = run_experiment(config, store, around, downloads=tmp_path)
        assert record.status == "finished", record.failure
        model = Classifier(
            build_backbone("test_vit", 32, pretrained=False, weights_dir=None), 10, 32
        )
        model.load_state_dict(safetensors.torch.load(store.read_weights(record)))
        transform = timm.data.create_transform(
            input_size=32,
            crop_pct=1.0,
            interpolation=record.preprocessing.interpolation,
            mean=record.preprocessing.mean,
            std=record.preprocessing.std,
        )
        dataset = load_dataset(config.dataset, tmp_path)
        items = dataset.of_split(Split.TEST)
        with torch.inference_mode():
            images = torch.stack([transform(dataset.open(item)) for item in items])
            features = model.backbone.eval()(images).numpy()
        found = store.read_embedding(record)
        np.testing.assert_array_equal(found.samples, np.arange(len(items)))
        assert record.embedding.n_features == features.shape[1] == 64
        assert trustworthiness(features, found.positions, n_neighbors=10) > KEPT

    def test_test_images_go_through_the_backbone_once(self, quick_config, tmp_path, around):
        seen, of_run = [], []

        class Listening(PlainProgress):
            def epoch_finished(self, run_id, epoch):
                super().epoch_finished(run_id, epoch)
                seen.clear()

            def run_finished(self, record):
                super().run_finished(record)
                of_run.extend(seen)

        def count(module, inputs):
            if isinstance(module, type_of_backbone) and len(inputs[0]) > 1:
                seen.append(len(inputs[0]))

        type_of_backbone = type(build_backbone("test_vit", 32, pretrained=False, weights_dir=None))
        around = dataclasses.replace(around, progress=Listening(Console(quiet=True)))
        store = ExperimentStore(tmp_path / "results" / "quick")
        with nn.modules.module.register_module_forward_pre_hook(count):
            run_experiment(quick_config, store, around, downloads=tmp_path)
        splits = store.read_experiment().splits
        n_evaluated = splits[Split.VAL].n_images + splits[Split.TEST].n_images
        # Then throughput is measured, in batches of 32.
        until = np.cumsum(of_run).tolist().index(n_evaluated) + 1
        assert set(of_run[until:]) == {32}
