"""Rules of deposits: who gets one back, when, and how much."""

from dataclasses import replace

from commerce.delegations import Delegate
from commerce.deposits.deposits import (
    DepositAdd,
    DepositWithdrawExecute,
    DepositWithdrawRequest,
)
from commerce.deposits.holding import deposit_of
from commerce.deposits.recourse import RecourseRepay
from commerce.parameters import store_parameters
from tests.commerce.attempts import Attempt, Do, Row, Wait, play
from tests.commerce.deposits.counter import Counter
from tests.commerce.deposits.inside import (
    MERCHANT,
    deposit,
    freed,
    fund_merchant,
    indebted,
    inside,
    reserved,
    two_assets,
)
from tests.commerce.shop import Shop
from tests.commerce.world import DAY_MS, World, account, key

ADD = "deposit.add"
ASK = "deposit.withdraw.request"
EXEC = "deposit.withdraw.execute"
REPAY = "recourse.repay"


def _ask(amount_minor: int) -> DepositWithdrawRequest:
    return DepositWithdrawRequest("CNY", amount_minor)


def _erp() -> Delegate:
    return Delegate(key("erp"), (ADD,), 500, 2**50)


OUT = DepositWithdrawExecute("CNY")
# fmt: off
TABLE: list[Row] = [
    Do(lambda world: fund_merchant(world, 10_000)),
    Do(lambda world: fund_merchant(world, 100, symbol="PTS")),
    #       sender          type   payload                             with  outcome
    Attempt("merchant",     ADD,   DepositAdd("GOLD", 1),              (),   "AssetUnknown"),
    Attempt("merchant",     ADD,   DepositAdd("CNY", 10_001),          (),   "InsufficientFunds"),
    Attempt("merchant", "delegate", _erp(),                            (),   "ok"),
    Attempt("merchant/erp", ADD,   DepositAdd("CNY", 501),             (),   "DelegationExceeded"),
    Attempt("merchant",     ASK,   _ask(1),                            (),   "DepositUnknown"),
    Attempt("merchant",     EXEC,  OUT,                                (),   "DepositUnknown"),
    Attempt("merchant/erp", ADD,   DepositAdd("CNY", 500),             (),   "ok"),
    Attempt("merchant",     ADD,   DepositAdd("CNY", 7_500),           (),   "ok"),
    Attempt("merchant",     ASK,   DepositWithdrawRequest("GOLD", 1),  (),   "DepositUnknown"),
    Attempt("buyer",        ASK,   _ask(1),                            (),   "DepositUnknown"),
    Attempt("buyer",        EXEC,  OUT,                                (),   "DepositUnknown"),
    Attempt("merchant",     EXEC,  OUT,                                (),   "WithdrawalMissing"),
    Attempt("merchant",     ASK,   _ask(8_001),                        (),   "DepositReserved"),
    Do(lambda world: reserved(world, 3_000)),
    Attempt("merchant",     ASK,   _ask(5_001),                        (),   "DepositReserved"),
    Do(lambda world: indebted(world, 50, symbol="PTS")),
    # A debt comes before what is reserved, and before what wasn't asked for comes nothing.
    Attempt("merchant",     ASK,   _ask(5_001),                        (),   "MerchantInDebt"),
    Attempt("merchant",     EXEC,  OUT,                                (),   "WithdrawalMissing"),
    Attempt("merchant",     REPAY, RecourseRepay("PTS", 50),           (),   "ok"),
    Attempt("merchant",     ASK,   _ask(5_000),                        (),   "ok"),
    Do(lambda world: indebted(world, 50, symbol="PTS")),
    Attempt("merchant",     EXEC,  OUT,                                (),   "MerchantInDebt"),
    Attempt("merchant",     REPAY, RecourseRepay("PTS", 50),           (),   "ok"),
    Wait(90 * DAY_MS - 1),
    Attempt("merchant",     EXEC,  OUT,                                (),   "DepositLocked"),
    Do(lambda world: freed(world, 1_000)),
    Wait(1),
    # The last obligation ended a moment ago: fifteen days more.
    Attempt("merchant",     EXEC,  OUT,                                (),   "DepositLocked"),
    Wait(15 * DAY_MS - 2),
    Attempt("merchant",     EXEC,  OUT,                                (),   "DepositLocked"),
    Wait(1),
    Attempt("merchant",     EXEC,  OUT,                                (),   "ok"),
    Attempt("merchant",     EXEC,  OUT,                                (),   "WithdrawalMissing"),
    Attempt("merchant",     ASK,   _ask(1_001),                        (),   "DepositReserved"),
    Attempt("merchant",     ASK,   _ask(1_000),                        (),   "ok"),
    Attempt("merchant",     ASK,   _ask(0),                            (),   "ok"),
    Attempt("merchant",     EXEC,  OUT,                                (),   "WithdrawalMissing"),
]
# fmt: on


