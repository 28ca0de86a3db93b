"""What a carrier owes a seller for goods that it lost: recourse.claim.

A carrier signs for how much it answers when it takes a parcel, or the goods of a return (民法典
art. 832). What was refunded for them, up to that, follows from the records, so nobody has to judge
it. The seller collects by one transaction: from the carrier's balance, then its deposit; the rest
stays its debt. A carrier that signed for nothing owes nothing here: whoever names a price of its
own must not be able to empty another. So it is with the brand of recalled goods, which signed
nothing about a seller's prices: that recourse is a matter of contract, outside the chain.
"""

from dataclasses import dataclass

from chain.block import Event
from chain.codec import Hash, Name, PositiveAmount, TimeMs
from chain.context import Context, event
from chain.state import StateReader, Table
from commerce.deposits.errors import LiabilityUnknown, NotTheCreditor
from commerce.deposits.waterfall import compensate
from commerce.money import Symbol
from commerce.refusals import refuses


@dataclass(frozen=True, slots=True)
class RecourseClaim:
    """`subject_id` is the lost parcel, or the case whose goods were lost on their way back."""

    subject_id: Hash


@dataclass(frozen=True, slots=True)
class Liability:
    """`debtor` owes `creditor` this for `reason`: "parcel" or "return"."""

    debtor: Hash
    creditor: Hash
    symbol: Symbol
    amount_minor: PositiveAmount
    reason: Name
    since_ms: TimeMs


# Under the id of the parcel or case, until it is collected.
LIABILITIES: Table[Liability] = Table("liability", Liability)


def note_liability(context: Context, subject_id: bytes, liability: Liability) -> None:
    """A loss is known. Nobody owes anything to itself."""
    if liability.debtor != liability.creditor:
        LIABILITIES.store(context.state, liability, subject_id)


def load_liability(state: StateReader, subject_id: bytes) -> Liability:
    """The liability, or `LiabilityUnknown`."""
    found = LIABILITIES.load(state, subject_id)
    if found is None:
        msg = f"nobody owes anything for {subject_id.hex()}, or it was collected"
        raise LiabilityUnknown(msg)
    return found


@refuses(LiabilityUnknown, NotTheCreditor)
def recourse_claim(op: RecourseClaim, context: Context) -> tuple[Event, ...]:
    """Collect what a carrier answers for of goods that it lost and that were refunded."""
    liability = load_liability(context.state, op.subject_id)
    if context.sender != liability.creditor:
        msg = "only the seller collects it"
        raise NotTheCreditor(msg)
    LIABILITIES.remove(context.state, op.subject_id)
    symbol, amount_minor = liability.symbol, liability.amount_minor
    paid = compensate(context, liability.debtor, symbol, liability.creditor, amount_minor)
    claimed = event(
        "recourse.claimed",
        subject_id=op.subject_id,
        reason=liability.reason,
        debtor=liability.debtor,
        creditor=liability.creditor,
        symbol=symbol,
        paid_minor=paid.total_minor,
        owed_minor=amount_minor - paid.total_minor,
    )
    return (claimed,)
