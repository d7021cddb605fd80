from datetime import datetime, timedelta, timezone

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


def test_differences_have_their_sign_and_never_read_as_none() -> None:
    assert formatting.points(0.0004) == f"0.04{NBSP}points"
    assert formatting.signed_points(0.0004) == f"+0.04{NBSP}points"
    assert formatting.signed_points(-0.0149) == f"−1.5{NBSP}points"
    assert formatting.signed_points(0.0) == f"0.0{NBSP}points"
    assert formatting.points_between(Interval(-0.0031, 0.021)) == "−0.3 to 2.1"
    assert formatting.points_between(Interval(-0.0001, 0.0)) == "−0.01 to 0.0"
    assert formatting.points_between(Interval(0.0003, 0.02)) == "0.03 to 2.0"
    assert formatting.points_between(Interval(-0.02, -0.000001)) == "−2.0 to −0.01"
    assert formatting.rate(-0.0) == "0.0"
    assert formatting.duration(0) == f"0{NBSP}s"


def test_a_p_value_stays_on_its_side_of_the_level() -> None:
    shown = [formatting.p_value(p).replace(NBSP, " ") for p in (0.0002, 0.0123, 0.05, 0.0501, 1)]
    assert shown == ["p < 0.001", "p = 0.012", "p = 0.050", "p = 0.051", "p = 1.000"]


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


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.9999, "0.999"), (1.0, "1.000"), (1 - 1e-16, "1.000"), (0.0, "0.000"), (0.0001, "0.001"),
     (-0.25, "−0.250"), (-0.00001, "−0.001"), (-1.0, "−1.000")],
)  # fmt: skip
def test_coefficients_are_0_or_1_only_when_they_are(value: float, text: str) -> None:
    assert formatting.coefficient(value) == text


def test_losses_have_three_digits_whatever_their_size() -> None:
    assert [formatting.loss(value) for value in (0.0, 0.000412, 0.17446, 2.3, 15.942)] == [
        "0", "0.000412", "0.174", "2.30", "15.9",
    ]  # fmt: skip


def test_a_moment_is_said_in_utc() -> None:
    when = datetime(2025, 1, 31, 14, 5, tzinfo=timezone(timedelta(hours=1)))
    assert formatting.moment(when) == "2025-01-31 13:05:00 UTC"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0149, "+1.5"), (-0.003, "−0.3"), (0.0, "0.0"), (-0.0004, "−0.04"), (1e-9, "+0.01")],
)
def test_differences_have_their_sign_unless_they_are_nothing(value: float, text: str) -> None:
    assert formatting.signed_points(value) == f"{text}{NBSP}points"
