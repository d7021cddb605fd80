"""pipeline/backbone.html and pipeline/head.html: what they say equals what is stored."""

import io
import math
import re
from html import unescape
from pathlib import Path

import pytest
from PIL import Image

from experiments.results.architecture import read_architecture
from experiments.results.schema import Split
from experiments.results.store import ExperimentStore
from experiments.results.walkthrough import read_walkthrough
from site_builder import formatting
from site_builder.architectures.networks import IMPORTED
from site_builder.comparisons import compare_runs
from site_builder.loading import load
from site_builder.naming import run_names
from site_builder.pages.pipeline import backbone, head, index
from site_builder.pages.pipeline.files import material_of, pipeline_files
from site_builder.pages.pipeline.page import Material, Model
from tests.architectures import add_architecture
from tests.imports import import_all_kinds
from tests.made_up import write_made_up_store
from tests.pictures import write_illustrated_store
from tests.site_builder.changes import fail
from tests.site_builder.pages import PageReader
from tests.walkthrough import add_walkthroughs

BACKBONE, HEAD = "pipeline/backbone.html", "pipeline/head.html"
ANCHORS = {
    BACKBONE: (
        "features", "shapes", "convolution", "parameters", "depthwise", "key-points", "families",
        "family-resnet", "family-efficientnet", "family-mobilenet", "family-transformers",
        "transfer", "transfer-principles", "transfer-reuse", "transfer-head", "transfer-why",
        "strategies", "strategy-frozen", "strategy-partial", "strategy-full",
        "strategy-progressive", "strategy-scratch", "implementation", "torchvision", "timm",
        "torchvision-or-timm",
    ),
    HEAD: (
        "overview", "shapes", "components", "pooling", "linear", "activations", "heads",
        "head-linear", "head-mlp", "head-deep", "implementation", "torchvision", "timm", "custom",
        "training", "training-frozen", "training-full", "training-progressive", "advice",
        "advice-design", "advice-implementation", "debugging",
    ),
}  # fmt: skip


def material(store: ExperimentStore) -> Material:
    experiment = load(store)
    return material_of(experiment, run_names(experiment), compare_runs(experiment), {})


def model_of(made: Material, run_id: str) -> Model:
    return next(model for model in made.models if model.run.run_id == run_id)


def files_of(store: ExperimentStore) -> dict[str, bytes]:
    return dict(pipeline_files(material(store)))


def pages(files: dict[str, bytes]) -> dict[str, str]:
    return {address: files[address].decode() for address in (BACKBONE, HEAD)}


def number(text: str) -> float:
    return float(text.replace(",", "").replace("−", "-"))


def terms(text: str) -> int:
    """Return what a sum of products comes to."""
    parts = text.replace(formatting.NBSP, "").split(" + ")
    return sum(
        math.prod(int(factor.replace(",", "")) for factor in part.split("×")) for part in parts
    )


def values_in(page: str, name: str) -> set[str]:
    return {unescape(text) for text in re.findall(rf'data-value="{name}">([^<]*)<', page)}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> ExperimentStore:
    made = write_illustrated_store(tmp_path_factory.mktemp("illustrated"))
    runs = made.read_experiment().run_ids
    # One run without its layers, as of a store that was made before these were recorded.
    add_architecture(made, *runs[:-1])
    add_walkthroughs(made)
    return made


@pytest.fixture(scope="module")
def files(store: ExperimentStore) -> dict[str, bytes]:
    return files_of(store)


@pytest.fixture(scope="module")
def built(files: dict[str, bytes]) -> dict[str, str]:
    return pages(files)


def test_without_a_walkthrough_shapes_are_those_of_the_network(tmp_path: Path) -> None:
    bare = write_made_up_store(tmp_path, models=("alpha",), augmentations=("none", "standard"))
    add_architecture(bare, "alpha-none")
    made = material(bare)
    known, unknown = (index.values(made, model_of(made, run)).texts for run in
                      ("alpha-none", "alpha-standard"))  # fmt: skip
    # The last stage of the backbone, and what the only layer of the head takes.
    assert (known["features"], known["pooled"]) == (formatting.shape((96, 4, 4)), "96")
    assert (unknown["features"], unknown["pooled"]) == (formatting.MISSING,) * 2


@pytest.mark.parametrize("address", [BACKBONE, HEAD])
def test_every_anchor_is_there_once(built: dict[str, str], address: str) -> None:
    ids = re.findall(r' id="([^"]+)"( tabindex="-1")?', built[address])
    assert {name for name, focusable in ids if focusable} >= {*ANCHORS[address]}
    names = [name for name, _ in ids]
    assert len(names) == len(set(names))


def test_stages_are_those_of_the_stored_network(store: ExperimentStore) -> None:
    made = material(store)
    for run_id in store.read_experiment().run_ids[:-1]:
        made_of = read_architecture(store, run_id)
        image, *stages = backbone.values(made, model_of(made, run_id)).rows["stages"]
        assert image[1] == formatting.shape(made_of.input_shape)
        assert [row[0] for row in stages] == [stage.name for stage in made_of.stages]
        assert [row[1] for row in stages] == [formatting.shape(s.shape) for s in made_of.stages]
        assert sum(number(row[3]) for row in stages) == made_of.n_parameters
        # 32 px become 16, 8 and 4.
        assert [row[2] for row in stages] == ["2", "4", "8", formatting.MISSING]


