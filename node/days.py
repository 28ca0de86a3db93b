"""Calendar days as people write them, and as the chain counts them: days since 1970."""

import re
from datetime import date
from typing import Final

EPOCH: Final = date(1970, 1, 1)
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


def read_day(text: str) -> int:
    """The number of a day like 2027-10-01; `ValueError` if it is none since 1970."""
    if not _DAY.fullmatch(text):
        msg = f"{text!r} is no day like 2027-10-01"
        raise ValueError(msg)
    number = (date.fromisoformat(text) - EPOCH).days
    if number < 0:
        msg = f"{text} is before 1970"
        raise ValueError(msg)
    return number
