"""What may follow a trade on a fake node: a refused request before a panel, claims, an arbiter."""

from dataclasses import dataclass

from chain.crypto import sha256
from commerce.aftersale.answers import RefundReject
from commerce.aftersale.requests import RefundRequest, RequestedLine
from commerce.deposits.claims import ClaimFile
from commerce.deposits.deposits import DepositAdd
from commerce.deposits.fund import FundContribute
from commerce.disputes.arbiters import ArbiterBond
from commerce.disputes.filing import DisputeOpen
from commerce.recalls.recalls import RecallOpen
from commerce.roles import RoleGrant
from tests.chain.world import account
from tests.node.api.market import GTIN, Market, done
from tests.node.api.service import FakeService

BOND_MINOR = 100_000
GIFT_MINOR = 50
DEPOSIT_MINOR = 300
EVIDENCE = sha256(b"a photograph")


@dataclass(frozen=True, slots=True)
class AfterSale:
    """The case, which is disputed, and a claim, which is too."""

    case_id: bytes
    claim_id: bytes


async def quarrel(service: FakeService, market: Market) -> AfterSale:
    """The buyer wants its money for one of two units back, and claims for fraud; `carrier` is an
    arbiter besides.
    """
    wanted = RequestedLine(0, 1, None)
    asked = RefundRequest(
        market.order_id, market.parcel_id, "quality", (wanted,), "mouldy", EVIDENCE
    )
    _, (requested, *_) = await done(service, "buyer", "refund.request", asked)
    case_id = requested["case_id"]
    assert isinstance(case_id, bytes)
    refused = RefundReject(case_id, "it was fresh", None)
    await done(service, "merchant", "refund.reject", refused)
    opening = DisputeOpen(case_id, (1_000,), 0, EVIDENCE)
    await done(service, "buyer", "dispute.open", opening)
    claiming = ClaimFile(market.order_id, "fraud", (0,), 0, EVIDENCE)
    _, (filed, *_) = await done(service, "buyer", "claim.file", claiming)
    claim_id = filed["claim_id"]
    assert isinstance(claim_id, bytes)
    return AfterSale(case_id, claim_id)


async def recalled(service: FakeService) -> bytes:
    """The merchant recalls its product; the recall's id."""
    opening = RecallOpen(GTIN, 2, EVIDENCE, None)
    _, (opened, *_) = await done(service, "merchant", "recall.open", opening)
    recall_id = opened["recall_id"]
    assert isinstance(recall_id, bytes)
    return recall_id


async def stood_behind(service: FakeService) -> None:
    """The carrier is an arbiter with a bond, the merchant has a deposit, the buyer gave a gift."""
    role = RoleGrant(account("carrier"), "arbiter", "", None)
    await done(service, "m0", "role.grant", role, "m1", "m2")
    funds = {"carrier": BOND_MINOR, "merchant": DEPOSIT_MINOR, "buyer": GIFT_MINOR}
    for name, amount_minor in funds.items():
        await service.fund(name, amount_minor)
    await done(service, "carrier", "arbiter.bond", ArbiterBond("CNY", BOND_MINOR))
    await done(service, "merchant", "deposit.add", DepositAdd("CNY", DEPOSIT_MINOR))
    await done(service, "buyer", "fund.contribute", FundContribute("CNY", GIFT_MINOR))
