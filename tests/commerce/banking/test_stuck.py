"""Nothing gets stuck: every clock pays, whoever is frozen and however much money there is."""

import pytest

from chain.block import OK
from commerce.assets import AssetIssue
from commerce.banking.bank_deposits import AssetDepositRequest, AssetDepositSettle
from commerce.banking.freezes import AssetClawback, AssetFreeze
from commerce.banking.prepaid import PrepaidConsume, PrepaidOpen
from commerce.banking.withdrawals import AssetWithdrawRequest
from commerce.delegations import Delegate
from commerce.money import Balance, balance_of
from commerce.payments import PayTransfer
from commerce.registry import operation
from tests.commerce.shop import Shop
from tests.commerce.world import DAY_MS, FUNDS_MINOR, Sent, World, account, genesis, key

MOST = 2**63 - 1
HASH = bytes(32)
BUYER, FRIEND, MERCHANT = account("buyer"), account("friend"), account("merchant")
COURT = ("issuer",)


def frozen(world: World, party: bytes, minor: int = MOST) -> None:
    freeze = AssetFreeze(party, "CNY", minor, HASH, 365 * DAY_MS, None)
    world.done("regulator", ("asset.freeze", freeze), with_=COURT)


def silent(world: World, days: int) -> None:
    """Time passes and every clock succeeds."""
    for _ in range(days):
        assert all(receipt.status == OK for receipt in world.wait(DAY_MS))


def test_with_everybody_frozen_every_clock_still_pays() -> None:
    shop = Shop()
    late, lost, kept = (shop.paid((shop.tea, 1)) for _ in range(3))
    shop.ship(lost)
    arrived = shop.ship(kept)
    shop.deliver(arrived)
    request = AssetWithdrawRequest("CNY", 100, "bank", HASH, DAY_MS)
    shop.done("buyer", ("asset.withdraw.request", request))
    card = PrepaidOpen(MERCHANT, "CNY", 100, 120, HASH, 30 * DAY_MS)
    shop.done("buyer", ("prepaid.open", card))
    for party in (BUYER, MERCHANT):
        frozen(shop, party)
    silent(shop, 60)
    # Two refunds, the withdrawal and the card came back to the buyer, one price to the merchant.
    own = balance_of(shop.state, BUYER, "CNY")
    assert (own.available_minor, own.frozen_minor) == (0, FUNDS_MINOR - 1_000)
    assert balance_of(shop.state, MERCHANT, "CNY").frozen_minor == 1_000
    assert shop.load(late).lines[0].refunded_minor == 1_000


def test_with_all_the_money_there_can_be_nothing_overflows() -> None:
    world = World(genesis(limits={"prepaid_units_max": 2**32 - 1}))
    world.done("issuer", ("asset.issue", AssetIssue("CNY", BUYER, MOST, "all")))
    request = AssetDepositRequest("CNY", 1, "bank", HASH, DAY_MS)
    made = world.done("friend", ("asset.deposit.request", request))[0].data["request_id"]
    settle = ("asset.deposit.settle", AssetDepositSettle(made, "more"))
    assert world.send("issuer", settle).status == "AmountTooLarge"
    held = AssetWithdrawRequest("CNY", MOST - 100, "bank", HASH, DAY_MS)
    world.done("buyer", ("asset.withdraw.request", held))
    card = PrepaidOpen(MERCHANT, "CNY", 100, MOST, HASH, 30 * DAY_MS)
    world.done("buyer", ("prepaid.open", card))
    frozen(world, BUYER)
    silent(world, 31)
    assert balance_of(world.state, BUYER, "CNY") == Balance(0, MOST, 0)
    claw = AssetClawback(BUYER, "CNY", MOST, HASH, FRIEND, HASH)
    world.done("regulator", ("asset.clawback", claw), with_=COURT)
    assert balance_of(world.state, FRIEND, "CNY") == Balance(MOST, 0, 0)


@pytest.mark.parametrize("first", ["freeze", "pay"])
def test_in_one_block_whoever_comes_first_wins_and_no_fen_is_lost(first: str) -> None:
    world = World()
    world.done("issuer", ("asset.issue", AssetIssue("CNY", BUYER, 100, "r")))
    freeze = AssetFreeze(BUYER, "CNY", 100, HASH, DAY_MS, None)
    pay = PayTransfer(FRIEND, "CNY", 60, None)
    made = {
        "freeze": Sent("regulator", (operation("asset.freeze", freeze),), COURT),
        "pay": Sent("buyer", (operation("pay.transfer", pay),)),
    }
    order = sorted(made, key=lambda name: name != first)
    result = world.block(*(world.transaction(made[name]) for name in order))
    paid = first == "pay"
    assert sum(receipt.status == OK for receipt in result.receipts) == 1 + paid
    left = Balance(0, 40, 60) if paid else Balance(0, 100, 0)
    assert balance_of(world.state, BUYER, "CNY") == left


def test_a_tills_key_needs_no_cap_to_take_what_the_consumer_signs() -> None:
    world = World()
    world.done("issuer", ("asset.issue", AssetIssue("CNY", BUYER, 100, "r")))
    card = PrepaidOpen(MERCHANT, "CNY", 100, 100, HASH, 30 * DAY_MS)
    made = world.done("buyer", ("prepaid.open", card))[0].data["card_id"]
    till = Delegate(key("till"), ("prepaid.consume",), 0, world.time_ms + DAY_MS)
    world.done("merchant", ("delegate", till))
    used = ("prepaid.consume", PrepaidConsume(made, 60, None))
    assert world.delegated("merchant", "till", used).status == "CosignerMissing"
    assert world.delegated("merchant", "till", used, "buyer").status == OK


def test_what_a_court_orders_takes_the_courts_own_keys() -> None:
    world = World()
    for name in ("asset.freeze", "asset.unfreeze", "asset.clawback", "fee.collect"):
        scope = Delegate(key("erp"), (name,), MOST, world.time_ms + DAY_MS)
        assert world.send("regulator", ("delegate", scope)).status == "DelegationForbidden"
