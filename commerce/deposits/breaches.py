"""What the chain's own records say of a broken promise: which units of a line, and what they cost.

Which of a line's units were late or lost is counted where it happens; each costs the same share of
the line's total, rounded down for all of them together.
"""

from commerce.orders import OrderLine


def bought_minor(line: OrderLine) -> int:
    """The price of the units that weren't cancelled before they were shipped."""
    return _price_minor(line, line.quantity - line.cancelled)


def late_minor(line: OrderLine) -> int:
    """The price of the units that waited for a parcel when the promised time was over, whatever
    became of them since. Units that the buyer had asked a refund for weren't waiting.
    """
    return _price_minor(line, line.late)


def lost_minor(line: OrderLine) -> int:
    """The price of the units in parcels that never arrived."""
    return _price_minor(line, line.lost)


def _price_minor(line: OrderLine, units: int) -> int:
    return line.total_minor * units // line.quantity
