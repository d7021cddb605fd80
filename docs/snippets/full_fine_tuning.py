import timm
import torch
from torch import nn

torch.manual_seed(0)
backbone = timm.create_model("resnet18", num_classes=0)
head = nn.Linear(backbone.num_features, 37)
model = nn.Sequential(backbone, head)

# A tenth for the backbone, whose weights are good already
slow = {"params": backbone.parameters(), "lr": 1e-4}
fast = {"params": head.parameters(), "lr": 1e-3}
optimizer = torch.optim.AdamW([slow, fast])
images = torch.randn(4, 3, 64, 64)  # a batch of the loader
targets = torch.tensor([0, 1, 2, 3])
before = backbone.conv1.weight.clone()

model.train()
loss = nn.functional.cross_entropy(model(images), targets)
loss.backward()
optimizer.step()
optimizer.zero_grad()

assert not torch.equal(before, backbone.conv1.weight)
