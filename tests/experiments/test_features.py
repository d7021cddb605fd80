import zipfile

import numpy as np
import pytest
import timm
import torch
from torch import nn

from experiments.examples import Examples
from experiments.features import FrozenBackbone, cached_features, fastest
from experiments.models import build_backbone

from .test_architectures import SIDES, SMALL_SIDE

IMAGES = torch.randn(10, 3, 32, 32, generator=torch.Generator().manual_seed(0))


class Counting(nn.Module):
    """A linear backbone that counts the images it has seen."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(3, 5))
        self.seen = 0

    def forward(self, images):
        self.seen += len(images)
        return images.mean(dim=(2, 3)) @ self.weight


class Sizes(nn.Module):
    """A backbone that notes how many images come at once, as long as its own code runs."""

    def __init__(self, backbone):
        super().__init__()
        self.backbone, self.sizes = backbone, []

    def forward(self, images):
        self.sizes.append(len(images))
        return self.backbone(images)


class Untraceable(nn.Module):
    """Does with numbers what cannot be done with the tensors that tracing makes of them."""

    def __init__(self, error):
        super().__init__()
        self.error = error

    def forward(self, images):
        if torch.jit.is_tracing():
            raise self.error("not with a tensor")
        return images.mean(dim=(2, 3))


class Fickle(nn.Module):
    """Does something else for few images: a trace of it is wrong."""

    def forward(self, images):
        features = images.mean(dim=(2, 3))
        return features if len(images) > 5 else -features


def examples(key: str, n: int = len(IMAGES), batch_size: int = 4) -> Examples:
    return Examples(lambda places: IMAGES[places], torch.arange(n) % 2, batch_size, key)


@pytest.fixture
def features(tmp_path, progress):
    def compute(backbone, key="key"):
        frozen = FrozenBackbone(backbone)
        return cached_features(frozen, examples(key), tmp_path, progress).examples

    return compute


@pytest.mark.parametrize("name", ["test_resnet", "test_efficientnet", "test_vit", "test_convnext"])
def test_features_are_the_backbones(features, name):
    options = {"img_size": 32} if name == "test_vit" else {}
    backbone = timm.create_model(name, num_classes=0, **options).eval()
    with torch.inference_mode():
        expected = backbone(IMAGES)
    got = features(backbone)
    torch.testing.assert_close(got.fetch(torch.arange(10)), expected, atol=1e-4, rtol=1e-4)
    assert torch.equal(got.targets, torch.arange(10) % 2)


def test_the_second_time_no_image_goes_through_the_backbone(features):
    first, second = Counting(), Counting()
    once = features(first).fetch(torch.arange(10))
    assert first.seen > 0
    again = features(second).fetch(torch.arange(10))
    assert second.seen == 0
    assert torch.equal(once, again)


def test_one_changed_weight_misses_the_cache(features):
    features(Counting())
    changed = Counting()
    with torch.no_grad():
        changed.weight[0, 0] += 1e-6
    features(changed)
    assert changed.seen > 0


def test_another_model_misses_the_cache_though_all_its_bits_are_the_same():
    one, other = (FrozenBackbone(nn.Flatten(), name=name) for name in ("vit_a", "vit_b"))
    assert one.key != other.key


def test_other_inputs_miss_the_cache(features):
    features(Counting(), "one")
    other = Counting()
    features(other, "two")
    assert other.seen > 0


def test_features_do_not_depend_on_the_batches_of_training(tmp_path, progress):
    def compute(batch_size):
        torch.manual_seed(0)
        backbone = Sizes(timm.create_model("test_resnet", num_classes=0))
        images = examples("key", batch_size=batch_size)
        cache = tmp_path / str(batch_size)
        made = cached_features(FrozenBackbone(backbone), images, cache, progress).examples
        return backbone.sizes, made

    sizes, expected = compute(64)
    for batch_size in (1, 3):
        of_small, found = compute(batch_size)
        assert of_small == sizes
        assert torch.equal(found.fetch(torch.arange(10)), expected.fetch(torch.arange(10)))
        # The head is trained in the batches that were asked for.
        assert found.batch_size == batch_size


def test_a_backbone_that_saw_a_single_image_first_is_traced_later(tmp_path, progress):
    backbone = Sizes(timm.create_model("test_resnet", num_classes=0))
    frozen = FrozenBackbone(backbone)
    cached_features(frozen, examples("one", n=1), tmp_path, progress)
    assert backbone.sizes == [1]
    cached_features(frozen, examples("ten"), tmp_path, progress)
    # Once to trace it, once to compare; then its graph takes over.
    assert backbone.sizes == [1, 8, 4]


def test_features_can_be_trained_on(features):
    head = nn.Linear(5, 2)
    inputs, targets = next(features(Counting()).in_order())
    nn.functional.cross_entropy(head(inputs), targets).backward()
    assert head.weight.grad.abs().sum() > 0


def test_a_graph_that_computes_something_else_is_not_used():
    backbone = Fickle().eval()
    assert fastest(backbone, IMAGES) is backbone


@pytest.mark.parametrize("error", [RuntimeError, TypeError, ValueError, AttributeError])
def test_a_backbone_that_cannot_be_traced_runs_as_it_is(features, error):
    backbone = Untraceable(error)
    assert fastest(backbone, IMAGES) is backbone
    got = features(backbone).fetch(torch.arange(10))
    torch.testing.assert_close(got, IMAGES.mean(dim=(2, 3)))


# One model of each family that `test_architectures` builds, the smallest or nearly.
@pytest.mark.parametrize(
    "name",
    [
        "resnet18",
        "efficientnet_b0",
        "tf_efficientnetv2_s",
        "efficientnet_lite0",
        "mobilenetv2_100",
        "mobilenetv3_small_100",
        "vgg11",
        "densenet121",
        "legacy_xception",
        "convnext_tiny",
        "regnetx_002",
        "regnety_004",
        "vit_tiny_patch16_224",
        "swin_tiny_patch4_window7_224",
        "mixer_b16_224",
        "torchvision/alexnet",
        "torchvision/googlenet",
        "torchvision/maxvit_t",
        "torchvision/mnasnet0_5",
        "torchvision/shufflenet_v2_x0_5",
        "torchvision/squeezenet1_0",
        "torchvision/swin_v2_t",
        "torchvision/vit_b_16",
    ],
)
def test_the_graph_of_every_family_gives_its_features(name):
    side = SIDES.get(name, SMALL_SIDE)
    torch.manual_seed(3)
    backbone = build_backbone(name, side, pretrained=False, weights_dir=None).eval()
    images = torch.randn(4, 3, side, side).contiguous(memory_format=torch.channels_last)
    graph = fastest(backbone.to(memory_format=torch.channels_last), images)
    assert graph is not backbone
    with torch.inference_mode():
        for n in (4, 1):
            expected = backbone(images[:n])
            torch.testing.assert_close(graph(images[:n]), expected, atol=1e-4, rtol=1e-3)


def test_a_graph_that_computes_the_same_is_used():
    backbone = timm.create_model("test_resnet", num_classes=0).eval()
    assert fastest(backbone, IMAGES) is not backbone


def test_the_cache_keeps_what_computing_took(tmp_path, progress):
    backbone = FrozenBackbone(Counting())
    first, second = (
        cached_features(backbone, examples("key"), tmp_path, progress) for _ in range(2)
    )
    assert (first.was_cached, second.was_cached) == (False, True)
    assert second.computing_s == first.computing_s > 0


def test_other_weights_of_one_model_miss_the_cache():
    def key(seed):
        torch.manual_seed(seed)
        return FrozenBackbone(timm.create_model("test_resnet", num_classes=0), name="one").key

    assert key(0) == key(0) != key(1)


def test_a_failure_while_it_is_written_leaves_no_file(features, tmp_path, monkeypatch):
    begun = []

    def break_off(file, **arrays):
        file.write(b"half of it")
        file.flush()
        begun.extend(path for path in tmp_path.iterdir() if path.stat().st_size)
        raise OSError("the disk is gone")

    monkeypatch.setattr(np, "savez", break_off)
    with pytest.raises(OSError, match="gone"):
        features(Counting())
    assert len(begun) == 1
    assert list(tmp_path.iterdir()) == []


def test_features_are_read_as_they_were_written(features, tmp_path):
    values = features(Counting()).fetch(torch.arange(10)).numpy()
    (file,) = tmp_path.iterdir()
    assert np.array_equal(np.load(file)["values"], values)


@pytest.mark.parametrize("damage", ["flip", "cut", "empty"])
def test_damaged_features_are_computed_again(features, tmp_path, damage):
    backbone = Counting()
    whole = features(backbone).fetch(torch.arange(10))
    n_seen = backbone.seen
    (file,) = tmp_path.iterdir()
    content = bytearray(file.read_bytes())
    middle = len(content) // 2
    content[middle] ^= 1
    file.write_bytes({"flip": content, "cut": content[:middle], "empty": b""}[damage])
    assert torch.equal(features(backbone).fetch(torch.arange(10)), whole)
    assert backbone.seen > n_seen
    assert np.array_equal(np.load(file)["values"], whole.numpy())


class NotCachedError(Exception):
    pass


class Refusing:
    """A progress that lets nothing be computed."""

    def say(self, message):
        pass

    def work(self, what, n_steps):
        raise NotCachedError


def parts_of(file) -> dict[str, range]:
    """Return where the headers of a cached array's archive are."""
    with zipfile.ZipFile(file) as archive:
        starts = [member.header_offset for member in archive.infolist()]
        directory = archive.start_dir
    # The archive's own header of a member, and NumPy's of its array.
    headers = {f"header {n}": range(start, start + 200) for n, start in enumerate(starts)}
    return {**headers, "directory": range(directory, file.stat().st_size)}


@pytest.mark.parametrize("part", ["header 0", "header 1", "directory"])
def test_no_flipped_bit_gives_other_features_or_a_failure(features, tmp_path, part):
    # Long enough that zipfile does not read to the end whatever it is asked for.
    backbone = FrozenBackbone(nn.Flatten())
    whole = features(nn.Flatten()).fetch(torch.arange(10))
    (file,) = tmp_path.iterdir()
    content = file.read_bytes()
    n_missed = 0
    for place in parts_of(file)[part]:
        for bit in range(8):
            damaged = bytearray(content)
            damaged[place] ^= 1 << bit
            file.write_bytes(damaged)
            try:
                found = cached_features(backbone, examples("key"), tmp_path, Refusing())
            except NotCachedError:
                n_missed += 1
            else:
                assert torch.equal(found.examples.fetch(torch.arange(10)), whole), (place, bit)
                # What it took to compute them is of the same archive.
                assert 0 < found.computing_s < 60
    # Nothing depends on some bits, such as those of a date.
    assert n_missed > 400
