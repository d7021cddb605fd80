"""Pretrained weights from files: what loads, what does not, and what is said about it."""

import hashlib
import pickle
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import safetensors.torch
import timm
import torch
from PIL import Image
from torchvision import models as torchvision_models

from experiments import models, weights
from experiments.results.errors import DataError
from experiments.weights import missing_weights, weights_source, where_looked

TINY = "test_efficientnet"
SQUEEZENET = "torchvision/squeezenet1_1"
SIDE = 64
# timm has the model, but no weights of it.
NO_WEIGHTS = "darknet17"


def make(name, **options):
    if name.startswith("torchvision/"):
        return torchvision_models.get_model(name.split("/")[1], weights=None, **options)
    return timm.create_model(name, **options)


def save(folder, state, name=TINY, suffix=".safetensors"):
    file = folder / f"{name}{suffix}"
    file.parent.mkdir(exist_ok=True)
    if suffix == ".pth":
        torch.save(state, file)
    else:
        safetensors.torch.save_file(state, file)
    return file


def load(folder, name=TINY, side=SIDE):
    return models.build_backbone(name, side, pretrained=True, weights_dir=folder).state_dict()


def loading_fails(folder, name=TINY):
    with pytest.raises(DataError) as caught:
        load(folder, name)
    return str(caught.value)


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
@pytest.mark.parametrize("name", [TINY, "test_vit", "test_convnext", SQUEEZENET])
def test_weights_come_from_the_folder_and_the_classifier_does_not(tmp_path, name, suffix):
    state = make(name).state_dict()
    save(tmp_path, state, name, suffix)
    loaded = load(tmp_path, name, 160)
    assert len(loaded) > 10
    for key, value in loaded.items():
        torch.testing.assert_close(value, state[key], rtol=0, atol=0, msg=key)


@pytest.mark.parametrize("n_classes", [0, 10])
def test_another_number_of_classes_or_none_is_fine(tmp_path, n_classes):
    state = make(TINY, num_classes=n_classes).state_dict()
    save(tmp_path, state)
    assert torch.equal(load(tmp_path)["conv_stem.weight"], state["conv_stem.weight"])


@pytest.mark.parametrize("wrap", ["state_dict", "model"])
def test_a_training_checkpoint_is_unwrapped(tmp_path, wrap):
    state = make(TINY).state_dict()
    wrapped = {wrap: {f"module.{key}": value for key, value in state.items()}, "epoch": 3}
    save(tmp_path, wrapped, suffix=".pth")
    assert torch.equal(load(tmp_path)["conv_stem.weight"], state["conv_stem.weight"])


def test_timms_conversion_of_older_formats_applies(tmp_path):
    state = make("test_convnext").state_dict()
    save(tmp_path, {original_convnext(key): v for key, v in state.items()}, "test_convnext")
    loaded = load(tmp_path, "test_convnext")
    for key, value in loaded.items():
        torch.testing.assert_close(value, state[key], rtol=0, atol=0, msg=key)


def original_convnext(key):
    """Name a weight as ConvNeXt's authors did."""
    key = re.sub(r"^stem\.", "downsample_layers.0.", key)
    key = re.sub(r"^stages\.(\d)\.downsample\.", r"downsample_layers.\1.", key)
    key = re.sub(r"^stages\.(\d)\.blocks\.", r"stages.\1.", key)
    key = key.replace("conv_dw", "dwconv").replace("mlp.fc", "pwconv")
    return key.replace("head.norm.", "norm.").replace("head.fc.", "head.")


@pytest.mark.parametrize(
    ("name", "positions", "n_kept"),
    [("test_vit", "pos_embed", 16 + 1), ("torchvision/vit_b_32", "encoder.pos_embedding", 4 + 1)],
)
def test_positions_are_resampled_for_another_input_size(tmp_path, name, positions, n_kept):
    state = make(name).state_dict()
    state[positions] = torch.full_like(state[positions], 0.5)
    save(tmp_path, state, name)
    loaded = load(tmp_path, name)
    assert loaded[positions].shape[1] == n_kept
    torch.testing.assert_close(loaded[positions], torch.full_like(loaded[positions], 0.5))


