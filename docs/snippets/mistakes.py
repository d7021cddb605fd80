import torch
from torch import nn

images = torch.zeros(2, 3, 224, 224)
maps, features = torch.zeros(2, 512, 7, 7), torch.zeros(2, 512)
conv, head = nn.Conv2d(3, 64, kernel_size=7), nn.Linear(512, 37)
logits, targets = torch.zeros(2, 37), torch.tensor([4, 30])
loss = nn.CrossEntropyLoss()

mistakes = {
    "feature maps that were not pooled": lambda: head(maps),
    "flattened instead of pooled": lambda: head(maps.flatten(1)),
    "features of another backbone": lambda: nn.Linear(2048, 37)(features),
    "channels last": lambda: conv(images.permute(0, 2, 3, 1)),
    "bytes, not floats": lambda: conv(images.byte()),
    "a label that has no logit": lambda: loss(logits, torch.tensor([4, 37])),
    "labels as floats": lambda: loss(logits, targets.float()),
    "one label too few": lambda: loss(logits, targets[:1]),
}
found = []
print("PyTorch", torch.__version__.split("+")[0])
for name, mistake in mistakes.items():
    try:
        mistake()
    except (RuntimeError, IndexError, ValueError) as error:
        found.append(name)
        print(f"{name}:\n    {str(error).splitlines()[0]}")

assert found == list(mistakes)  # each of them is one
