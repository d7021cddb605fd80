"""Decode every image once, then make batches of the pixels: what bakeoff does, in short."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from PIL import Image

photos = [Image.new("RGB", (32, 32), (10 * n, 0, 255)) for n in range(10)]

with TemporaryDirectory() as folder:
    path = Path(folder) / "pixels.npy"
    written = np.lib.format.open_memmap(path, "w+", np.uint8, (10, 32, 32, 3))
    for place, photo in enumerate(photos):
        written[place] = np.asarray(photo)
    written.flush()

    pixels = np.load(path, mmap_mode="r")  # on disk: the system reads what is asked for
    order = torch.randperm(len(pixels), generator=torch.Generator().manual_seed(0))
    batches = [
        torch.from_numpy(pixels[places.numpy()]).permute(0, 3, 1, 2).float() / 255
        for places in order.split(4)
    ]

assert [tuple(batch.shape) for batch in batches] == [(4, 3, 32, 32), (4, 3, 32, 32), (2, 3, 32, 32)]
assert batches[0].is_contiguous(memory_format=torch.channels_last)
assert batches[0][0, 0, 0, 0].item() == torch.tensor(10 * order[0].item() / 255).item()
