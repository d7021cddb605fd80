"""The four steps one by one: shape, type and range of values after each."""

import numpy as np
import torch
from PIL import Image
from torchvision.transforms import InterpolationMode
from torchvision.transforms.v2 import functional

random = np.random.default_rng(0)
photo = Image.fromarray(random.integers(0, 256, (375, 500, 3), dtype=np.uint8))
pixels = functional.pil_to_tensor(photo)

resized = functional.resize(pixels, [256], InterpolationMode.BICUBIC)  # the shorter side
assert resized.shape == (3, 256, 341)  # 341 = 500 * 256 / 375, rounded down

cropped = functional.center_crop(resized, [224, 224])
assert cropped.shape == (3, 224, 224)
assert cropped.dtype == torch.uint8  # whole numbers so far, from 0 to 255

unit = functional.to_dtype(cropped, torch.float32, scale=True)
assert unit.min() >= 0
assert unit.max() <= 1

mean, std = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
normalised = functional.normalize(unit, mean, std)
assert torch.isclose(normalised[0, 0, 0], (unit[0, 0, 0] - 0.485) / 0.229)

# Black and white are the ends of what red can become.
assert round((0 - 0.485) / 0.229, 2) == -2.12
assert round((1 - 0.485) / 0.229, 2) == 2.25
