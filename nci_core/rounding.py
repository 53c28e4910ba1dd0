"""Numbers as people should read them: no digit that their uncertainty does not support."""

import math

#: More decimals than any energy here is known to.
MOST_DECIMALS = 12
_SUPERSCRIPT = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def decimals_known(uncertainty: float) -> int:
    """Decimals worth writing beside an uncertainty: to its first digit, to the second where the first is a 1.

    Negative where tens or hundreds are not known either; MOST_DECIMALS without an uncertainty (0, NaN or infinite).

    >>> [decimals_known(sd) for sd in (0.0098, 0.0123, 0.2, 3.0, 25.0, 107.0)]
    [2, 3, 1, 0, -1, -1]
    """
    if not math.isfinite(uncertainty) or uncertainty <= 0.0:
        return MOST_DECIMALS
    first = f"{uncertainty:.0e}"  # rounded first: 0.0098 is 0.01, and one digit of it is enough
    two = first[0] == "1" and f"{uncertainty:e}"[0] == "1"
    return min(int(two) - int(first.split("e")[1]), MOST_DECIMALS)


def with_uncertainty(value: float, uncertainty: float | None, digits: int, *, signed: bool = False) -> str:
    """A number with its standard error or deviation, both to the digits that are known.

    Args:
        value: the number.
        uncertainty: its standard error or deviation, in the same unit; None, NaN or 0 if it is not known.
        digits: decimals where the uncertainty is not known.
        signed: write the plus sign too.

    >>> with_uncertainty(0.0378, 0.0098, 2), with_uncertainty(17.26, 2.61, 2), with_uncertainty(-4.0, 0.2, 2)
    ('0.04 ± 0.01', '17 ± 3', '−4.0 ± 0.2')
    >>> with_uncertainty(0.0323, 0.0041, 2), with_uncertainty(812.3, 25.4, 2), with_uncertainty(1.234, None, 2)
    ('0.032 ± 0.004', '812 ± 25', '1.23')
    """
    known = uncertainty is not None and math.isfinite(uncertainty) and uncertainty > 0.0
    digits = max(decimals_known(uncertainty), 0) if known and uncertainty is not None else digits
    text = number_text(value, f"{'+' if signed else ''}.{digits}f")
    return f"{text} ± {uncertainty:.{digits}f}" if known else text


def short(value: float) -> str:
    """A number that is not negative in two significant digits, or three above ten.

    >>> [short(value) for value in (17.242, 0.0323, 128.4, 1284.0)]
    ['17.2', '0.032', '128', '1284']
    """
    digits = 3 if value >= 10 else 2
    return f"{value:.{max(0, digits - 1 - math.floor(math.log10(value))) if value > 0 else 0}f}"


def times(ratio: float, relative_error: float) -> str:
    """A ratio to the digits that its relative standard error supports.

    >>> times(534.2, 0.2), times(534.2, 0.01), times(3.27, 0.2), times(1.46, 0.5), times(2.9, 2.0)
    ('530', '534', '3.3', '1.5', '3')
    """
    decimals = decimals_known(ratio * relative_error)
    known = decimals if decimals < MOST_DECIMALS else 1
    return f"{round(ratio, known):.{max(known, 0)}f}"


def plain_number(value: float) -> str:
    """Three significant digits, with powers of ten that people read.

    >>> plain_number(-6.0612), plain_number(2.04e-16), plain_number(2002.3), plain_number(0.0)
    ('−6.06', '2.0·10⁻¹⁶', '2002', '0')
    """
    if value == 0:
        return "0"
    if 1e-3 <= abs(value) < 1e6:
        text = f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"
        return text.replace("-", "−")
    mantissa, power = f"{value:.1e}".split("e")
    return f"{mantissa}·10{str(int(power)).translate(_SUPERSCRIPT)}".replace("-", "−")


def number_text(value: float | None, spec: str) -> str:
    """A number in a format such as '+.2f'.

    >>> number_text(-0.004, "+.2f"), number_text(-3.1, ".1f"), number_text(2047.0, ",.0f"), number_text(None, ".1f")
    ('0.00', '−3.1', '2,047', '—')
    """
    if value is None or value != value:  # NaN
        return "—"
    text = f"{value:{spec}}"
    if float(text.replace(",", "")) == 0.0:
        text = text.lstrip("+-")
    return text.replace("-", "−")
