"""The only place where a number becomes text.

Rounding never shows 0 or 100 percent unless it is exactly so. Costs have three significant digits.
What the browser adds up when the reader asks becomes text in `static/js/format.js`, which writes
shares, percentages, points and counts as the functions here do; a test compares the two.
"""

import math
from collections.abc import Sequence
from datetime import UTC, datetime

from experiments.results.metrics.intervals import Interval
from experiments.results.metrics.paired import ALPHA

NBSP = "\N{NO-BREAK SPACE}"
MISSING = "\N{EN DASH}"
_SI_PREFIXES = ("", "k", "M", "G", "T", "P")
_LONG_TICK = 10_000
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def rate(value: float, digits: int = 1) -> str:
    """Return a fraction in [0, 1] as percent without the sign.

    Example:
        >>> rate(0.885), rate(0.99999), rate(1.0), rate(0.00001)
        ('88.5', '99.9', '100.0', '0.1')
    """
    # Sums of floats miss 0 and 1 by a few units in the last place; that is not a rounding question.
    percent = abs(round(value, 12)) * 100
    step = 10.0**-digits
    if 0 < percent < 100:
        percent = min(max(percent, step), 100 - step)
    return f"{percent:.{digits}f}"


def percent(value: float, digits: int = 1) -> str:
    """Return a fraction in [0, 1] as percent: `88.5 %`."""
    return f"{rate(value, digits)}{NBSP}%"


def interval(ends: Interval) -> str:
    """Return the ends of an interval of a rate in percent: `87.5–89.5`."""
    return f"{rate(ends.low)}–{rate(ends.high)}"


def points(value: float) -> str:
    """Return a difference of two rates in percentage points: `1.5 points`, `0.04 points`."""
    return f"{bare_points(value)}{NBSP}points"


def signed_points(value: float) -> str:
    """Return a difference of two rates with its sign: `+1.5 points`, `−0.3 points`."""
    text = points(value)
    return f"+{text}" if round(value, 12) > 0 else text


def bare_points(value: float) -> str:
    """Return a difference of two rates in percentage points, without the unit.

    It has a second decimal below 0.05 points, and reads 0 only where it is exactly so: the end of
    an interval that leaves out 0 must not look as if it touched it.

    Example:
        >>> [bare_points(value) for value in (-0.016, 0.0003, -0.00001, 0.0, -0.0)]
        ['−1.6', '0.03', '−0.01', '0.0', '0.0']
    """
    size = abs(round(value, 12))
    digits = 1 if not size or size >= 0.0005 else 2
    sign = "−" if value < 0 and size else ""
    return f"{sign}{max(size * 100, 0.01 if size else 0):.{digits}f}"


def points_between(ends: Interval) -> str:
    """Return the interval of a difference of two rates, in percentage points: `−0.3 to 2.1`."""
    return f"{bare_points(ends.low)} to {bare_points(ends.high)}"


def p_value(value: float) -> str:
    """Return a p-value, rounded so that it stays on its side of 0.05.

    Example:
        >>> [p_value(p).replace(NBSP, " ") for p in (0.0002, 0.0123, 0.0499, 0.0501, 1.0)]
        ['p < 0.001', 'p = 0.012', 'p = 0.050', 'p = 0.051', 'p = 1.000']
    """
    if value < 0.001:
        return f"p{NBSP}<{NBSP}0.001"
    rounded = round(value, 3)
    if rounded <= ALPHA < value:
        rounded += 0.001
    return f"p{NBSP}={NBSP}{rounded:.3f}"


def coefficient(value: float) -> str:
    """Return a coefficient in [-1, 1] with three decimals: `0.953`.

    Example:
        >>> coefficient(0.9999), coefficient(1.0), coefficient(-0.25), coefficient(0.0)
        ('0.999', '1.000', '−0.250', '0.000')
    """
    size = abs(round(value, 12))
    if 0 < size < 1:
        size = min(max(size, 0.001), 0.999)
    return f"{'−' if value < 0 and size else ''}{size:.3f}"


def value(number: float) -> str:
    """Return any number with four significant digits: the value of a feature, its variance.

    Example:
        >>> value(0.123456), value(-12.0), value(2500000.0), value(-1.5e-07), value(0.0)
        ('0.1235', '−12.00', '2.500e6', '−1.500e−7', '0')
    """
    if number == 0:
        return "0"
    mantissa, _, exponent = f"{number:.3e}".partition("e")
    power = int(exponent)
    text = f"{number:.{3 - power}f}" if -4 <= power < 4 else f"{mantissa}e{power}"
    return text.replace("-", "−")


def shape(sizes: Sequence[int]) -> str:
    """Return the sizes of an array: `64 × 56 × 56`."""
    return f"{NBSP}×{NBSP}".join(map(str, sizes))


def loss(value: float) -> str:
    """Return a loss, at least 0, with three significant digits: `0.0412`, `2.30`."""
    return _significant(value) if value else "0"


def share(part: int, whole: int) -> str:
    """Return part of whole as a round percent, with one decimal below 1 %.

    Example:
        >>> [share(*pair).replace(NBSP, " ") for pair in ((12, 40), (1, 900), (899, 900), (0, 4))]
        ['30 %', '0.1 %', '99 %', '0 %']
    """
    if part in (0, whole):
        return f"{100 if part else 0}{NBSP}%"
    value = 100 * part / whole
    if value < 1:
        tenths = min(max(math.floor(value * 10 + 0.5), 1), 9)
        return f"0.{tenths}{NBSP}%"
    return f"{min(math.floor(value + 0.5), 99)}{NBSP}%"


