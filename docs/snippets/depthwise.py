from torch import nn


def n_weights(*layers):
    return sum(layer.weight.numel() for layer in layers)


plain = nn.Conv2d(64, 128, kernel_size=3, padding=1, bias=False)
depthwise = nn.Conv2d(64, 64, kernel_size=3, padding=1, groups=64, bias=False)
pointwise = nn.Conv2d(64, 128, kernel_size=1, bias=False)

assert n_weights(plain) == 3 * 3 * 64 * 128 == 73_728
assert n_weights(depthwise, pointwise) == 3 * 3 * 64 + 64 * 128 == 8_768
