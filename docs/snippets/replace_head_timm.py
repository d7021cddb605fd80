import timm
import torch

resnet = timm.create_model("resnet18", num_classes=37)
# The same call for every model
mobilenet = timm.create_model("mobilenetv2_100")
mobilenet.reset_classifier(num_classes=37)

images = torch.zeros(2, 3, 224, 224)
assert resnet(images).shape == (2, 37)
assert mobilenet(images).shape == (2, 37)
