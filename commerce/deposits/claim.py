"""Claims as records: what a buyer asks of a merchant beyond the price, and what came of it.

Objective kinds are computed by the chain from its own records and the pledges of the offer, and
paid at once. Adjudicated kinds go to a panel: a pledge that the goods are authentic, and the
punitive compensations of the law. None of them is ever paid from the mutual fund.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from chain.codec import Amount, Hash, Name, PositiveAmount, Size, TimeMs
from chain.context import Context
from chain.state import StateReader, Table
from commerce.deposits.errors import ClaimUnknown
from commerce.money import Symbol
from commerce.orders import ORDER_LINES_MAX, LineIndex


class Kind(StrEnum):
    """What a claim is about."""

    LATE = "late"
    LOST = "lost"
    AUTHENTIC = "authentic"
    FRAUD = "fraud"
    FOOD = "food"


OBJECTIVE = (Kind.LATE, Kind.LOST)
PUNITIVE = (Kind.FRAUD, Kind.FOOD)
# The byte of each kind in keys.
_KIND_BYTES: Mapping[str, bytes] = {kind.value: bytes([n]) for n, kind in enumerate(Kind)}


class ClaimState(StrEnum):
    """FILED: a dispute under the claim's id decides. ENDED: paid, or nothing was awarded."""

    FILED = "FILED"
    ENDED = "ENDED"


@dataclass(frozen=True, slots=True)
class ClaimLine:
    """One order line: the price of the units in question, what is asked, and what was awarded."""

    line: LineIndex
    price_minor: PositiveAmount
    asked_minor: Amount
    awarded_minor: Amount


@dataclass(frozen=True, slots=True)
class Claim:
    """awarded = paid + owed, once it has ended; `owed_minor` is what became a debt to the buyer.

    `kept_minor` of the seller's deposit is kept for it while it is FILED.

    `group_ms` is the first purchase that a punitive claim counts together with (`punitive`).
    """

    order_id: Hash
    kind: Name
    buyer: Hash
    seller: Hash
    symbol: Symbol
    lines: Annotated[tuple[ClaimLine, ...], Size(min=1, max=ORDER_LINES_MAX)]
    loss_minor: Amount
    evidence: Hash | None
    group_ms: TimeMs | None
    state: Name
    filed_ms: TimeMs
    kept_minor: Amount
    paid_minor: Amount
    owed_minor: Amount

    @property
    def asked_minor(self) -> int:
        """What is asked for in all."""
        return sum([entry.asked_minor for entry in self.lines])

    @property
    def awarded_minor(self) -> int:
        """What was awarded in all."""
        return sum([entry.awarded_minor for entry in self.lines])


@dataclass(frozen=True, slots=True)
class ClaimedLine:
    """That a line has a claim of a kind, and which."""

    claim_id: Hash


CLAIMS: Table[Claim] = Table("claim", Claim)
# Under the order, the line's index and the kind's byte.
CLAIMED: Table[ClaimedLine] = Table("claimed", ClaimedLine)


def load_claim(state: StateReader, claim_id: bytes) -> Claim:
    """The claim, or `ClaimUnknown`."""
    claim = CLAIMS.load(state, claim_id)
    if claim is None:
        msg = f"no claim {claim_id.hex()}"
        raise ClaimUnknown(msg)
    return claim


def claim_of_line(state: StateReader, order_id: bytes, line: int, kind: str) -> bytes | None:
    """The id of a line's claim of a kind, if it has one."""
    claimed = CLAIMED.load(state, *_part(order_id, line, kind))
    return None if claimed is None else claimed.claim_id


def mark_claimed(context: Context, claim_id: bytes, claim: Claim) -> None:
    """Each line of the claim has its one claim of this kind."""
    for entry in claim.lines:
        marked = ClaimedLine(claim_id)
        CLAIMED.store(context.state, marked, *_part(claim.order_id, entry.line, claim.kind))


def unmark_claimed(context: Context, claim: Claim) -> None:
    """Nobody has decided about the claim: its lines may have another one."""
    for entry in claim.lines:
        CLAIMED.remove(context.state, *_part(claim.order_id, entry.line, claim.kind))


def kind_byte(kind: str) -> bytes:
    """The key part of a kind."""
    return _KIND_BYTES[kind]


def _part(order_id: bytes, line: int, kind: str) -> tuple[bytes, bytes, bytes]:
    return order_id, bytes([line]), kind_byte(kind)