def test_the_page_shows_the_values_of_the_first_model(
    store: ExperimentStore, built: dict[str, str]
) -> None:
    made = material(store)
    assert made.first is not None
    for address, page in ((BACKBONE, backbone), (HEAD, head)):
        values = page.values(made, made.first)
        prefix = address.removeprefix("pipeline/").removesuffix(".html")
        for name, text in values.texts.items():
            assert values_in(built[address], f"{prefix}.{name}") <= {text}, name
        shown = set(re.findall(rf'data-value="{prefix}\.([^"]+)"', built[address]))
        assert shown <= set(values.texts)
        assert len(shown) > 15
        tables = PageReader(built[address]).tables
        for rows in values.rows.values():
            assert [list(row) for row in rows] in [table[1:] for table in tables.values()]


def test_parameters_that_learn(store: ExperimentStore) -> None:
    made = material(store)
    model = model_of(made, store.read_experiment().run_ids[0])
    texts = backbone.values(made, model).texts
    made_of = read_architecture(store, model.run.run_id)
    by_stage = [
        sum(layer.n_parameters for layer in made_of.layers if layer.stage == at)
        for at in range(len(made_of.stages))
    ]
    assert number(texts["learning-frozen"]) == by_stage[-1] == 291
    assert number(texts["learning-partial"]) == sum(by_stage[-2:])
    assert number(texts["learning-full"]) == made_of.n_parameters
    # These runs were trained from scratch.
    cost = model.run.record.cost
    assert cost is not None
    assert number(texts["learning-scratch"]) == cost.n_trained_parameters


def test_parameters_of_heads(store: ExperimentStore) -> None:
    made = material(store)
    texts = head.values(made, model_of(made, store.read_experiment().run_ids[0])).texts
    for name in ("linear", "mlp", "deep"):
        assert terms(texts[f"{name}-terms"]) == number(texts[name])
    # 96 features, three classes, and the head that is stored.
    assert (texts["used"], texts["used-parameters"], texts["linear"]) == ("linear", "291", "291")
    assert terms(texts["flat-terms"]) == number(texts["flat"]) == 96 * 4 * 4 * 3 + 3
    assert (texts["features"], texts["n-values"]) == ("96", "1,536")


def test_logits_and_probabilities_of_the_image(store: ExperimentStore) -> None:
    made = material(store)
    classes = store.read_experiment().class_names
    for run_id in store.read_experiment().run_ids:
        walk = read_walkthrough(store, run_id)
        values = head.values(made, model_of(made, run_id))
        assert values.texts["image"] == walk.sample_id
        rows = values.rows["image"]
        assert [row[0] for row in rows] == [classes[target] for target in walk.classes[:5]]
        assert [number(row[1]) for row in rows] == pytest.approx(walk.logits[:5], rel=1e-3)
        said = store.read_predictions(store.read_run(run_id), Split.TEST)
        place = said.sample_ids.tolist().index(walk.sample_id)
        assert said.top_probabilities is not None
        shown = [number(row[2].removesuffix(f"{formatting.NBSP}%")) / 100 for row in rows]
        assert shown == pytest.approx(said.top_probabilities[place][: len(rows)].tolist(), abs=6e-4)


def test_the_loss_of_chance(built: dict[str, str]) -> None:
    assert f"ln 3 = {formatting.loss(math.log(3))}" in built[HEAD]


def test_settings_are_those_of_the_run(store: ExperimentStore) -> None:
    made = material(store)
    model = made.models[0]
    config = model.run.record.config
    assert config is not None
    shown = {row[0]: row[1] for row in head.values(made, model).rows["settings"]}
    assert shown["strategy"] == config.strategy
    assert shown["head"] == config.head
    assert "training.backbone_rate" not in shown  # from scratch there is one rate
    for name in ("learning_rate", "weight_decay", "batch_size", "max_epochs", "patience"):
        assert number(shown[f"training.{name}"]) == getattr(config.training, name)


def test_a_photograph_and_its_edges(files: dict[str, bytes]) -> None:
    page = files[BACKBONE].decode()
    found = re.findall(r'<img[^>]* src="\.\./(assets/[^"]+)" width="(\d+)" height="(\d+)"', page)
    assert len(found) == 3
    for address, width, height in found:
        with Image.open(io.BytesIO(files[address])) as image:
            # Small pictures are shown enlarged, by whole numbers.
            assert int(width) % image.width == int(height) % image.height == 0
            assert int(width) // image.width == int(height) // image.height


def test_a_run_without_layers_says_so(store: ExperimentStore) -> None:
    made = material(store)
    model = model_of(made, store.read_experiment().run_ids[-1])
    for page in (backbone, head):
        values = page.values(made, model)
        assert "not stored yet" in values.texts["missing"]
        assert values.texts["known"] == ""
        assert not {"stages", "block", "layers"} & set(values.rows)


def test_all_models_have_the_same_texts(store: ExperimentStore) -> None:
    made = material(store)
    for page in (backbone, head):
        names = [set(page.values(made, model).texts) for model in made.models]
        assert all(of_one == names[0] for of_one in names)


def test_a_store_with_no_more_than_predictions(tmp_path: Path) -> None:
    for page in pages(files_of(write_made_up_store(tmp_path))).values():
        assert "not stored yet; running the experiment again adds them" in page
        assert "<img" not in page


def test_no_run_has_finished(tmp_path: Path) -> None:
    store = write_made_up_store(tmp_path, models=("alpha",), augmentations=("none",))
    fail(store, "alpha-none", "out of memory")
    for page in pages(files_of(store)).values():
        assert "No run has finished yet" in page
        assert "data-value" not in page
        assert "In this experiment:" not in page


def test_imported_runs(tmp_path: Path) -> None:
    for page in pages(files_of(import_all_kinds(tmp_path))).values():
        assert f"not known: {IMPORTED}." in page
        assert "In this experiment:" not in page
