"""Territories as codes of GB/T 2260 (administrative divisions of China).

The first two of six digits name the province-level division; a code that ends in 0000 means all of
it, one that ends in 00 a prefecture, else a county. The chain checks the form and the province:
prefectures and counties change every year, and an order's address is only a commitment here, so a
territory is evidence for a claim and no condition of a sale.
"""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated

from chain.codec import Size
from commerce.catalogue.errors import TerritoryMalformed

TERRITORIES_MAX = 64

# GB/T 2260-2007, table 1: the 34 province-level divisions, then four digits.
_CODE = re.compile(r"(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[12])[0-9]{4}")

Territory = Annotated[str, Size(min=6, max=6)]


def check_territories(codes: Sequence[str]) -> None:
    """`TerritoryMalformed` unless they are sorted, distinct codes of known provinces."""
    for code in codes:
        if _CODE.fullmatch(code) is None:
            msg = f"{code!r} is no code of GB/T 2260"
            raise TerritoryMalformed(msg)
    if any(a >= b for a, b in pairwise(codes)):
        msg = "territories are sorted and distinct"
        raise TerritoryMalformed(msg)
