import timm
import torch

# pretrained=True downloads weights, most often ImageNet's
model = timm.create_model("resnet18", num_classes=37)
model.requires_grad_(False)
model.get_classifier().requires_grad_(True)

weights = model.named_parameters()
learning = [name for name, w in weights if w.requires_grad]
assert learning == ["fc.weight", "fc.bias"]
assert model(torch.zeros(2, 3, 224, 224)).shape == (2, 37)
