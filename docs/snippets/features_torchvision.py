import torch
from torchvision.models import feature_extraction, resnet18

model = resnet18(weights=None).eval()
wanted = {"layer4": "maps", "flatten": "pooled"}
extractor = feature_extraction.create_feature_extractor(model, wanted)
found = extractor(torch.zeros(1, 3, 224, 224))

assert found["maps"].shape == (1, 512, 7, 7)
assert found["pooled"].shape == (1, 512)
