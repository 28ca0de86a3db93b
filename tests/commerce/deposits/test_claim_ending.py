"""How claims end: what was awarded is paid or owed, and what nobody judged may be claimed again."""

from chain.context import Context
from chain.state import Overlay
from commerce.deposits.claim import claim_of_line, load_claim
from commerce.deposits.claim_ending import claim_carriers, claim_default, resolve_claim
from commerce.deposits.debts import Owed, owed_by
from commerce.disputes.dispute import load_dispute
from tests.commerce.deposits.counter import CLAIM, Counter, claiming
from tests.commerce.deposits.inside import MERCHANT, contribute, deposit, fund_merchant
from tests.commerce.world import DAY_MS, FUNDS_MINOR, account


def test_a_ruling_gives_each_line_its_share_rounded_down_and_never_from_the_fund() -> None:
    shop = Counter()
    contribute(shop, 1_000_000)
    fund_merchant(shop, 20_000)
    deposit(shop, 5_000)
    # Of the deposit 10.00 yuan are reserved for the order itself.
    order_id = shop.paid((shop.pledging(333), 1), (shop.pledging(667), 1))
    claim_id = shop.claim(order_id, "food", 0, 1)
    before = shop.money("buyer")
    (_, ended) = shop.settle(claim_id, 999, 500)
    claim = load_claim(shop.state, claim_id)
    assert [entry.asked_minor for entry in claim.lines] == [33_300, 66_700]
    assert [entry.awarded_minor for entry in claim.lines] == [33_266, 33_350]
    assert (claim.paid_minor, claim.owed_minor) == (24_000, 42_616)
    assert ended.type == "claim.ended"
    assert ended.data["from_balance_minor"] == 20_000
    assert ended.data["from_deposit_minor"] == 4_000
    assert shop.money("buyer") == before + 24_000
    assert owed_by(shop.state, MERCHANT, "CNY") == Owed(42_616, 0)


def test_a_ruled_claim_is_not_paid_from_the_fund_either() -> None:
    shop = Counter()
    contribute(shop, 1_000_000)
    order_id = shop.paid((shop.pledged, 1))
    claim_id = shop.claim(order_id, "authentic")
    dispute = load_dispute(shop.state, claim_id)
    assert dispute.subject.stake_minor == 100
    # What a panel's ruling calls; the dispute's own record is another family's to end.
    context = Context(Overlay(shop.state), shop.chain, shop.height, shop.time_ms)
    (ended,) = resolve_claim(context, claim_id, (1_000,), True)  # noqa: FBT003
    assert ended.data["owed_minor"] == 100


def test_a_claim_that_nobody_judged_gets_nothing_and_may_be_filed_again() -> None:
    shop = Counter()
    order_id = shop.paid((shop.pledged, 1))
    shop.confirm(shop.ship(order_id))
    claim_id = shop.claim(order_id, "food")
    assert claim_default(shop.state, claim_id) == 0
    # No secrets, no panel: the dispute ends by its default rule.
    shop.wait(61 * DAY_MS)
    dispute = load_dispute(shop.state, claim_id)
    assert dispute.ending is not None
    assert dispute.ending.how == "default"
    claim = load_claim(shop.state, claim_id)
    assert (claim.state, claim.awarded_minor) == ("ENDED", 0)
    assert claim_of_line(shop.state, order_id, 0, "food") is None
    again = shop.claim(order_id, "food")
    assert claim_of_line(shop.state, order_id, 0, "food") == again
    assert shop.money("buyer") == FUNDS_MINOR - 1_000


def test_what_was_settled_at_nothing_is_not_claimed_again() -> None:
    shop = Counter()
    order_id = shop.paid((shop.pledged, 1))
    shop.settle(shop.claim(order_id, "fraud"), 0)
    assert shop.send("buyer", (CLAIM, claiming(order_id, "fraud"))).status == "ClaimExists"


def test_the_carriers_of_the_order_may_tell_of_it() -> None:
    shop = Counter()
    order_id = shop.paid((shop.pledged, 2))
    shop.ship(order_id, (0, 1))
    shop.ship(order_id, (0, 1))
    claim_id = shop.claim(order_id, "authentic")
    assert claim_carriers(shop.state, claim_id) == (account("carrier"),)