def test_an_older_densenet_of_torchvision_is_renamed(tmp_path):
    name = "torchvision/densenet121"
    state = make(name).state_dict()
    older = {re.sub(r"(layer\d+\.[a-z]+)([12])\.", r"\1.\2.", k): v for k, v in state.items()}
    assert "features.denseblock1.denselayer1.norm.1.weight" in older
    save(tmp_path, older, name, ".pth")
    key = "features.denseblock1.denselayer1.conv1.weight"
    assert torch.equal(load(tmp_path, name)[key], state[key])


@pytest.mark.parametrize("name", [TINY, SQUEEZENET])
def test_the_first_keys_that_differ_are_named(tmp_path, name):
    state = make(name).state_dict()
    first, second, *_ = state
    shape = "x".join(map(str, state[second].shape))
    state[second] = torch.zeros(7, 5)
    del state[first]
    state |= {f"extra.{place}": torch.zeros(1) for place in range(5)}
    file = save(tmp_path, state, name)
    message = loading_fails(tmp_path, name)
    assert message.startswith(f"{file}: cannot be loaded as weights of {name}: ")
    assert f"missing: {first};" in message
    assert "unexpected: extra.0, extra.1, extra.2 and 2 more;" in message
    assert message.endswith(f"of another shape: {second} (7x5 instead of {shape})")


@pytest.mark.parametrize(
    ("name", "other"),
    [
        (TINY, "test_resnet"),
        ("test_convnext", "test_vit"),
        ("test_vit", "test_convnext"),
        ("regnetx_002", "test_vit"),
        (SQUEEZENET, "torchvision/mobilenet_v3_small"),
        ("torchvision/vit_b_32", "torchvision/squeezenet1_1"),
    ],
)
def test_another_models_file_is_refused(tmp_path, name, other):
    file = save(tmp_path, make(other).state_dict(), name)
    message = loading_fails(tmp_path, name)
    assert message.startswith(f"{file}: cannot be loaded as weights of {name}: missing: ")
    assert "unexpected: " in message


def test_only_a_classifier_is_refused(tmp_path):
    state = make(TINY).state_dict()
    save(tmp_path, {key: v for key, v in state.items() if key.startswith("classifier")})
    assert "nothing but a classifier" in loading_fails(tmp_path)


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
@pytest.mark.parametrize("n_bytes", [0, 5, 100, -100])
def test_a_truncated_file_is_named(tmp_path, suffix, n_bytes):
    file = save(tmp_path, make(TINY).state_dict(), suffix=suffix)
    file.write_bytes(file.read_bytes()[:n_bytes])
    assert loading_fails(tmp_path).startswith(f"{file}: cannot be loaded as weights of {TINY}: ")


class Malicious:
    def __reduce__(self):
        return (print, ("code in a pickle was run",))


@pytest.mark.parametrize("content", [Malicious(), {"state_dict": Malicious()}])
def test_code_in_a_pickle_is_not_run(tmp_path, content, capsys):
    torch.save(content, tmp_path / f"{TINY}.pth")
    assert f"{TINY}.pth: cannot be loaded" in loading_fails(tmp_path)
    (tmp_path / f"{TINY}.pth").write_bytes(pickle.dumps(content))
    assert f"{TINY}.pth: cannot be loaded" in loading_fails(tmp_path)
    assert "code in a pickle" not in capsys.readouterr().out


@pytest.mark.parametrize("content", [torch.zeros(3), {"epoch": 3}, {}, [1, 2]])
def test_what_is_no_state_dict_is_refused(tmp_path, content):
    torch.save(content, tmp_path / f"{TINY}.pth")
    assert f"{TINY}.pth: cannot be loaded" in loading_fails(tmp_path)


