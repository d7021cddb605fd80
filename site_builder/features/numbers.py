"""The numbers of channels as text, for tables and for the browser."""

from collections.abc import Callable

from experiments.results.schema import ChannelNumbers
from site_builder import formatting

_AS_TEXT: dict[str, Callable[[float], str]] = {
    "minimum": formatting.value,
    "maximum": formatting.value,
    "mean": formatting.value,
    "variance": formatting.value,
    "zeros": formatting.rate,
    "similarity": formatting.coefficient,
    "low": formatting.value,
    "high": formatting.value,
}


def channel_texts(numbers: ChannelNumbers) -> dict[str, list[str]]:
    """Return each number of each channel as text: name of the number to one text for each channel.

    Zeros are in percent, without the sign.
    """
    return {
        name: [formatting.MISSING if n is None else as_text(n) for n in getattr(numbers, name)]
        for name, as_text in _AS_TEXT.items()
    }
