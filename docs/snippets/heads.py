import torch
from torch import nn

F, C = 1024, 37  # features of the backbone, classes

linear = nn.Linear(F, C)
mlp = nn.Sequential(nn.Linear(F, 512), nn.ReLU(), nn.Dropout(0.5), nn.Linear(512, C))
deep = nn.Sequential(
    nn.Linear(F, 1024), nn.ReLU(), nn.Dropout(0.3),
    nn.Linear(1024, 512), nn.ReLU(), nn.Dropout(0.3),
    nn.Linear(512, C),
)  # fmt: skip

logits = [head(torch.zeros(8, F)) for head in (linear, mlp, deep)]  # no softmax at the end
assert [tuple(of_one.shape) for of_one in logits] == [(8, C)] * 3
