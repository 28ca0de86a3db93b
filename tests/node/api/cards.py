"""A prepaid card on a fake node."""

from commerce.banking.prepaid import PrepaidOpen
from commerce.timers import DAY_MS
from tests.chain.world import account
from tests.node.api.market import done
from tests.node.api.service import FakeService


async def opened(service: FakeService) -> bytes:
    """The buyer's card at the merchant's, worth 120 for 100; its id."""
    card = PrepaidOpen(account("merchant"), "CNY", 100, 120, bytes(32), 30 * DAY_MS)
    _, (told, *_) = await done(service, "buyer", "prepaid.open", card)
    card_id = told["card_id"]
    assert isinstance(card_id, bytes)
    return card_id
