"""What handlers of other families do with deposits, done here at once, and merchants with money."""

from collections.abc import Iterator
from contextlib import contextmanager

from chain.context import Context
from chain.genesis import Genesis, GenesisAsset
from chain.state import Overlay
from commerce.assets import AssetIssue
from commerce.audit import full_check
from commerce.deposits.debts import owe
from commerce.deposits.deposits import DepositAdd
from commerce.deposits.fund import FundContribute
from commerce.deposits.holding import reserve, unreserve
from commerce.invariants import check_conservation
from tests.commerce.world import World, account, genesis

MERCHANT = account("merchant")


@contextmanager
def inside(world: World) -> Iterator[Context]:
    """A context of no transaction on the world's state; what it wrote is kept if it is sound."""
    overlay = Overlay(world.state)
    context = Context(overlay, world.chain, world.height, world.time_ms)
    yield context
    check_conservation(world.state, overlay)
    world.state.write(overlay.changes)
    full_check(world.state)


def two_assets(**changes: object) -> Genesis:
    """A genesis with points beside the yuan: debts in one say nothing about deposits in another."""
    assets = (GenesisAsset("CNY", 2, "issuer"), GenesisAsset("PTS", 0, "issuer"))
    return genesis(assets=assets, **changes)


def fund_merchant(
    world: World, amount_minor: int, name: str = "merchant", symbol: str = "CNY"
) -> None:
    """New money for a party; each time under another reference."""
    issue = AssetIssue(symbol, account(name), amount_minor, f"{name} {world.height}")
    world.done("issuer", ("asset.issue", issue))


def deposit(world: World, amount_minor: int, name: str = "merchant") -> None:
    """New money straight into a party's deposit."""
    fund_merchant(world, amount_minor, name)
    world.done(name, ("deposit.add", DepositAdd("CNY", amount_minor)))


def contribute(world: World, amount_minor: int, name: str = "friend") -> None:
    """Somebody gives to the fund."""
    world.done(name, ("fund.contribute", FundContribute("CNY", amount_minor)))


def reserved(world: World, amount_minor: int, seller: bytes = MERCHANT) -> bool:
    """An open order line reserves; did it get so much?"""
    with inside(world) as context:
        return reserve(context, seller, "CNY", amount_minor)


def freed(world: World, amount_minor: int) -> None:
    """The line's windows are over."""
    with inside(world) as context:
        unreserve(context, MERCHANT, "CNY", amount_minor)


def indebted(
    world: World, amount_minor: int, to: str | None = "buyer", symbol: str = "CNY"
) -> None:
    """The merchant owes a party, or the fund, in an asset in which its deposit has nothing free."""
    with inside(world) as context:
        creditor = None if to is None else account(to)
        owe(context, MERCHANT, symbol, creditor, amount_minor)
