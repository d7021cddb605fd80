"""An image through a classifier, one step at a time."""

import timm
import torch
from PIL import Image

model = timm.create_model("resnet18", pretrained=False, num_classes=37).eval()
prepare = timm.data.create_transform(**timm.data.resolve_model_data_config(model))

photo = Image.new("RGB", (500, 375), "tan")
with torch.inference_mode():
    batch = prepare(photo).unsqueeze(0)  # (1, 3, 224, 224): normalised
    features = model.forward_features(batch)  # (1, 512, 7, 7): feature maps
    pooled = model.forward_head(features, pre_logits=True)  # (1, 512): one vector
    logits = model.get_classifier()(pooled)  # (1, 37): one number for each class
    probabilities = logits.softmax(dim=1)  # all positive, together 1
    at_once = model(batch)

assert features.shape == (1, 512, 7, 7)
assert torch.allclose(pooled, features.mean(dim=(2, 3)), atol=1e-5)
assert torch.allclose(logits, at_once)
assert torch.isclose(probabilities.sum(), torch.tensor(1.0))