def judged(shop: Counter) -> list[Row]:
    """A claim is filed shortly before the merchant's deposit could leave."""

    def bought(_world: World) -> None:
        # All of the deposit is asked back, so nothing of it is reserved for the order.
        sold.append(shop.paid((shop.pledged, 1)))
        claims.append(shop.claim(sold[0], "fraud"))

    sold: list[bytes] = []
    claims: list[bytes] = []
    # fmt: off
    return [
        Do(lambda world: deposit(world, 1_000)),
        Attempt("merchant", ASK,  _ask(1_000), (), "ok"),
        Wait(89 * DAY_MS),
        Do(bought),
        Wait(DAY_MS),
        Attempt("merchant", EXEC, OUT,         (), "DepositReserved"),
        Do(lambda _world: shop.settle(claims[0], 0)),
        Attempt("merchant", EXEC, OUT,         (), "DepositLocked"),
        Wait(15 * DAY_MS - 1),
        Attempt("merchant", EXEC, OUT,         (), "DepositLocked"),
        Wait(1),
        Attempt("merchant", EXEC, OUT,         (), "ok"),
    ]
    # fmt: on


def test_a_claim_that_is_being_judged_keeps_a_deposit_from_leaving() -> None:
    shop = Counter()
    play(shop, judged(shop))
    assert shop.money("merchant") == 1_000


def test_a_deposit_leaves_late_and_never_what_lines_reserve() -> None:
    shop = Shop(two_assets())
    play(shop, TABLE)
    assert shop.money("merchant") == 2_000 + 5_000
    left = deposit_of(shop.state, MERCHANT, "CNY")
    assert (left.held_minor, left.reserved_minor, left.leaving_minor) == (3_000, 2_000, 0)


def test_a_new_request_takes_the_place_of_the_old_one_and_its_time_begins_anew() -> None:
    shop = Shop()
    deposit(shop, 1_000)
    shop.done("merchant", (ASK, _ask(1_000)))
    shop.wait(60 * DAY_MS)
    shop.done("merchant", (ASK, _ask(400)))
    shop.wait(60 * DAY_MS)
    assert shop.send("merchant", (EXEC, OUT)).status == "DepositLocked"
    shop.wait(30 * DAY_MS)
    shop.done("merchant", (EXEC, OUT))
    assert shop.money("merchant") == 400
    assert deposit_of(shop.state, MERCHANT, "CNY").held_minor == 600


def test_a_whole_deposit_that_left_leaves_no_record() -> None:
    shop = Shop()
    deposit(shop, 1_000)
    shop.done("merchant", (ASK, _ask(1_000)))
    shop.wait(90 * DAY_MS)
    (withdrawn,) = shop.done("merchant", (EXEC, OUT))
    assert withdrawn.data == {
        "merchant": account("merchant"),
        "symbol": "CNY",
        "amount_minor": 1_000,
        "held_minor": 0,
    }
    assert shop.send("merchant", (EXEC, OUT)).status == "DepositUnknown"


def test_a_vote_never_changes_the_time_of_a_running_withdrawal() -> None:
    shop = Shop()
    deposit(shop, 1_000)
    shop.done("merchant", (ASK, _ask(1_000)))
    with inside(shop) as context:
        own = {"deposit_exit_ms": 365 * DAY_MS}
        store_parameters(shop.genesis, context.state, 1, shop.time_ms, own, ())
    shop.wait(90 * DAY_MS)
    shop.done("merchant", (EXEC, OUT))


def test_a_request_tells_from_when_the_deposit_may_leave() -> None:
    shop = Shop()
    deposit(shop, 1_000)
    (asked,) = shop.done("merchant", (ASK, _ask(1_000)))
    assert asked.data["not_before_ms"] == shop.time_ms + 90 * DAY_MS
    (taken_back,) = shop.done("merchant", (ASK, _ask(0)))
    assert taken_back.data["not_before_ms"] is None


def test_the_deposit_of_one_asset_says_nothing_about_another() -> None:
    shop = Shop()
    deposit(shop, 1_000)
    other = replace(OUT, symbol="USD")
    assert shop.send("merchant", (EXEC, other)).status == "DepositUnknown"
