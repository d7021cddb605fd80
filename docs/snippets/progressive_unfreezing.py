import timm
import torch

model = timm.create_model("resnet18", num_classes=37)
model.requires_grad_(False)
model.fc.requires_grad_(True)
optimizer = torch.optim.Adam(model.fc.parameters(), lr=1e-3)

frozen = [model.layer1, model.layer2, model.layer3, model.layer4]
for epoch in range(1, 7):
    # The head alone for two epochs, then a stage every two
    if epoch > 2 and epoch % 2 == 1:
        stage = frozen.pop()
        stage.requires_grad_(True)
        weights = {"params": stage.parameters(), "lr": 1e-4}
        optimizer.add_param_group(weights)
    # Here one epoch of training

assert frozen == [model.layer1, model.layer2]
assert not model.layer2[0].conv1.weight.requires_grad
assert model.layer3[0].conv1.weight.requires_grad
