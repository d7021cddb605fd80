import timm
import torch

model = timm.create_model("resnet18", num_classes=0).eval()
images = torch.zeros(1, 3, 224, 224)

assert model.forward_features(images).shape == (1, 512, 7, 7)
assert model(images).shape == (1, 512)  # no classifier: pooled
assert model.num_features == 512
