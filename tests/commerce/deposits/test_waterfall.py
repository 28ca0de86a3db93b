"""Who pays: the merchant's balance, its deposit, the fund for what a panel ruled; the rest is owed.

Whatever is tried in any order, no money comes from nowhere, the fund lends a merchant no more than
its bound, and nothing reserved for a line pays for another.
"""

from hypothesis import given, settings
from hypothesis import strategies as st

from commerce.deposits.debts import Owed, owed_by
from commerce.deposits.deposits import DepositAdd, DepositWithdrawExecute, DepositWithdrawRequest
from commerce.deposits.fund import FundContribute, fund_minor
from commerce.deposits.holding import deposit_of, reserve, unreserve
from commerce.deposits.recourse import RecourseRepay
from commerce.deposits.waterfall import Collected, collect, compensate, draw
from commerce.money import balance_of, credit
from commerce.payments import PayTransfer
from tests.commerce.deposits.inside import (
    MERCHANT,
    contribute,
    deposit,
    fund_merchant,
    inside,
    reserved,
)
from tests.commerce.shop import Shop
from tests.commerce.world import FUNDS_MINOR, World, account, genesis

BUYER = account("buyer")
CAP_MINOR = 1_000


def rich_shop() -> Shop:
    """A merchant with 100 and a deposit of 200, a fund of 5,000 that lends one merchant 1,000."""
    shop = Shop(genesis(limits={"fund_debt_max": CAP_MINOR}))
    deposit(shop, 200)
    fund_merchant(shop, 100)
    contribute(shop, 5_000)
    return shop


def ruled(world: World, amount_minor: int, cap_minor: int = 10_000) -> int:
    """A panel rules a loss; what the buyer got at once."""
    with inside(world) as context:
        got = collect(context, MERCHANT, "CNY", amount_minor, ruled=True, cap_minor=cap_minor)
        credit(context, BUYER, "CNY", got)
    return got


def test_the_balance_pays_first_then_the_deposit_then_the_fund() -> None:
    shop = rich_shop()
    with inside(shop) as context:
        got = [draw(context, MERCHANT, "CNY", minor, fund_max_minor=500) for minor in (60, 90, 350)]
        credit(context, BUYER, "CNY", sum(entry.total_minor for entry in got))
    assert got == [Collected(60, 0, 0), Collected(40, 50, 0), Collected(0, 150, 200)]
    assert owed_by(shop.state, MERCHANT, "CNY") == Owed(200, 200)


def test_what_no_panel_ruled_never_touches_the_fund() -> None:
    shop = rich_shop()
    with inside(shop) as context:
        got = collect(context, MERCHANT, "CNY", 1_000, ruled=False, cap_minor=1_000)
        credit(context, BUYER, "CNY", got)
    assert got == 300
    assert fund_minor(shop.state, "CNY") == 5_000
    assert owed_by(shop.state, MERCHANT, "CNY") == Owed(0, 0)


def test_the_fund_pays_at_most_the_price() -> None:
    shop = rich_shop()
    assert ruled(shop, 2_000, cap_minor=700) == 300 + 700


def test_the_fund_pays_no_more_than_it_has() -> None:
    shop = Shop(genesis(limits={"fund_debt_max": CAP_MINOR}))
    contribute(shop, 40)
    assert ruled(shop, 2_000) == 40
    assert fund_minor(shop.state, "CNY") == 0


def test_the_fund_cannot_be_drained_by_many_small_rulings() -> None:
    shop = rich_shop()
    got = sum(ruled(shop, 7) for _ in range(300))
    assert got == 300 + CAP_MINOR
    assert fund_minor(shop.state, "CNY") == 5_000 - CAP_MINOR
    assert owed_by(shop.state, MERCHANT, "CNY") == Owed(CAP_MINOR, CAP_MINOR)


def test_to_contribute_and_claim_back_leaves_nobody_richer() -> None:
    # The merchant and the buyer are one purse; 1,000 of it is what the fund may lend, and owed.
    shop = rich_shop()
    purse = shop.money("buyer") + shop.money("merchant") + 200
    fund = fund_minor(shop.state, "CNY")
    shop.done("buyer", ("fund.contribute", FundContribute("CNY", 3_000)))
    got = ruled(shop, 50_000)
    assert got == 300 + CAP_MINOR
    after = shop.money("buyer") + shop.money("merchant")
    assert after == purse - 3_000 + CAP_MINOR
    assert fund_minor(shop.state, "CNY") == fund + 3_000 - CAP_MINOR
    assert after - owed_by(shop.state, MERCHANT, "CNY").total_minor < purse
    # Who repays may be lent again, and the fund never has less than before.
    for _ in range(5):
        shop.done("buyer", _transfer(CAP_MINOR))
        shop.done("merchant", ("recourse.repay", RecourseRepay("CNY", CAP_MINOR)))
        assert ruled(shop, 50_000) == CAP_MINOR
    assert shop.money("buyer") + shop.money("merchant") == after


def test_one_merchants_debts_take_nothing_from_what_the_fund_lends_another() -> None:
    shop = rich_shop()
    ruled(shop, 50_000)
    with inside(shop) as context:
        rival = account("rival")
        got = collect(context, rival, "CNY", 600, ruled=True, cap_minor=600)
        credit(context, BUYER, "CNY", got)
    assert got == 600


