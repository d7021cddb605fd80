"""Pages that show the shapes of one network show the same ones, of networks trained here."""

import json
from pathlib import Path

import pytest

from experiments.results.architecture import channels_and_grid
from site_builder.pipeline import build_site
from tests.browser.conftest import train_on_digits
from tests.site_builder.pages import PageReader

MODELS = ("test_resnet", "test_vit")
MADE_OF = {"test_resnet": (96, 2, 2), "test_vit": (64, 4, 4)}
"""What timm's own `forward_features` makes of 64 px, channels and places: strides of 32 and 16."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shapes")
    size = {"input_size": 64, "crop_fraction": 1.0}
    build_site(train_on_digits(folder, MODELS, 1, preprocessing=size), folder / "site")
    return folder / "site"


def sizes(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.replace(",", "").split("×")))


def read(site: Path, page: str) -> PageReader:
    return PageReader((site / page).read_text(encoding="utf-8"))


def texts_of(site: Path, run_id: str) -> dict[str, str]:
    content = (site / "data" / "pipeline" / f"{run_id}.js").read_text(encoding="utf-8")
    texts: dict[str, str] = json.loads(content.removesuffix(");\n").partition(",")[2])["texts"]
    return texts


@pytest.mark.parametrize("model", MODELS)
def test_the_last_shape_before_pooling_is_the_same_on_every_page(site: Path, model: str) -> None:
    mapped = read(site, "feature-maps.html").tables["Layers of each model"]
    begins = next(place for place, row in enumerate(mapped) if row[0].startswith(model))
    of_model = [mapped[begins][1:]]
    for row in mapped[begins + 1 :]:
        if len(row) > len(of_model[0]):
            break
        of_model.append(row)
    label = f"Stages of {model}"
    *_, backbone, _ = read(site, "architectures.html").small[label]
    texts = texts_of(site, f"{model}-none")
    assert sizes(of_model[-1][2]) == MADE_OF[model]
    assert sizes(backbone[1]) == MADE_OF[model]
    assert sizes(texts["backbone.maps"]) == sizes(texts["head.maps"]) == MADE_OF[model]
    # The walkthrough keeps the order of the layer itself: tokens, then channels.
    assert channels_and_grid(sizes(texts["index.features"])) == MADE_OF[model]
    assert sizes(texts["index.pooled"]) == sizes(texts["backbone.features"]) == MADE_OF[model][:1]
