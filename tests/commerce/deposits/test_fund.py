"""The mutual fund takes gifts, for good."""

from commerce.delegations import Delegate
from commerce.deposits.fund import FundContribute, fund_add, fund_minor, fund_take
from commerce.money import credit, debit
from tests.commerce.attempts import Attempt, Row, play
from tests.commerce.deposits.inside import inside
from tests.commerce.shop import Shop
from tests.commerce.world import FUNDS_MINOR, account, key

GIVE = "fund.contribute"


def _erp() -> Delegate:
    return Delegate(key("erp"), (GIVE,), 500, 2**50)


# fmt: off
TABLE: list[Row] = [
    #       sender       type  payload                            with  outcome
    Attempt("buyer",     GIVE, FundContribute("GOLD", 1),         (),   "AssetUnknown"),
    Attempt("merchant",  GIVE, FundContribute("CNY", 1),          (),   "InsufficientFunds"),
    Attempt("buyer", "delegate", _erp(),                          (),   "ok"),
    Attempt("buyer/erp", GIVE, FundContribute("CNY", 501),        (),   "DelegationExceeded"),
    Attempt("buyer/erp", GIVE, FundContribute("CNY", 500),        (),   "ok"),
    Attempt("friend",    GIVE, FundContribute("CNY", 41),         (),   "ok"),
]
# fmt: on


def test_anyone_may_give_to_the_fund() -> None:
    shop = Shop()
    assert fund_minor(shop.state, "CNY") == 0
    play(shop, TABLE)
    assert fund_minor(shop.state, "CNY") == 541
    assert shop.money("buyer") == FUNDS_MINOR - 500


def test_slashed_bonds_go_into_the_fund_and_rulings_take_out_of_it() -> None:
    shop = Shop()
    with inside(shop) as context:
        debit(context, account("buyer"), "CNY", 30)
        fund_add(context, "CNY", 30)
    assert fund_minor(shop.state, "CNY") == 30
    with inside(shop) as context:
        fund_take(context, "CNY", 30)
        credit(context, account("friend"), "CNY", 30)
    assert fund_minor(shop.state, "CNY") == 0
    assert shop.money("friend") == FUNDS_MINOR + 30
