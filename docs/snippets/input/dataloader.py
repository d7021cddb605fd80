"""Batches of a dataset, for training and for validation."""

import torch
from torch.utils.data import DataLoader, TensorDataset

dataset = TensorDataset(torch.rand(10, 3, 32, 32), torch.arange(10))

training = DataLoader(
    dataset,
    batch_size=4,
    shuffle=True,  # in another order every epoch
    generator=torch.Generator().manual_seed(0),  # the same orders in every run
    num_workers=0,  # 0: loaded in this process
    pin_memory=torch.cuda.is_available(),  # of use only on the way to a GPU
    drop_last=False,
)
first = [targets for _, targets in training]
second = [targets for _, targets in training]
assert [len(targets) for targets in first] == [4, 4, 2]
assert sorted(torch.cat(first).tolist()) == list(range(10))  # every image once
assert not torch.equal(torch.cat(first), torch.cat(second))

whole_batches = DataLoader(dataset, batch_size=4, shuffle=True, drop_last=True)
assert [len(targets) for _, targets in whole_batches] == [4, 4]  # two images are left out

validation = DataLoader(dataset, batch_size=4)  # in order, and all of it
assert torch.equal(torch.cat([targets for _, targets in validation]), torch.arange(10))
