import pytest

from experiments.results.metrics.intervals import Interval
from site_builder import formatting
from site_builder.formatting import NBSP


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.0"), (1.0, "100.0"), (0.885, "88.5"), (0.9996, "99.9"), (0.99999, "99.9"),
        (0.0004, "0.1"), (1e-9, "0.1"), (0.1 + 0.2, "30.0"), (1 - 1e-16, "100.0"),
    ],
)  # fmt: skip
def test_a_rate_is_0_or_100_only_when_it_is(value: float, text: str) -> None:
    assert formatting.rate(value) == text


def test_percent_without_decimals_keeps_clear_of_the_ends() -> None:
    shown = [formatting.percent(value, 0) for value in (0, 0.001, 0.6, 0.999, 1)]
    assert shown == [f"{n}{NBSP}%" for n in (0, 1, 60, 99, 100)]


def test_intervals_and_points() -> None:
    assert formatting.interval(Interval(0.874, 0.99999)) == "87.4–99.9"
    assert formatting.points(0.0149) == f"1.5{NBSP}points"


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [(12, 40, "30"), (1, 900, "0.1"), (899, 900, "99"), (0, 4, "0"), (4, 4, "100"),
     (1, 100_000, "0.1"), (99, 10_000, "0.9"), (100, 10_000, "1"), (1, 8, "13")],
)  # fmt: skip
def test_shares(part: int, whole: int, text: str) -> None:
    assert formatting.share(part, whole) == f"{text}{NBSP}%"


@pytest.mark.parametrize(
    ("n", "text"),
    [(7, "7"), (999, "999"), (1000, "1.00 k"), (999_600, "1.00 M"), (11_200_000, "11.2 M"),
     (134_400_000, "134 M"), (4.1e9, "4.10 G"), (2.5e18, "2,500 P")],
)  # fmt: skip
def test_quantities_have_three_digits(n: float, text: str) -> None:
    assert formatting.quantity(n) == text.replace(" ", NBSP)


def test_sizes() -> None:
    assert formatting.size(512) == f"512{NBSP}B"
    assert formatting.size(44_783_000) == f"44.8{NBSP}MB"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0123, "0.0123 s"), (4.5, "4.50 s"), (59.94, "59.9 s"), (59.96, "1 min 0 s"),
     (725, "12 min 5 s"), (3599.7, "1 h 0 min"), (12_000, "3 h 20 min")],
)  # fmt: skip
def test_durations(seconds: float, text: str) -> None:
    assert formatting.duration(seconds) == text.replace(" ", NBSP).replace(f"min{NBSP}", "min ") \
        .replace(f"h{NBSP}", "h ")  # fmt: skip


@pytest.mark.parametrize(
    ("value", "text"), [(0.482, "0.482"), (2, "2.00"), (13.94, "13.9"), (1390, "1,390")]
)
def test_milliseconds(value: float, text: str) -> None:
    assert formatting.milliseconds(value) == f"{text}{NBSP}ms"


@pytest.mark.parametrize(
    ("value", "text"), [(0.001, "0.001"), (32, "32"), (0.0, "0"), (1e-8, "1e-08"), (100, "100")]
)
def test_settings(value: float, text: str) -> None:
    assert formatting.setting(value) == text


def test_counts_and_lists() -> None:
    assert formatting.count_of(1, "image") == f"1{NBSP}image"
    assert formatting.count_of(3669, "image") == f"3,669{NBSP}images"
    assert [formatting.word(n) for n in (1, 10, 11)] == ["one", "ten", "11"]
    assert formatting.listing(["a"]) == "a"
    assert formatting.listing(["a", "b", "c"]) == "a, b and c"
