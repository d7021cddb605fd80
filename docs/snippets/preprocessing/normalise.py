"""Normalisation by a set's own statistics, and the way back to pixels."""

import torch
from torchvision.transforms.v2 import functional

images = torch.rand(8, 3, 32, 32, generator=torch.Generator().manual_seed(0))
mean = images.mean(dim=(0, 2, 3))
std = images.std(dim=(0, 2, 3), correction=0)

normalised = functional.normalize(images, mean.tolist(), std.tolist())
assert torch.allclose(normalised.mean(dim=(0, 2, 3)), torch.zeros(3), atol=1e-5)
assert torch.allclose(normalised.std(dim=(0, 2, 3), correction=0), torch.ones(3), atol=1e-5)

# Back again, to look at what a model was fed.
restored = normalised * std[:, None, None] + mean[:, None, None]
assert torch.allclose(restored, images, atol=1e-6)
