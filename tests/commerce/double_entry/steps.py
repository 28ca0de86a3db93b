"""What somebody asks of the chain and of the books, in words that both understand."""

from dataclasses import dataclass
from typing import Any

# The classes of a block in their order; what isn't named is "other".
CLASSES = ("recall.open", "order.cancel", "refund.request", "shipment.create", "", "order.confirm")


@dataclass(frozen=True, slots=True)
class Step:
    """An operation. `trade` is the label that an order was given when it was asked for (or that of
    a withdrawal), `number` that of a parcel or case in it; `data` is what the type needs.
    """

    type: str
    sender: str
    trade: int = -1
    number: int | None = None
    data: tuple[Any, ...] = ()
    with_: tuple[str, ...] = ()

    @property
    def rank(self) -> int:
        """Its class in the block."""
        name = "order.cancel" if self.type == "asset.withdraw.cancel" else self.type
        return CLASSES.index(name if name in CLASSES else "")


@dataclass(frozen=True, slots=True)
class Block:
    """So much time passes, then these are asked, in the order of their classes."""

    wait_ms: int
    steps: tuple[Step, ...]