def precise(value: float) -> str:
    """Return a number with six significant digits, for a reader who calculates on.

    Example:
        >>> precise(33.04104), precise(-3276.5214), precise(0.0), precise(0.89302155)
        ('33.0410', '−3,276.52', '0', '0.893022')
    """
    return f"{'−' if value < 0 else ''}{_significant(abs(value), 6)}" if value else "0"


def probability(value: float) -> str:
    """Return a probability with three significant digits, a very small one by its power of ten.

    Example:
        >>> [probability(p).replace(NBSP, " ") for p in (0.0123, 1.0, 0.0, 2.346e-12)]
        ['0.0123', '1.00', '0', '2.35 × 10⁻¹²']
    """
    if not value or value >= 0.0001:
        return _significant(value) if value else "0"
    digits, _, power = f"{value:.2e}".partition("e")
    return f"{digits}{NBSP}×{NBSP}{power_of_ten(int(power))}"


def count(n: int) -> str:
    """Return a count with thousands apart: `3,669`."""
    return f"{n:,}"


def count_of(n: int, noun: str, plural: str | None = None) -> str:
    """Return a count with its noun in the right number: `1 run`, `3,669 images`."""
    return f"{count(n)}{NBSP}{noun if n == 1 else plural or noun + 's'}"


def word(n: int) -> str:
    """Return a small count as a word and a large one in figures: `eight`, `11`."""
    return _WORDS[n] if n < len(_WORDS) else count(n)


def quantity(n: float) -> str:
    """Return a large count with three significant digits and an SI prefix: `11.2 M`."""
    return _with_prefix(n, "")


def throughput(per_second: float) -> str:
    """Return a rate of work: `450/s`, `1.20 k/s`, `0.850/s`."""
    return f"{_significant(per_second) if per_second < 100 else quantity(per_second)}/s"


def ratio(value: float) -> str:
    """Return how many times one number another is: `0.500 ×`, `12.0 ×`."""
    return f"{_significant(value)}{NBSP}×"


def multiple(factor: float) -> str:
    """Return a round factor as a reader would say it: `twice`, `3 times`, `1.5 times`."""
    return "twice" if factor == 2 else f"{setting(factor)} times"


def size(n_bytes: float) -> str:
    """Return a size in units of 1000 bytes: `44.8 MB`."""
    return _with_prefix(n_bytes, "B")


def pixels(n: int) -> str:
    """Return a length in pixels: `224 px`."""
    return f"{count(n)}{NBSP}px"


def degrees(value: float) -> str:
    """Return an angle in degrees: `15°`."""
    return f"{setting(value)}°"


def milliseconds(value: float) -> str:
    """Return a short time: `2.00 ms`, `0.482 ms`."""
    return f"{_significant(value)}{NBSP}ms"


def duration(seconds: float) -> str:
    """Return a long time, at least 0: `4.50 s`, `12 min 5 s`, `3 h 20 min`."""
    if not seconds:
        return f"0{NBSP}s"
    if round(seconds, 1) < 60:
        return f"{_significant(seconds)}{NBSP}s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}{NBSP}min {rest}{NBSP}s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours}{NBSP}h {minutes}{NBSP}min"


def moment(when: datetime) -> str:
    """Return a point in time to the second: `2025-01-31 13:05:00 UTC`."""
    return when.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def setting(value: float) -> str:
    """Return a number from a configuration as a person would write it: `0.001`, `32`."""
    return f"{value:.10f}".rstrip("0").rstrip(".") if abs(value) >= 1e-6 else f"{value:g}"


def sort_key(value: float) -> str:
    """Return what a cell is sorted by: digits enough to part any two rates of a million images."""
    return f"{value:.9g}"


def plain(value: float) -> str:
    """Return a short number of a worked example, which may be negative: `−1`, `0.25`."""
    return setting(value).replace("-", "−")


def factor(value: float) -> str:
    """Return a short number in a product, a negative one in brackets: `0.25`, `(−1)`."""
    return f"({plain(value)})" if value < 0 else plain(value)


def tick(value: float) -> str:
    """Return a round number at an axis, short also where it is large: `0.25`, `20.0 k`."""
    return quantity(value) if value >= _LONG_TICK else setting(value)


def log_tick(value: float) -> str:
    """Return 1, 2 or 5 times a power of ten at an axis: `0.05`, `10⁻⁵`, `2·10⁻⁴`, `20.0 k`."""
    if value >= 0.001:
        return tick(value)
    digit, _, exponent = f"{value:.0e}".partition("e")
    return f"{'' if digit == '1' else f'{digit}·'}{power_of_ten(int(exponent))}"


def learning_rate(value: float) -> str:
    """Return a learning rate, at least 0, with up to three significant digits: `0.000976`."""
    return setting(float(f"{value:.3g}"))


def power_of_ten(exponent: int) -> str:
    """Return a power of ten: `10⁻³`."""
    return f"10{str(exponent).translate(_RAISED)}"


def listing(items: list[str]) -> str:
    """Join texts as in a sentence: `a, b and c`."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def _with_prefix(n: float, unit: str) -> str:
    """Round before choosing the prefix, so that 999,600 is 1.00 M and not 1000 k."""
    value = float(f"{n:.3g}")
    power = min(int(math.log10(value) // 3), len(_SI_PREFIXES) - 1) if value >= 1 else 0
    if not power:
        return f"{n:.0f}{NBSP}{unit}".rstrip(NBSP)
    return f"{_significant(value / 1000**power)}{NBSP}{_SI_PREFIXES[power]}{unit}"


def _significant(value: float, digits: int = 3) -> str:
    """Return a positive number with so many significant digits, without an exponent."""
    rounded = float(f"{value:.{digits}g}")
    decimals = max(0, digits - 1 - math.floor(math.log10(rounded)))
    return f"{rounded:,.{decimals}f}"
