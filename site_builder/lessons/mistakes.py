"""Mistakes with shapes, and what PyTorch says of them when `docs/snippets/mistakes.py` is run.

What it prints is beside it, in `mistakes.txt`; a new version of PyTorch may word it anew.
"""

from dataclasses import dataclass

from site_builder.highlight import SNIPPETS

_MEANINGS = {
    "feature maps that were not pooled": "A linear layer works along the last axis, and that is "
    "the width, 7. Pool first: then it is the channels.",
    "flattened instead of pooled": "25,088 is 512 × 7 × 7: every place became a feature of its "
    "own. Pool, or make the head as wide.",
    "features of another backbone": "The head was made for 2,048 features and gets 512. Ask the "
    "backbone how many it has.",
    "channels last": "PyTorch reads the second axis as channels. Permute to (N, C, H, W).",
    "bytes, not floats": "The image was never scaled to [0, 1] and normalised.",
    "a label that has no logit": "With 37 classes labels go from 0 to 36. Count from 0, or check "
    "the number of classes.",
    "labels as floats": "Classes are indices: convert with .long().",
    "one label too few": "Images and labels of a batch have come apart, often in a collate "
    "function.",
}


@dataclass(frozen=True)
class Mistake:
    """A mistake.

    Attributes:
        name: What was done.
        message: What PyTorch says.
        meaning: What that means, and what to do.
    """

    name: str
    message: str
    meaning: str


@dataclass(frozen=True)
class Mistakes:
    """Mistakes as a version of PyTorch words them."""

    version: str
    all: tuple[Mistake, ...]


def mistakes() -> Mistakes:
    """Return what was printed when the snippet was run."""
    version, *lines = printed("mistakes").splitlines()
    pairs = zip(lines[::2], lines[1::2], strict=True)
    named = [(name.removesuffix(":"), message.strip()) for name, message in pairs]
    return Mistakes(version, tuple(Mistake(name, said, _MEANINGS[name]) for name, said in named))


def printed(snippet: str) -> str:
    """Return what a snippet printed, by its name without an ending."""
    return (SNIPPETS / f"{snippet}.txt").read_text(encoding="utf-8")
