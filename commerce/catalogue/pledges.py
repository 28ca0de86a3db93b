"""Pledges: what a seller promises beyond the law if it breaks its word, in per mille of the price.

A pledge stands in the offer, so it never changes for an order; claims on it are in
commerce/deposits/. What the law gives stays beside it: a pledge replaces no statutory compensation.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated

from chain.codec import Name, Range
from commerce.catalogue.errors import PledgesUnsorted, PledgeUnknown

# Shipped later than promised; lost on its way; not what the brand made.
PLEDGE_KINDS = ("authentic", "late", "lost")
PLEDGE_PERMILLE_MAX = 300


@dataclass(frozen=True, slots=True)
class Pledge:
    """Of each unit's price, `permille` to the buyer if what `kind` names happens: `authentic` (it
    is no genuine product), `late` (it is shipped after the promised time), `lost` (it is lost).
    """

    kind: Name
    permille: Annotated[int, Range(1, PLEDGE_PERMILLE_MAX)]


def check_pledges(pledges: Sequence[Pledge]) -> None:
    """`PledgeUnknown` or `PledgesUnsorted`."""
    for pledge in pledges:
        if pledge.kind not in PLEDGE_KINDS:
            msg = f"no pledge {pledge.kind}; there are {', '.join(PLEDGE_KINDS)}"
            raise PledgeUnknown(msg)
    if any(a.kind >= b.kind for a, b in pairwise(pledges)):
        msg = "pledges are sorted by kind, each kind once"
        raise PledgesUnsorted(msg)


def pledged_permille(pledges: Sequence[Pledge], kind: str) -> int:
    """What is pledged for this kind; 0 if nothing is."""
    return next((pledge.permille for pledge in pledges if pledge.kind == kind), 0)