def test_a_deposit_cannot_leave_through_a_colluders_claim_while_lines_are_open() -> None:
    shop = rich_shop()
    assert reserved(shop, 180)
    with inside(shop) as context:
        got = compensate(context, MERCHANT, "CNY", BUYER, 10_000)
    assert got == Collected(100, 20, 0)
    kept = deposit_of(shop.state, MERCHANT, "CNY")
    assert (kept.held_minor, kept.reserved_minor) == (180, 180)
    assert owed_by(shop.state, MERCHANT, "CNY") == Owed(10_000 - 120, 0)
    asked = shop.send("merchant", ("deposit.withdraw.request", DepositWithdrawRequest("CNY", 1)))
    assert asked.status == "MerchantInDebt"


def test_what_a_line_has_reserved_pays_for_it_once_it_is_unreserved() -> None:
    shop = rich_shop()
    assert reserved(shop, 180)
    with inside(shop) as context:
        unreserve(context, MERCHANT, "CNY", 180)
        got = compensate(context, MERCHANT, "CNY", BUYER, 300)
    assert got == Collected(100, 200, 0)


def test_what_was_asked_back_still_pays_claims_but_covers_nothing_new() -> None:
    shop = rich_shop()
    shop.done("merchant", ("deposit.withdraw.request", DepositWithdrawRequest("CNY", 150)))
    assert not reserved(shop, 51)
    assert reserved(shop, 50)
    with inside(shop) as context:
        assert compensate(context, MERCHANT, "CNY", BUYER, 190) == Collected(100, 90, 0)
    left = deposit_of(shop.state, MERCHANT, "CNY")
    assert (left.held_minor, left.reserved_minor, left.leaving_minor) == (110, 50, 60)
    with inside(shop) as context:
        assert compensate(context, MERCHANT, "CNY", BUYER, 60) == Collected(0, 60, 0)
    assert deposit_of(shop.state, MERCHANT, "CNY").asked_ms is None


def test_a_compensation_of_nothing_leaves_nothing_behind() -> None:
    shop = Shop()
    with inside(shop) as context:
        assert compensate(context, MERCHANT, "CNY", BUYER, 0) == Collected(0, 0, 0)
        assert context.state.changes == {}


def _transfer(amount_minor: int) -> tuple[str, object]:
    return "pay.transfer", PayTransfer(MERCHANT, "CNY", amount_minor, None)


amounts = st.integers(0, 700)
steps = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(("earn", "add", "ask", "give", "repay")), amounts),
        st.tuples(st.sampled_from(("reserve", "unreserve", "ruled", "settled", "leave")), amounts),
    ),
    max_size=40,
)


@settings(max_examples=60, deadline=None)
@given(steps)
def test_no_sequence_makes_money_or_breaks_a_reserve(sequence: list[tuple[str, int]]) -> None:
    shop = rich_shop()
    lines: list[int] = []
    for step, amount_minor in sequence:
        fund, kept = fund_minor(shop.state, "CNY"), sum(lines)
        _step(shop, step, amount_minor, lines)
        held = deposit_of(shop.state, MERCHANT, "CNY")
        assert held.reserved_minor == sum(lines) <= held.held_minor
        lent = owed_by(shop.state, MERCHANT, "CNY").fund_minor
        assert lent <= CAP_MINOR
        # Nothing but a ruling takes anything out of the fund.
        assert step == "ruled" or fund_minor(shop.state, "CNY") >= fund
        assert step in ("reserve", "unreserve") or kept == sum(lines)
    everything = sum(shop.money(name) for name in ("buyer", "friend", "merchant"))
    everything += held_minor(shop)
    assert everything == 2 * FUNDS_MINOR + 300


def held_minor(shop: Shop) -> int:
    """What is neither with a party nor in an order."""
    return deposit_of(shop.state, MERCHANT, "CNY").held_minor + fund_minor(shop.state, "CNY")


def _step(shop: Shop, step: str, amount_minor: int, lines: list[int]) -> None:
    """One attempt, refused or not."""
    match step:
        case "reserve":
            with inside(shop) as context:
                if reserve(context, MERCHANT, "CNY", amount_minor):
                    lines.append(amount_minor)
        case "unreserve":
            if lines:
                with inside(shop) as context:
                    unreserve(context, MERCHANT, "CNY", lines.pop(amount_minor % len(lines)))
        case "ruled":
            before = balance_of(shop.state, BUYER, "CNY").available_minor
            got = ruled(shop, amount_minor, cap_minor=amount_minor // 2)
            assert shop.money("buyer") == before + got
        case "settled":
            with inside(shop) as context:
                compensate(context, MERCHANT, "CNY", BUYER, amount_minor)
        case _:
            _send(shop, step, amount_minor)


def _send(shop: Shop, step: str, amount_minor: int) -> None:
    payloads: dict[str, tuple[str, str, object]] = {
        "earn": ("friend", *_transfer(max(1, amount_minor))),
        "add": ("merchant", "deposit.add", DepositAdd("CNY", max(1, amount_minor))),
        "ask": (
            "merchant",
            "deposit.withdraw.request",
            DepositWithdrawRequest("CNY", amount_minor),
        ),
        "give": ("friend", "fund.contribute", FundContribute("CNY", max(1, amount_minor))),
        "repay": ("merchant", "recourse.repay", RecourseRepay("CNY", max(1, amount_minor))),
        "leave": ("merchant", "deposit.withdraw.execute", DepositWithdrawExecute("CNY")),
    }
    if step == "leave":
        shop.wait(91 * 86_400_000)
    sender, name, payload = payloads[step]
    shop.send(sender, (name, payload))