def test_the_source_has_the_files_digest_but_not_its_folder(tmp_path):
    file = save(tmp_path, make(TINY).state_dict())
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    assert weights_source(TINY, tmp_path) == f"file {TINY}.safetensors, sha256 {digest[:12]}"
    assert weights_source("resnet50", tmp_path) == "hub timm/resnet50.a1_in1k"
    assert weights_source("torchvision/resnet50", tmp_path) == (
        "torchvision ResNet50_Weights.IMAGENET1K_V2"
    )


def test_weights_in_the_folder_are_not_missing(tmp_path):
    save(tmp_path, make(TINY).state_dict(), suffix=".pth")
    assert missing_weights([TINY], tmp_path) == []


@pytest.fixture
def no_caches(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(weights.huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))


@pytest.mark.usefixtures("no_caches")
def test_weights_out_of_reach_are_missing(tmp_path, monkeypatch):
    # Port 9 on this machine: nothing answers there.
    monkeypatch.setattr(weights, "ENDPOINT", "http://127.0.0.1:9")
    save(tmp_path, make(TINY).state_dict())
    assert missing_weights(["resnet50", TINY, "vgg16"], tmp_path) == ["resnet50", "vgg16"]


def cached_in_the_hub(folder, repository, file, state):
    """Write what the hub's client has once it has downloaded one file."""
    commit = "0" * 40
    kept = folder / f"models--{repository.replace('/', '--')}"
    for part in ("refs", f"snapshots/{commit}"):
        (kept / part).mkdir(parents=True)
    (kept / "refs" / "main").write_text(commit)
    path = kept / "snapshots" / commit / file
    if path.suffix == ".safetensors":
        safetensors.torch.save_file(state, path)
    else:
        torch.save(state, path)


