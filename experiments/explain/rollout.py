"""Attention rollout: how much of each input token reaches a token of a transformer's last layer.

It follows the attention weights and nothing else, neither the values nor the head: it shows what
the model attended to, and is the same for every class. Source: Abnar and Zuidema, "Quantifying
attention flow in transformers", ACL 2020, section 3.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn


class AttentionReader:
    """Reads the attention weights of a transformer.

    It knows timm's attention, which applies a dropout called `attn_drop` to the weights unless a
    fused kernel hides them, and torch's own `MultiheadAttention`.

    Args:
        model: Gives up fused kernels and gets hooks, for good: a copy of the one in use.

    Attributes:
        names: Where the attentions are in the model, in the order in which they ran last.
    """

    def __init__(self, model: nn.Module) -> None:
        self.names: list[str] = []
        self._model = model
        self._weights: list[Tensor] = []
        for name, module in model.named_modules():
            if hasattr(module, "fused_attn"):
                module.fused_attn = False
            if isinstance(module, nn.MultiheadAttention):
                module.register_forward_pre_hook(_ask_for_weights, with_kwargs=True)
                self._keep_from(module, name, lambda output: output[1])
            elif isinstance(dropout := getattr(module, "attn_drop", None), nn.Module):
                self._keep_from(dropout, name, lambda output: output)

    def __call__(self, images: Tensor) -> list[Tensor] | None:
        """Send images, (N, 3, H, H) float, through the model.

        Returns:
            (N, heads, T, T) float of each attention, in the order in which they ran; None if the
            model has none, or they are not shares of the same T tokens.
        """
        self.names.clear()
        self._weights.clear()
        with torch.no_grad():
            self._model(images)
        same_tokens = len({of_layer.shape[2:] for of_layer in self._weights}) == 1
        return list(self._weights) if same_tokens and all(map(_is_shares, self._weights)) else None

    def _keep_from(self, module: nn.Module, name: str, weights_in: Any) -> None:
        def keep(_module: nn.Module, _inputs: Any, output: Any) -> None:
            self.names.append(name)
            self._weights.append(weights_in(output))

        module.register_forward_hook(keep)


def roll_out(weights: Sequence[Tensor]) -> Tensor:
    """Multiply the attention of all layers, each averaged over its heads.

    Half of every token goes past the attention through the residual connection: the identity is
    added to the weights, and rows are scaled to sum to 1 again.

    Args:
        weights: (N, heads, T, T) float of each layer, from input to output: rows are the tokens
            that attend and sum to 1, columns those attended to.

    Returns:
        (N, T, T) float32: in row i the share of each input token in token i of the last layer; rows
        sum to 1.
    """
    identity = torch.eye(weights[0].shape[-1], device=weights[0].device)
    rolled = identity.expand(len(weights[0]), -1, -1)
    for of_layer in weights:
        mixed = of_layer.float().mean(dim=1) + identity
        rolled = mixed / mixed.sum(dim=-1, keepdim=True) @ rolled
    return rolled


def _is_shares(weights: Tensor) -> bool:
    """Return whether they are (N, heads, T, T), and none takes a token away from another."""
    square = weights.ndim == 4 and weights.shape[2] == weights.shape[3]
    return square and not bool((weights < 0).any())


def _ask_for_weights(
    _module: nn.Module, args: tuple[Any, ...], options: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return args, {**options, "need_weights": True, "average_attn_weights": False}
