"""What each channel responds to most, found in a pass over the test images that is made anyway.

A channel's response to an image is its peak: the highest value at any position. Max pooling finds
it sooner than other ways to write a maximum where channels come last in memory.
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from experiments.explain.layers import choose_layers, kept_maps, watching

N_TOP = 9


class Watched(nn.Module):
    """A backbone whose features are followed by the peaks of all channels of some layers.

    Args:
        backbone: (B, 3, H, H) float to (B, F) float.
        names: Its modules, in the order in which they finish.
        n_channels: Of each of them.

    Attributes:
        names: As given.
        n_channels: As given.
        n_peaks: P, the channels of all layers.
    """

    def __init__(
        self, backbone: nn.Module, names: Sequence[str], n_channels: Sequence[int]
    ) -> None:
        super().__init__()
        self._backbone = backbone
        self.names = list(names)
        self.n_channels = list(n_channels)
        self.n_peaks = sum(n_channels)

    def forward(self, images: Tensor) -> Tensor:
        """Return (B, F + P) float: the backbone's own features, then the peaks."""
        peaks: dict[str, Tensor] = {}

        def keep(name: str, maps: Tensor, _from_tokens: bool) -> None:
            peaks[name] = functional.max_pool2d(maps, maps.shape[-1]).flatten(1)

        with watching(self._backbone, self.names, keep):
            features = self._backbone(images)
        return torch.cat([features, *(peaks[name] for name in self.names)], dim=1)

    def by_layer(self, places: NDArray[np.int32]) -> list[NDArray[np.int32]]:
        """Divide (P, k) into a (C, k) for each layer."""
        return np.split(places, np.cumsum(self.n_channels)[:-1])


def watch(backbone: nn.Module, image: Tensor, asked: Sequence[str]) -> Watched | None:
    """Watch the layers that feature maps will be made of; leaves eval mode on.

    Args:
        backbone: On the image's device.
        image: (1, 3, H, H) float.
        asked: Layers that the configuration names, if any.

    Returns:
        None where no layer can be watched: a run is worth more than its pictures.
    """
    backbone.eval()
    try:
        names = choose_layers(backbone, image, asked)
        with torch.no_grad(), kept_maps(backbone, names) as kept:
            backbone(image)
        return Watched(backbone, names, [kept[name].maps.shape[1] for name in names])
    except Exception:
        return None


class TopImages:
    """The images of highest peak for every channel, kept while images go by in order.

    Of equal peaks the earlier image comes first.

    Args:
        n_peaks: P, the channels.
        device: Where peaks come from.
    """

    def __init__(self, n_peaks: int, device: torch.device) -> None:
        self.n_peaks = n_peaks
        self._n_images = 0
        self._values = torch.full((n_peaks, N_TOP), -torch.inf, device=device)
        self._places = torch.zeros((n_peaks, N_TOP), dtype=torch.int32, device=device)

    def add(self, peaks: Tensor) -> None:
        """Take the (B, P) float32 peaks of the next B images."""
        # After a while few channels see a new highest: the others cost a comparison.
        rows = (peaks.amax(dim=0) > self._values[:, -1]).nonzero()[:, 0]
        fresh = torch.arange(
            self._n_images, self._n_images + len(peaks), dtype=torch.int32, device=peaks.device
        )
        values = torch.cat([self._values[rows], peaks.T[rows]], dim=1)
        places = torch.cat([self._places[rows], fresh.expand(len(rows), -1)], dim=1)
        order = values.argsort(dim=1, descending=True, stable=True)[:, :N_TOP]
        self._values[rows] = values.gather(1, order)
        self._places[rows] = places.gather(1, order)
        self._n_images += len(peaks)

    def places(self) -> NDArray[np.int32]:
        """Return (P, k) int32 places, the highest first; k is `N_TOP`, or all images if fewer."""
        found: NDArray[np.int32] = self._places[:, : self._n_images].cpu().numpy()
        return found
