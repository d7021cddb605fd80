"""The colours of feature maps, as tables that an SVG filter looks grey up in.

A script may not read the pixels of a picture on `file://`, so it cannot colour them; a filter can.
"""

from dataclasses import dataclass

import matplotlib as mpl
import numpy as np

N_NODES = 52
"""Entries of a table: every fifth of matplotlib's 256. The filter draws straight lines between,
which keeps within 4 of 255 of the map."""
_MAPS = (
    ("viridis", "Viridis"),
    ("magma", "Magma"),
    ("cividis", "Cividis"),
    ("gray", "Grey"),
    ("RdBu_r", "Blue to red"),
)


@dataclass(frozen=True)
class Colormap:
    """A map from grey to colour.

    Attributes:
        name: matplotlib's own name.
        text: Name for people.
        red: Shares of red from black to white, apart by spaces.
        green: Those of green.
        blue: Those of blue.
    """

    name: str
    text: str
    red: str
    green: str
    blue: str


def colormaps() -> tuple[Colormap, ...]:
    """Return the maps to choose from, made from matplotlib's; the first is used unless asked."""
    return tuple(Colormap(name, text, *_tables(name)) for name, text in _MAPS)


def _tables(name: str) -> tuple[str, str, str]:
    colours = mpl.colormaps[name](np.linspace(0, 1, N_NODES))
    red, green, blue = (" ".join(f"{share:.3g}" for share in colours[:, k]) for k in range(3))
    return red, green, blue
