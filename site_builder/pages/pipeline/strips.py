"""Small drawings as the attribute `d` of one SVG path, for the page and for what it fetches."""

from collections.abc import Sequence

from site_builder.architectures.scale import px

PROFILE_WIDTH = 1000
PROFILE_HEIGHT = 100
BAR_WIDTH = 100


def profile(numbers: Sequence[float]) -> str:
    """Draw many numbers side by side, each a bar from the line of zero.

    Args:
        numbers: At least one, in the order in which they are drawn.

    Returns:
        A path within `PROFILE_WIDTH` × `PROFILE_HEIGHT`, y downwards, as high as the numbers and
        zero span.
    """
    top, bottom = max(*numbers, 0.0), min(*numbers, 0.0)
    scale = PROFILE_HEIGHT / (top - bottom or 1.0)
    step = PROFILE_WIDTH / len(numbers)
    zero = px(top * scale)
    bars = (
        f"V{px((top - number) * scale)}H{px(step * place)}"
        for place, number in enumerate(numbers, start=1)
    )
    return f"M0 {zero}{''.join(bars)}V{zero}z"


def bar(share: float) -> str:
    """Draw a share in [0, 1] as a line of that part of `BAR_WIDTH`; at least a dot's width."""
    return f"M0 4H{px(max(share * BAR_WIDTH, 0.5))}"
