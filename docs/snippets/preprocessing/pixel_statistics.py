"""Mean and deviation of a training set, over all its pixels; and how it is often done wrong."""

import torch


def pixel_statistics(images: list[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and deviation of each channel; images (3, H, W) in [0, 1], of any sizes."""
    n, total, squares = 0, torch.zeros(3).double(), torch.zeros(3).double()
    for image in images:
        pixels = image.double().flatten(start_dim=1)
        n += pixels.shape[1]
        total += pixels.sum(dim=1)
        squares += pixels.square().sum(dim=1)
    mean = total / n
    return mean, (squares / n - mean.square()).sqrt()


night = torch.full((3, 20, 20), 0.1)  # two flat images: one dark,
day = torch.full((3, 20, 20), 0.9)  # one bright
mean, std = pixel_statistics([night, day])
assert torch.allclose(mean, torch.tensor(0.5).double())
assert torch.allclose(std, torch.tensor(0.4).double())

# Wrong: the mean of each image's own deviation says that these pixels do not vary at all.
wrong = torch.stack([image.std(dim=(1, 2)) for image in (night, day)]).mean(dim=0)
assert torch.allclose(wrong, torch.zeros(3), atol=1e-6)

# The same as over one long row of pixels, also where images differ in size.
generator = torch.Generator().manual_seed(0)
images = [torch.rand(3, side, 2 * side, generator=generator) for side in (5, 9, 14)]
row = torch.cat([image.flatten(start_dim=1) for image in images], dim=1).double()
mean, std = pixel_statistics(images)
assert torch.allclose(mean, row.mean(dim=1))
assert torch.allclose(std, row.std(dim=1, correction=0))
