"""May a merchant offer and sell? Not in debt, and not below the deposit that its goods ask for."""

from collections.abc import Iterable

from chain.context import Context
from commerce.deposits.debts import require_no_debt
from commerce.deposits.errors import DepositTooSmall
from commerce.deposits.holding import deposit_of
from commerce.deposits.limits import deposit_minimum_minor, has_deposit_minima
from commerce.money import minor_units_of
from commerce.products import load_product


def seller_may_list(context: Context, seller: bytes, product_class: str, symbol: str) -> None:
    """`MerchantInDebt` or `DepositTooSmall` unless this seller may offer goods of the class.

    The deposit is that in the offer's asset, without what was asked back.
    """
    require_no_debt(context.state, seller)
    _require_deposit(context, seller, product_class, symbol)


def seller_may_sell(context: Context, seller: bytes, gtins: Iterable[str], symbol: str) -> None:
    """The same for a new order of products, as their classes are today."""
    require_no_debt(context.state, seller)
    if has_deposit_minima(context.chain.genesis):
        for gtin in gtins:
            product_class = load_product(context.state, gtin).product_class
            _require_deposit(context, seller, product_class, symbol)


def _require_deposit(context: Context, seller: bytes, product_class: str, symbol: str) -> None:
    minimum_minor = deposit_minimum_minor(context.chain.genesis, product_class)
    if minimum_minor == 0:
        return
    deposit = deposit_of(context.state, seller, symbol)
    has_minor = deposit.held_minor - deposit.leaving_minor
    if has_minor < minimum_minor:
        wanted = f"class {product_class} asks for {minimum_minor}, there are {has_minor}"
        msg = f"{wanted} {minor_units_of(symbol)}"
        raise DepositTooSmall(msg)
