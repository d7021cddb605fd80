"""The front against its definition, point by point."""

from hypothesis import given
from hypothesis import strategies as st

from site_builder.pareto import pareto_front

small = st.integers(1, 5).map(float)


@given(st.lists(st.tuples(small, small), max_size=12))
def test_the_front_is_what_no_other_point_dominates(points: list[tuple[float, float]]) -> None:
    def dominated(place: int) -> bool:
        cost, accuracy = points[place]
        return any(
            other_cost <= cost and other >= accuracy and (other_cost, other) != (cost, accuracy)
            for other_cost, other in points
        )

    front = pareto_front([cost for cost, _ in points], [accuracy for _, accuracy in points])
    assert sorted(front) == [place for place in range(len(points)) if not dominated(place)]
    costs = [points[place][0] for place in front]
    assert costs == sorted(costs)
