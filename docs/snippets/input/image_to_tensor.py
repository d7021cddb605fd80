"""From a picture to a tensor, and back."""

import numpy as np
import torch
from PIL import Image
from torchvision.transforms.v2 import functional

photo = Image.new("RGB", (500, 375), (255, 128, 0))
assert photo.size == (500, 375)  # Pillow: width, then height
assert np.asarray(photo).shape == (375, 500, 3)  # NumPy: height, width, channels

pixels = functional.pil_to_tensor(photo)
assert pixels.shape == (3, 375, 500)  # PyTorch: channels, height, width
assert pixels.dtype == torch.uint8

unit = functional.to_dtype(pixels, torch.float32, scale=True)  # divided by 255
assert unit.max() == 1.0
assert unit.nbytes == 4 * pixels.nbytes  # 4 bytes a number instead of 1

batch = torch.stack([unit, unit])  # only images of one size make a batch
assert batch.shape == (2, 3, 375, 500)

again = functional.to_pil_image(pixels)
assert again.getpixel((0, 0)) == (255, 128, 0)
