"""A shop whose offers pledge something, and buyers who claim."""

from chain.block import Event
from chain.genesis import Genesis
from commerce.aftersale.requests import RefundRequest, RequestedLine
from commerce.catalogue.pledges import Pledge
from commerce.deposits.claim import Claim, load_claim
from commerce.deposits.claims import ClaimFile
from commerce.disputes.hearing import DisputeSettle
from commerce.listings import Terms
from commerce.payments import PayTransfer
from tests.commerce.shop import TEA, Shop
from tests.commerce.world import account

CLAIM = "claim.file"
PRICE_MINOR = 1_000
PLEDGES = (Pledge("authentic", 100), Pledge("late", 300), Pledge("lost", 250))
EVIDENCE = bytes(range(32))


class Counter(Shop):
    """`pledged` is tea at 10.00 yuan: late 300, lost 250, authentic 100 per mille."""

    def __init__(self, founding: Genesis | None = None) -> None:
        super().__init__(founding)
        self.pledged = self.pledging(PRICE_MINOR)

    def pledging(self, price_minor: int, stock: int = 10_000) -> bytes:
        """A listing of tea at a price, with all pledges."""
        terms = Terms(price_minor, 0, None, None, PLEDGES)
        return self.publish(TEA, stock=stock, terms=terms)

    def claim(self, order_id: bytes, kind: str, *lines: int, loss_minor: int = 0) -> bytes:
        """File a claim for lines, or for the first one; its id."""
        made = self.done("buyer", (CLAIM, claiming(order_id, kind, *lines, loss_minor=loss_minor)))
        return self._made("claim_id", made)

    def events_of(self, order_id: bytes, kind: str, *lines: int) -> tuple[Event, ...]:
        """The same; its events."""
        return self.done("buyer", (CLAIM, claiming(order_id, kind, *lines)))

    def ask(self, order_id: bytes, parcel_id: bytes | None, kind: str, quantity: int) -> bytes:
        """Request a refund of units of the first line; the case's id."""
        lines = (RequestedLine(0, quantity, None),)
        request = RefundRequest(order_id, parcel_id, kind, lines, "no good", EVIDENCE)
        return self._made("case_id", self.done("buyer", ("refund.request", request)))

    def settle(self, claim_id: bytes, *shares: int) -> tuple[Event, ...]:
        """Buyer and merchant settle a claim by shares of its lines."""
        agreed = ("dispute.settle", DisputeSettle(claim_id, shares))
        return self.done("buyer", agreed, with_=("merchant",))

    def transfer_to(self, name: str, amount_minor: int) -> tuple[str, object]:
        """What a payment to a party is sent as."""
        return "pay.transfer", PayTransfer(account(name), "CNY", amount_minor, None)

    def load_claim(self, claim_id: bytes) -> Claim:
        """The claim's record."""
        return load_claim(self.state, claim_id)


def claiming(order_id: bytes, kind: str, *lines: int, loss_minor: int = 0) -> ClaimFile:
    """A claim with evidence for lines, or for the first one."""
    return ClaimFile(order_id, kind, lines or (0,), loss_minor, EVIDENCE)
