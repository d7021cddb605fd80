import timm
import torch
from torch import nn

torch.manual_seed(0)
backbone = timm.create_model("resnet18", num_classes=0)
backbone.requires_grad_(False)
backbone.eval()  # batch norm keeps its statistics
head = nn.Linear(backbone.num_features, 37)
optimizer = torch.optim.Adam(head.parameters(), lr=1e-3)

images = torch.randn(4, 3, 64, 64)  # a batch of the loader
targets = torch.tensor([0, 1, 2, 3])
with torch.no_grad():
    features = backbone(images)  # once: they stay the same

losses = []
for _ in range(20):
    logits = head(features)
    loss = nn.functional.cross_entropy(logits, targets)
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    losses.append(loss.item())

assert losses[-1] < losses[0]
