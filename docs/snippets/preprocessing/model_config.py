"""What a model wants to be fed: ask its weights, since the architecture does not tell."""

import timm

augreg = timm.get_pretrained_cfg("vit_base_patch16_224.augreg_in21k_ft_in1k")
mae = timm.get_pretrained_cfg("vit_base_patch16_224.mae")
assert augreg.mean == (0.5, 0.5, 0.5)
assert mae.mean == (0.485, 0.456, 0.406)  # the same network, trained on other inputs

# With a model at hand, and torchvision transforms made from the same values:
model = timm.create_model("resnet18.a1_in1k", pretrained=False)
config = timm.data.resolve_model_data_config(model)
assert config["input_size"] == (3, 224, 224)
assert config["mean"] == (0.485, 0.456, 0.406)

prepare = timm.data.create_transform(**config, is_training=False)
augment = timm.data.create_transform(**config, is_training=True)
assert "CenterCrop" in str(prepare)
assert "RandomResizedCrop" in str(augment)
