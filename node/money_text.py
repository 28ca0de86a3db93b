"""Amounts and times as people write them: `CNY 129.00` is 12900 fen, exactly.

ASCII digits only: Python's `int` would take those of other scripts too. More decimals than
the asset has are refused and never rounded.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from chain.errors import HushangError

AMOUNT_MAX: Final = 2**63 - 1
_AMOUNT: Final = re.compile(
    r"(?:([A-Z0-9]{1,12}) )?"
    r"(0|[1-9][0-9]{0,2}(?:,[0-9]{3})+|[1-9][0-9]{0,18})"
    r"(?:\.([0-9]{1,18}))?",
    re.ASCII,
)
# China has one time zone and no summer time since 1991.
SHANGHAI: Final = timezone(timedelta(hours=8), "Asia/Shanghai")


# The year 10000 in Shanghai; no calendar of the standard library goes on.
CALENDAR_END_MS: Final = 253_402_272_000_000


class AmountMalformed(HushangError):
    """A text is no amount of money."""

    hint = 'write "CNY 129.00"'


@dataclass(frozen=True, slots=True)
class Money:
    """An amount of an asset, in its minor units."""

    symbol: str
    amount_minor: int


def split_amount(text: str, default_symbol: str | None = None) -> tuple[str, str, str]:
    """(symbol, whole digits, decimal digits) of `CNY 1,129.00`, or `AmountMalformed`."""
    match = _AMOUNT.fullmatch(text)
    if match is None:
        raise AmountMalformed(f"{text!r} is no amount")
    symbol = match[1] or default_symbol
    if symbol is None:
        raise AmountMalformed(f"{text!r} names no asset")
    return symbol, match[2].replace(",", ""), match[3] or ""


def parse_amount(text: str, decimals: int, default_symbol: str | None = None) -> Money:
    """Exact minor units of a text, for an asset of this many decimals."""
    symbol, whole, fraction = split_amount(text, default_symbol)
    if len(fraction) > decimals:
        raise AmountMalformed(f"{text!r}: {symbol} has {decimals} decimals")
    amount_minor = int(whole + fraction.ljust(decimals, "0"))
    if amount_minor > AMOUNT_MAX:
        raise AmountMalformed(f"{text!r} is larger than any amount")
    return Money(symbol, amount_minor)


def format_amount(amount_minor: int, decimals: int, symbol: str) -> str:
    """`CNY 129.00`."""
    sign, digits = "-" if amount_minor < 0 else "", str(abs(amount_minor)).rjust(decimals + 1, "0")
    whole, fraction = digits[: len(digits) - decimals], digits[len(digits) - decimals :]
    return f"{symbol} {sign}{whole}" + (f".{fraction}" if fraction else "")


def format_time(time_ms: int) -> str:
    """`2026-11-22 23:05:07.123 +08:00`, Shanghai's wall clock; beyond the year 9999 only that."""
    if time_ms >= CALENDAR_END_MS:
        return f"after the year 9999 ({time_ms} ms)"
    moment = datetime.fromtimestamp(time_ms // 1000, UTC).astimezone(SHANGHAI)
    return f"{moment:%Y-%m-%d %H:%M:%S}.{time_ms % 1000:03d} +08:00"
