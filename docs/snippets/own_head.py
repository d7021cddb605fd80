import timm
import torch
from torch import nn


class Classifier(nn.Module):
    def __init__(self, name, n_classes):
        super().__init__()
        self.backbone = timm.create_model(name, num_classes=0)
        n_features = self.backbone.num_features
        self.head = nn.Sequential(
            nn.Linear(n_features, 512),
            nn.ReLU(),
            nn.Dropout(0.5),
            nn.Linear(512, n_classes),
        )

    def forward(self, images):
        return self.head(self.backbone(images))


model = Classifier("resnet18", 37)
assert model(torch.zeros(2, 3, 224, 224)).shape == (2, 37)
