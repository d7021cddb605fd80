"""The worked examples of pipeline/backbone.html and pipeline/head.html, against PyTorch."""

import io
import re

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from torch.nn import functional

from site_builder import formatting
from site_builder.lessons import convolution, functions, mistakes, pooling
from site_builder.lessons.edges import (
    RISING_DOWNWARDS,
    RISING_TO_THE_RIGHT,
    edge_pictures,
    respond,
)
from site_builder.lessons.families import FAMILIES, family_parts, other_models
from site_builder.lessons.heads import head_texts


def calculate(text: str) -> float:
    """Return what a sum of products comes to, as a reader would type it."""
    plain = text.replace("−", "-").replace("·", "*").replace("×", "*").replace("\u00a0", "")
    assert re.fullmatch(r"[\d.()+* -]+", plain)
    return float(eval(plain))  # noqa: S307


def number(text: str) -> float:
    return float(text.replace("−", "-").replace(",", ""))


def numbers(grid: convolution.Grid) -> list[list[float]]:
    return [[number(text) for text in row.split()] for row in grid.words.split("; ")]


def test_the_convolution_is_what_a_convolutional_layer_gives() -> None:
    example = convolution.example()
    image, kernel = (torch.tensor(numbers(grid)) for grid in (example.image, example.kernel))
    expected = functional.conv2d(image[None, None], kernel[None, None])[0, 0]
    assert numbers(example.output) == expected.tolist()
    assert example.image.side == 5 * example.image.cell


def test_any_convolution() -> None:
    rng = np.random.default_rng(0)
    image, kernel = rng.integers(-9, 9, (7, 6)), rng.integers(-9, 9, (3, 2))
    expected = functional.conv2d(torch.tensor(image)[None, None], torch.tensor(kernel)[None, None])
    assert np.array_equal(convolution.convolve(image.tolist(), kernel.tolist()), expected[0, 0])


def test_the_sum_that_is_written_out_is_the_marked_number() -> None:
    example = convolution.example()
    assert calculate(example.products) == number(example.result)
    (marked,) = [square.text for square in example.output.squares if square.chosen]
    assert marked == example.result
    pixels = [number(square.text) for square in example.image.squares if square.chosen]
    assert pixels == [number(text) for text in re.findall(r"([\d−]+)·", example.products)]


@pytest.mark.parametrize("kernel", [RISING_TO_THE_RIGHT, RISING_DOWNWARDS])
def test_edges_of_a_photograph(kernel: tuple[tuple[int, ...], ...]) -> None:
    photo = np.random.default_rng(0).integers(0, 256, (12, 9, 3), dtype=np.uint8)
    brightness = torch.tensor(photo).double() @ torch.tensor([0.299, 0.587, 0.114]).double()
    padded = functional.pad(brightness[None, None], (1, 1, 1, 1), mode="replicate")
    response = functional.conv2d(padded, torch.tensor(kernel).double()[None, None])[0, 0]
    expected = (128 + 127 * response / response.abs().max()).round()
    assert np.abs(respond(photo, kernel) - expected.numpy()).max() <= 1


def test_edges_of_a_bright_half() -> None:
    photo = np.zeros((8, 8, 3), dtype=np.uint8)
    photo[:, 4:] = 200
    right, down = (respond(photo, kernel) for kernel in (RISING_TO_THE_RIGHT, RISING_DOWNWARDS))
    assert right[3].tolist() == [128, 128, 128, 255, 255, 128, 128, 128]
    assert (down == 128).all()


def test_edges_have_the_size_of_the_photograph() -> None:
    written = io.BytesIO()
    Image.new("RGB", (20, 10), "red").save(written, "WEBP")
    for picture in edge_pictures(written.getvalue()):
        with Image.open(io.BytesIO(picture)) as image:
            assert image.size == (20, 10)


