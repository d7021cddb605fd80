import timm
import torch

model = timm.create_model("resnet18", num_classes=37).eval()


def report(name):
    def hook(module, inputs, output):
        print(f"{name:12} {tuple(inputs[0].shape)!s:20} -> {tuple(output.shape)}")

    return hook


for name, module in model.named_children():
    module.register_forward_hook(report(name))
with torch.inference_mode():
    logits = model(torch.zeros(2, 3, 224, 224))

assert logits.shape == (2, 37)
