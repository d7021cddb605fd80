"""Pretrained weights: files of a folder, or the hub; what they are, and whether they can be had."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import huggingface_hub
import timm
import torch
from huggingface_hub.constants import ENDPOINT
from timm.models import load_state_dict
from torch import Tensor

from experiments import torchvision_zoo
from experiments.results.errors import DataError

SUFFIXES = (".safetensors", ".pth")
# What timm looks for in a repository of the hub where its registry names no file, in this order.
HUB_WEIGHTS_FILES = ("model.safetensors", "pytorch_model.bin")
HUB_TIMEOUT_S = 10
SHORT_DIGEST = 12
N_KEYS_NAMED = 3


def local_file(name: str, weights_dir: Path | None) -> Path | None:
    """Return the file of a model's weights in a folder: `<name>.safetensors`, else `<name>.pth`."""
    if weights_dir is None:
        return None
    files = (weights_dir / f"{name}{suffix}" for suffix in SUFFIXES)
    return next((file for file in files if file.is_file()), None)


def read_state(file: Path, name: str) -> dict[str, Tensor]:
    """Read a state dict; of a training checkpoint, the averaged weights, else the plain ones.

    A `.pth` file is unpickled with `weights_only`: it can hold tensors, but no code.

    Raises:
        DataError: Names the file and what is wrong with it.
    """
    try:
        state: dict[str, Any] = load_state_dict(str(file), weights_only=True)
    except Exception as error:  # a damaged file makes torch and safetensors raise nearly anything
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise DataError(f"{file}: cannot be loaded as weights of {name}: {reason}") from None
    if not state or not all(isinstance(value, Tensor) for value in state.values()):
        raise DataError(f"{file}: cannot be loaded as weights of {name}: it is no state dict")
    return state


@dataclass(frozen=True)
class Differences:
    """How a state dict differs from a model's.

    Attributes:
        missing: Keys that only the model has.
        unexpected: Keys that only the state dict has.
        shapes: Keys of both whose values differ in shape, and how.
    """

    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    shapes: tuple[str, ...]

    @classmethod
    def from_error(cls, error: Exception) -> "Differences":
        """Read them from the error of `Module.load_state_dict`, which has them in its text only."""
        text = str(error)
        missing = re.search(r"Missing key\(s\) in state_dict: (.*)", text)
        unexpected = re.search(r"Unexpected key\(s\) in state_dict: (.*)", text)
        shapes = re.findall(r"size mismatch for (\S+): .*?\[(.*?)\].*?\[(.*?)\]", text)
        return cls(
            missing=tuple(re.findall(r'"(.+?)"', missing[1])) if missing else (),
            unexpected=tuple(re.findall(r'"(.+?)"', unexpected[1])) if unexpected else (),
            shapes=tuple(
                f"{key} ({has.replace(', ', 'x')} instead of {wants.replace(', ', 'x')})"
                for key, has, wants in shapes
            ),
        )

    def __bool__(self) -> bool:
        return bool(self.missing or self.unexpected or self.shapes)

    def __str__(self) -> str:
        groups = {
            "missing": self.missing,
            "unexpected": self.unexpected,
            "of another shape": self.shapes,
        }
        return "; ".join(f"{what}: {_first(keys)}" for what, keys in groups.items() if keys)


def mismatch(file: Path | None, name: str, error: Exception) -> DataError:
    """Return the error that says why weights do not fit a model."""
    first_line = next(iter(str(error).strip().splitlines()), type(error).__name__)
    reason = str(Differences.from_error(error)) or first_line
    return DataError(f"{file or name}: cannot be loaded as weights of {name}: {reason}")


def weights_source(name: str, weights_dir: Path | None) -> str:
    """Say where a pretrained model's weights come from, without naming a folder of this machine."""
    file = local_file(name, weights_dir)
    if file is not None:
        with file.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        return f"file {file.name}, sha256 {digest[:SHORT_DIGEST]}"
    if torchvision_zoo.is_name(name):
        return f"torchvision {torchvision_zoo.weights_enum(name)}"
    address = _address(name)
    return f"url {address}" if address else f"hub {_hub_repository(name)}"


