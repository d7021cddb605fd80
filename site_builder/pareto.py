"""The Pareto front: what nothing else beats in both accuracy and cost."""

from collections.abc import Sequence


def pareto_front(costs: Sequence[float], accuracies: Sequence[float]) -> list[int]:
    """Return the places of the points that no other point dominates, by rising cost.

    A point dominates another if it costs no more, is at least as accurate, and is better in one of
    the two; of points that are equal in both, all are on the front or none.

    Args:
        costs: One number a point, less is better.
        accuracies: One number a point, more is better.

    Example:
        >>> pareto_front([3.0, 1.0, 2.0, 2.0], [0.9, 0.7, 0.8, 0.6])
        [1, 2, 0]
    """
    points = list(zip(costs, accuracies, strict=True))
    front: list[int] = []
    for place in sorted(range(len(points)), key=lambda place: (costs[place], -accuracies[place])):
        last = points[front[-1]] if front else None
        if last is None or points[place] == last or accuracies[place] > last[1]:
            front.append(place)
    return front
