import torch
from torch import nn
from torchvision import models

resnet = models.resnet18(weights=None)
resnet.fc = nn.Linear(resnet.fc.in_features, 37)

# Here the last layer has another name
mobilenet = models.mobilenet_v2(weights=None)
last = mobilenet.classifier[1]
mobilenet.classifier[1] = nn.Linear(last.in_features, 37)

images = torch.zeros(2, 3, 224, 224)
assert resnet(images).shape == (2, 37)
assert mobilenet(images).shape == (2, 37)
