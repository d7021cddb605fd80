"""Outputs of layers as maps: channels on a square grid of positions."""

import math
from typing import Any

import torch
from torch import Tensor, nn

# A transformer may have a class token, a distillation token and some registers.
_MOST_PREFIX_TOKENS = 16


class GridReader:
    """Reads the outputs of one backbone's layers as maps.

    Convolutions give (N, C, H, W), Swin's layers (N, H, W, C), other transformers and mixers
    (N, T, C): tokens row by row, after those that stand for no place, which are left out.

    Args:
        backbone: Tells, if it is timm's, how many such tokens there are and where its channels are.
    """

    def __init__(self, backbone: nn.Module) -> None:
        self._n_prefix: int | None = getattr(backbone, "num_prefix_tokens", None)
        self._channels_last = getattr(backbone, "output_fmt", None) == "NHWC"

    def __call__(self, output: Any) -> Tensor | None:
        """Return (N, C, H, H) maps; None if it is no square grid of two or more a side."""
        if not isinstance(output, Tensor):
            return None
        if output.ndim == 3:
            return self._from_tokens(output)
        if output.ndim != 4:
            return None
        maps = output.permute(0, 3, 1, 2) if self._is_last(output) else output
        return maps if maps.shape[2] == maps.shape[3] > 1 else None

    def back(self, maps: Tensor, output: Tensor) -> Tensor:
        """Return maps in the layout of the output that they were read from.

        Args:
            maps: (N, C, H, H), as `__call__` gave them or made from those.
            output: What they were read from; tokens without a place are taken from it.
        """
        if output.ndim == 3:
            places = maps.flatten(2).transpose(1, 2)
            return torch.cat([output[:, : -places.shape[1]], places], dim=1)
        return maps.permute(0, 2, 3, 1) if self._is_last(output) else maps

    def _is_last(self, output: Tensor) -> bool:
        """Return whether the channels are the last of four axes."""
        # Inputs are square, so the two sides that are alike are height and width.
        _, first, second, third = output.shape
        return first == second and (second != third or self._channels_last)

    def _from_tokens(self, tokens: Tensor) -> Tensor | None:
        n_tokens = tokens.shape[1]
        told = self._n_prefix
        # CaiT, for one, adds its class token after most of its blocks.
        for n_prefix in range(_MOST_PREFIX_TOKENS) if told is None else (told, 0):
            side = math.isqrt(max(n_tokens - n_prefix, 0))
            if side > 1 and side**2 == n_tokens - n_prefix:
                of_places = tokens[:, n_prefix:].transpose(1, 2)
                return of_places.reshape(*of_places.shape[:2], side, side)
        return None
