"""Channels first, channels last, and the ways between them."""

import torch

nchw = torch.arange(12).reshape(1, 3, 2, 2)  # one image: 3 channels of 2 x 2 pixels
nhwc = nchw.permute(0, 2, 3, 1)  # other axes, the same memory: nothing is copied

assert nhwc.shape == (1, 2, 2, 3)
assert nhwc.data_ptr() == nchw.data_ptr()
assert nhwc[0, 1, 0].tolist() == [2, 6, 10]  # red, green and blue of one pixel

packed = nhwc.contiguous()  # a copy, in which these three are neighbours
assert packed.flatten().tolist() == [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11]

back = packed.permute(0, 3, 1, 2)
assert torch.equal(back, nchw)

# What PyTorch calls channels last: the shape of NCHW, laid out in memory as NHWC.
fast = nchw.to(memory_format=torch.channels_last)
assert fast.shape == nchw.shape
assert nchw.stride() == (12, 4, 2, 1)
assert fast.stride() == (12, 1, 6, 3)

# reshape is no conversion: it reads on in memory, and mixes pixels.
assert not torch.equal(nchw.reshape(1, 2, 2, 3), nhwc)
