"""The merchant's tea from hand to hand, and what an inspector says of it, on a fake node."""

from typing import Any

from commerce.certificates.certificates import CertIssue
from commerce.goods.offers import CustodyAccept, CustodyOffer
from commerce.roles import RoleGrant
from commerce.timers import HOUR_MS
from tests.chain.world import account
from tests.node.api.market import FOREVER_MS, GTIN, done
from tests.node.api.service import FakeService

CASE = "urn:epc:id:sscc:6901234.1000000007"
TEA = f"https://id.gs1.org/01/{GTIN}"
PAPER = bytes(range(32))


async def offered(
    service: FakeService, giver: str, taker: str, *things: str, what: str = "possessing"
) -> bytes:
    """An open offer."""
    offer = CustodyOffer(things or (CASE,), what, account(taker), None, None, HOUR_MS)
    return await _made(service, "offer_id", giver, "custody.offer", offer)


async def given(
    service: FakeService, giver: str, taker: str, *things: str, what: str = "possessing"
) -> bytes:
    """An accepted one."""
    offer_id = await offered(service, giver, taker, *things, what=what)
    await done(service, taker, "custody.accept", CustodyAccept(offer_id, None))
    return offer_id


async def accredited(service: FakeService) -> None:
    """m2 inspects everything."""
    role = RoleGrant(account("m2"), "inspector", "", None)
    await done(service, "m0", "role.grant", role, "m1", "m2")


async def certified(service: FakeService, scope: str = TEA, until_ms: int = FOREVER_MS) -> bytes:
    """A certificate by m2."""
    issued = CertIssue(scope, "GB/T 19630-2019", 0, until_ms, PAPER)
    return await _made(service, "certificate_id", "m2", "cert.issue", issued)


async def _made(service: FakeService, field: str, *sent: Any) -> bytes:
    _, (event, *_) = await done(service, *sent)
    found = event[field]
    assert isinstance(found, bytes)
    return found
