"""Which series are drawn first, and the list that the reader picks from."""

from collections.abc import Sequence
from dataclasses import dataclass

from site_builder.curves.drawing import colour
from site_builder.curves.series import Series

ALL_UP_TO = 4
"""So many runs are all drawn at first."""
N_FIRST = 3
"""Of more runs only the most accurate are."""


@dataclass(frozen=True)
class Pick:
    """A series that can be drawn: its key, what tells it from others of its model, and its look.

    Attributes:
        key: Its name in the address of the page.
        variant: What tells it from other series of its model.
        look: How its lines look; empty while it is not drawn.
    """

    key: str
    variant: str
    look: str


@dataclass(frozen=True)
class ModelPicks:
    """The series of one model."""

    model: str
    picks: tuple[Pick, ...]


def drawn_first(series: Sequence[Series]) -> tuple[Series, ...]:
    """Return the series that are drawn before the reader picks: of several seeds their mean.

    Args:
        series: All there are, the most accurate first.
    """
    in_means = {record.run_id for each in series if each.spreads for record in each.records}
    leading = [each for each in series if each.key not in in_means]
    return tuple(leading if len(leading) <= ALL_UP_TO else leading[:N_FIRST])


def model_picks(series: Sequence[Series], drawn: Sequence[Series]) -> tuple[ModelPicks, ...]:
    """Return what can be picked, by model, the most accurate first."""
    looks = {each.key: colour(place) for place, each in enumerate(drawn)}
    picks: dict[str, list[Pick]] = {}
    for each in series:
        pick = Pick(each.key, each.name.variant, looks.get(each.key, ""))
        picks.setdefault(each.name.model, []).append(pick)
    return tuple(ModelPicks(model, tuple(of_model)) for model, of_model in picks.items())
