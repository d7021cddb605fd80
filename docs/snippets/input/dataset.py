"""A dataset with a folder for each class; an image is decoded when it is asked for."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset
from torchvision.transforms import v2


class FolderDataset(Dataset[tuple[Tensor, int]]):
    def __init__(self, folder: Path, prepare: Callable[[Image.Image], Tensor]) -> None:
        # Sorted: the order of a file system differs from machine to machine.
        self.classes = sorted(entry.name for entry in folder.iterdir())
        self.samples = [
            (path, target)
            for target, name in enumerate(self.classes)
            for path in sorted((folder / name).glob("*.png"))
        ]
        self.prepare = prepare

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        path, target = self.samples[index]
        with Image.open(path) as image:
            return self.prepare(image.convert("RGB")), target


prepare = v2.Compose(
    [
        v2.ToImage(),
        v2.Resize(256),
        v2.CenterCrop(224),
        v2.ToDtype(torch.float32, scale=True),
    ]
)
with TemporaryDirectory() as made:
    for name in ("cat", "dog"):
        (Path(made) / name).mkdir()
        Image.new("RGB", (500, 375), "tan").save(Path(made) / name / "1.png")
    dataset = FolderDataset(Path(made), prepare)
    image, target = dataset[1]

assert dataset.classes == ["cat", "dog"]
assert len(dataset) == 2
assert image.shape == (3, 224, 224)
assert target == 1  # an index, not a name: that is what losses take