@pytest.mark.usefixtures("no_caches")
@pytest.mark.parametrize("file", ["model.safetensors", "pytorch_model.bin"])
def test_weights_in_the_hubs_cache_are_not_missing(tmp_path, monkeypatch, file):
    monkeypatch.setattr(weights, "ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr(weights.huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    assert missing_weights(["test_vit"], None) == ["test_vit"]
    state = make("test_vit").state_dict()
    cached_in_the_hub(tmp_path, "timm/test_vit.r160_in1k", file, state)
    assert missing_weights(["test_vit"], None) == []
    # And timm finds them, as they are called missing for its sake.
    assert torch.equal(load(None, "test_vit", 160)["cls_token"], state["cls_token"])


@pytest.mark.usefixtures("no_caches")
def test_weights_under_a_name_of_their_own_are_looked_for_by_that(tmp_path, monkeypatch):
    monkeypatch.setattr(weights, "ENDPOINT", "http://127.0.0.1:9")
    named = timm.get_pretrained_cfg("test_vit")
    named.hf_hub_filename = "vit.bin"
    monkeypatch.setattr(weights.timm, "get_pretrained_cfg", lambda _: named)
    cached_in_the_hub(tmp_path, "timm/test_vit.r160_in1k", "vit.bin", {})
    assert missing_weights(["test_vit"], None) == []


@pytest.mark.usefixtures("no_caches")
def test_weights_that_timm_has_from_an_address_are_looked_for_in_torchs_cache(
    tmp_path, monkeypatch
):
    name, file = "legacy_xception", "xception-43020ad28.pth"
    address = timm.get_pretrained_cfg(name).url
    assert address.endswith(f"/{file}")
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    asked = []
    monkeypatch.setattr(weights, "_answers", asked.append)
    assert missing_weights([name], None) == [name]
    assert asked == ["https://" + address.split("/")[2]]
    assert weights_source(name, None) == f"url {address}"
    (tmp_path / "hub" / "checkpoints").mkdir(parents=True)
    state = make(name).state_dict()
    torch.save(state, tmp_path / "hub" / "checkpoints" / file)
    assert missing_weights([name], None) == []
    assert torch.equal(load(None, name)["conv1.weight"], state["conv1.weight"])


@pytest.mark.usefixtures("no_caches")
def test_it_is_said_where_each_models_weights_were_looked_for(tmp_path, monkeypatch):
    monkeypatch.setattr(weights, "ENDPOINT", "https://hub.example")
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    checkpoints = tmp_path / "torch" / "hub" / "checkpoints"
    said = where_looked(["resnet50", "legacy_xception", "vgg16", SQUEEZENET, NO_WEIGHTS], None)
    host = "https://" + timm.get_pretrained_cfg("legacy_xception").url.split("/")[2]
    of_torchvision = "https://download.pytorch.org"
    assert host != of_torchvision
    assert said == (
        "the pretrained weights of resnet50, vgg16 are missing: looked in "
        f"{tmp_path}, and https://hub.example does not answer; those of legacy_xception are "
        f"missing: looked in {checkpoints}, and {host} does not answer; those of {SQUEEZENET} are "
        f"missing: looked in {checkpoints}, and {of_torchvision} does not answer; those of "
        f"{NO_WEIGHTS} are missing: timm knows of none. Set weights_dir, or pass --weights-dir, to "
        "a folder that holds <model>.safetensors"
    )
    mine = where_looked([SQUEEZENET, NO_WEIGHTS], tmp_path)
    assert f"looked in {tmp_path} and in {checkpoints}, and {of_torchvision} does not" in mine
    assert f"{NO_WEIGHTS} are missing: looked in {tmp_path}, and timm knows of none." in mine


@pytest.mark.usefixtures("no_caches")
def test_the_hub_is_asked_once(tmp_path, monkeypatch):
    requests = []

    class Hub(BaseHTTPRequestHandler):
        def do_HEAD(self):
            requests.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setattr(weights, "ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    try:
        assert missing_weights(["resnet50", "vgg16", "resnet18", NO_WEIGHTS], None) == [NO_WEIGHTS]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert len(requests) == 1


@pytest.mark.realdata
@pytest.mark.parametrize(
    "name", ["mobilenetv1_100", "mobilenetv2_100", "tf_mobilenetv3_small_100", "regnetx_002"]
)
def test_real_weights_load_whole(realdata, name):
    folder = realdata / "weights"
    stored = safetensors.torch.load_file(folder / f"{name}.safetensors")
    loaded = load(folder, name)
    counters = {key for key in loaded if key.endswith("num_batches_tracked")}
    assert loaded.keys() - counters <= stored.keys()
    for key in loaded.keys() - counters:
        assert torch.equal(loaded[key], stored[key].float()), key


# Breeds of the pet photographs that ImageNet has, and their classes there.
BREEDS = {
    "basset_hound": 161,
    "beagle": 162,
    "great_pyrenees": 257,
    "keeshond": 261,
    "leonberger": 255,
    "newfoundland": 256,
    "pomeranian": 259,
    "pug": 254,
    "saint_bernard": 247,
    "samoyed": 258,
}


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("name", "classifier"),
    [
        ("mobilenetv2_100", "classifier"),
        ("tf_mobilenetv3_small_100", "classifier"),
        ("regnetx_002", "head.fc"),
    ],
)
def test_real_weights_know_the_breeds_of_real_pets(realdata, name, classifier):
    backbone = models.build_backbone(
        name, 224, pretrained=True, weights_dir=realdata / "weights"
    ).eval()
    stored = safetensors.torch.load_file(realdata / "weights" / f"{name}.safetensors")
    head = [stored[f"{classifier}.{part}"].float() for part in ("weight", "bias")]
    transform = timm.data.create_transform(**models.data_config(name))
    photos = [
        (file, imagenet_class)
        for breed, imagenet_class in BREEDS.items()
        for file in sorted((realdata / "datasets/oxford-iiit-pet/images").glob(f"{breed}_*"))
    ]
    images = [transform(Image.open(file).convert("RGB")) for file, _ in photos]
    with torch.inference_mode():
        features = torch.cat([backbone(batch) for batch in torch.stack(images).split(16)])
    predicted = torch.nn.functional.linear(features, *head).argmax(dim=1)
    accuracy = (predicted == torch.tensor([place for _, place in photos])).float().mean()
    assert len(photos) > 100
    assert accuracy > 0.75