def test_pooling_is_what_pooling_layers_give() -> None:
    maps = torch.tensor(pooling.MAPS, dtype=torch.float64)[None]
    pooled = pooling.pooled_maps()
    assert [number(one.mean) for one in pooled] == nn.AdaptiveAvgPool2d(1)(maps).flatten().tolist()
    largest = nn.AdaptiveMaxPool2d(1)(maps).flatten().tolist()
    assert [number(one.largest) for one in pooled] == largest
    for one in pooled:
        assert number(one.total) / number(one.count) == number(one.mean)
        assert np.sum(numbers(one.map)) == number(one.total)


def test_logits_are_what_a_linear_layer_gives() -> None:
    layer = nn.Linear(3, 2, dtype=torch.float64)
    layer.load_state_dict(
        {"weight": torch.tensor(pooling.WEIGHTS), "bias": torch.tensor(pooling.BIASES)}
    )
    features = torch.tensor(pooling.MAPS, dtype=torch.float64).mean(dim=(1, 2))
    logits = pooling.logits()
    assert [number(logit.result) for logit in logits] == layer(features).tolist()
    assert [calculate(logit.terms) for logit in logits] == layer(features).tolist()


@pytest.mark.parametrize(
    ("name", "function"), [("ReLU", nn.ReLU()), ("GELU", nn.GELU()), ("Sigmoid", nn.Sigmoid())]
)
def test_curves_go_through_the_function(name: str, function: nn.Module) -> None:
    (curve,) = [curve for curve in functions.curves() if curve.name == name]
    points = np.array(curve.path.removeprefix("M").split(), dtype=float).reshape(-1, 2)
    top, bottom = number(curve.top), number(curve.bottom)
    # 200 px stand for -4 to 4, 100 px for what is written at the ends.
    xs, ys = points[:, 0] / 25 - 4, top - points[:, 1] / 100 * (top - bottom)
    assert np.allclose(ys, function(torch.tensor(xs)).numpy(), atol=0.003)
    assert xs[[0, -1]].tolist() == [-4, 4]
    assert float(curve.zero) / 100 * (top - bottom) == pytest.approx(top)


def test_softmax() -> None:
    bars = functions.softmax_bars()
    logits = torch.tensor([number(bar.logit) for bar in bars], dtype=torch.float64)
    shown = [number(bar.probability) for bar in bars]
    assert shown == pytest.approx(logits.softmax(0).tolist(), abs=5e-4)
    assert [number(bar.power) for bar in bars] == pytest.approx(logits.exp().tolist(), rel=1e-3)
    assert [number(bar.percent) for bar in bars] == pytest.approx([100 * p for p in shown], abs=0.1)


def test_parameters_of_heads_are_worked_out() -> None:
    texts = head_texts(1024, 37)
    for head in ("linear", "mlp", "deep"):
        assert calculate(texts[f"{head}-terms"]) == number(texts[head])
    assert texts["linear-terms"].replace(formatting.NBSP, " ") == "1024 × 37 + 37"


def test_models_find_their_family() -> None:
    models = [
        ("test_resnet", "A"),
        ("torchvision/vit_b_16", "B"),
        ("tf_mobilenetv3_small_100", "C"),
        ("legacy_xception", "D"),
        ("mixer_b16_224", "E"),
        ("test_resnet", "A"),
        ("tf_efficientnet_b0.ns_jft_in1k", "F"),
    ]
    here = {part.name: part.here for part in family_parts(models) if part.here}
    assert here == {
        "ResNet": "A",
        "ViT": "B",
        "MobileNet": "C",
        "Xception": "D",
        "EfficientNet": "F",
    }
    assert other_models(models) == "E"


def test_families_are_in_the_order_of_their_years() -> None:
    assert [family.year for family in FAMILIES] == sorted(family.year for family in FAMILIES)
    for family in FAMILIES:
        assert f"({family.year})" in family.references[0].text


def test_every_mistake_has_a_message_and_a_meaning() -> None:
    found = mistakes.mistakes()
    assert found.version.startswith("PyTorch ")
    assert len(found.all) == 8
    assert all(mistake.message and mistake.meaning for mistake in found.all)