def missing_weights(names: Iterable[str], weights_dir: Path | None) -> list[str]:
    """Return the models whose weights are not in the folder, not cached, and out of reach."""
    wanted = [name for name in names if local_file(name, weights_dir) is None]
    hosts = {name: _host(name) for name in wanted if not _is_cached(name)}
    # Once per host: the hub's own client retries for the better part of a minute per model.
    silent = {host for host in set(hosts.values()) if host is None or not _answers(host)}
    return [name for name, host in hosts.items() if host in silent]


def where_looked(missing: Iterable[str], weights_dir: Path | None) -> str:
    """Say where models' weights were looked for in vain, and what to do about it."""
    names: dict[str, list[str]] = {}
    for name in missing:
        names.setdefault(_places(name, weights_dir), []).append(name)
    found = "; those of ".join(
        f"{', '.join(of_place)} are missing: {place}" for place, of_place in names.items()
    )
    return (
        f"the pretrained weights of {found}. Set weights_dir, or pass --weights-dir, to a folder "
        "that holds <model>.safetensors"
    )


def _places(name: str, weights_dir: Path | None) -> str:
    host = _host(name)
    folders = [weights_dir, _cache(name) if host else None]
    looked = " and ".join(f"in {folder}" for folder in folders if folder)
    silence = f"{host} does not answer" if host else "timm knows of none"
    return f"looked {looked}, and {silence}" if looked else silence


def _first(keys: tuple[str, ...]) -> str:
    more = len(keys) - N_KEYS_NAMED
    return ", ".join(keys[:N_KEYS_NAMED]) + (f" and {more} more" if more > 0 else "")


def _host(name: str) -> str | None:
    """Return the address of the host that has a model's weights; None where there are none."""
    if address := _address(name):
        parts = urlsplit(address)
        return f"{parts.scheme}://{parts.netloc}"
    return ENDPOINT if _hub_repository(name) else None


def _address(name: str) -> str | None:
    """Return where the file of a model's weights is, if that is not in the hub."""
    if torchvision_zoo.is_name(name):
        url: str = torchvision_zoo.weights_enum(name).url
        return url
    pretrained = timm.get_pretrained_cfg(name)
    # timm asks the hub where it may, whatever else its registry has.
    if pretrained is None or pretrained.hf_hub_id or not isinstance(pretrained.url, str):
        return None
    return pretrained.url or None


def _cache(name: str) -> Path:
    """Return the folder where a model's weights are kept once they have been fetched."""
    if _address(name):
        return Path(torch.hub.get_dir()) / "checkpoints"
    return Path(huggingface_hub.constants.HF_HUB_CACHE)


def _is_cached(name: str) -> bool:
    if address := _address(name):
        file_name = Path(urlsplit(address).path).name
        return (_cache(name) / file_name).is_file()
    repository = _hub_repository(name)
    return repository is not None and any(
        isinstance(huggingface_hub.try_to_load_from_cache(repository, file), str)
        for file in _hub_files(name)
    )


def _hub_files(name: str) -> tuple[str, ...]:
    """Return the names that timm tries in a model's repository."""
    pretrained = timm.get_pretrained_cfg(name)
    if pretrained is None or not pretrained.hf_hub_filename:
        return HUB_WEIGHTS_FILES
    named = pretrained.hf_hub_filename
    return (f"{named.removesuffix('.bin')}.safetensors", named)


def _hub_repository(name: str) -> str | None:
    pretrained = timm.get_pretrained_cfg(name)
    return pretrained.hf_hub_id if pretrained else None


def _answers(host: str) -> bool:
    try:
        huggingface_hub.get_session().head(host, timeout=HUB_TIMEOUT_S)
    except Exception:  # any transport's own error means the same here
        return False
    return True
