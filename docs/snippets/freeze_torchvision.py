import torch
from torch import nn
from torchvision import models

# weights="DEFAULT" downloads those of ImageNet
model = models.resnet18(weights=None)
model.requires_grad_(False)
model.fc = nn.Linear(model.fc.in_features, 37)  # new: learns

weights = model.named_parameters()
learning = [name for name, w in weights if w.requires_grad]
assert learning == ["fc.weight", "fc.bias"]
assert model(torch.zeros(2, 3, 224, 224)).shape == (2, 37)
