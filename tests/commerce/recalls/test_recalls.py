"""Recalls: who may, what is blocked at once, and where money and goods in flight go."""

# ruff: noqa: E501 (the rule table is aligned)

import pytest

from chain.block import OK
from commerce.aftersale.answers import RefundAgree
from commerce.aftersale.cases import Case, cases_of
from commerce.aftersale.exchanges import ExchangeShip
from commerce.aftersale.requests import RefundRequest, RequestedLine
from commerce.aftersale.returns import ReturnReceive, ReturnShip
from commerce.cancellation import OrderCancel
from commerce.checkout import OrderPay
from commerce.confirmation import OrderConfirm
from commerce.recalls import recalls, record, stopping, sweeping
from commerce.recalls.keeping import OrderKeep
from commerce.recalls.recalls import RecallClose, RecallOpen
from commerce.recalls.record import RECALLS, load_recall
from commerce.registry import operation
from commerce.shipments import ShipmentCreate, ShippedLine
from tests.commerce.attempts import Attempt, Row, Wait, play
from tests.commerce.shop import BIKE, CAKE, TEA, Shop, create, gtin
from tests.commerce.world import DAY_MS, FUNDS_MINOR, HOUR_MS, Sent, World, account

OPEN, CLOSE, KEEP = "recall.open", "recall.close", "order.keep"
HASH = bytes(range(32))
NOWHERE = bytes(32)


def recall(shop: Shop, *, code: str = TEA, recall_class: int = 2) -> bytes:
    """The brand recalls a product; the recall's id."""
    made = shop.done("merchant", (OPEN, RecallOpen(code, recall_class, HASH, None)))
    recall_id = made[0].data["recall_id"]
    assert isinstance(recall_id, bytes)
    return recall_id


def cases(shop: Shop, order_id: bytes) -> list[tuple[bytes, Case]]:
    return list(cases_of(shop.state, order_id, shop.load(order_id)))


def opening() -> list[Row]:
    """The merchant is tea's brand; cake is recalled by a regulator."""
    unknown = gtin(77)

    def shut(sender: str, outcome: str, code: str = TEA) -> Attempt:
        def closing(world: World) -> RecallClose:
            known = {entry.gtin: known for known, entry in RECALLS.items(world.state)}
            return RecallClose(known[code], HASH)

        return Attempt(sender, CLOSE, closing, (), outcome)

    # fmt: off
    return [
        #       sender       type   payload                             outcome
        Attempt("merchant",  OPEN,  RecallOpen(unknown, 1, HASH, None), (), "ProductUnknown"),
        Attempt("rival",     OPEN,  RecallOpen(TEA, 1, HASH, None),     (), "PrefixNotHeld"),
        Attempt("merchant",  OPEN,  RecallOpen(TEA, 1, HASH, None),     (), "ok"),
        Attempt("regulator", OPEN,  RecallOpen(TEA, 2, HASH, HASH),     (), "RecallExists"),
        Attempt("regulator", OPEN,  RecallOpen(CAKE, 2, HASH, HASH),    (), "ok"),
        Attempt("merchant",  CLOSE, RecallClose(NOWHERE, HASH),         (), "RecallUnknown"),
        shut("rival", "NotTheRecaller"),
        shut("merchant", "NotTheRecaller", CAKE),
        shut("merchant", "ok"),
        shut("merchant", "StateForbids"),
        shut("regulator", "ok", CAKE),
        Attempt("merchant",  OPEN,  RecallOpen(CAKE, 3, HASH, None),    (), "ok"),
    ]
    # fmt: on


def test_a_brand_or_a_regulator_recalls_and_closes() -> None:
    shop = Shop()
    play(shop, opening())


# This row with another operation behind its own.
TOGETHER = Attempt("merchant", OPEN, RecallOpen(TEA, 1, HASH, None), (), "RecallNotAlone")


def test_a_recall_is_alone_in_its_transaction() -> None:
    shop = Shop()
    opened = (TOGETHER.type, TOGETHER.payload)
    receipt = shop.send(TOGETHER.sender, opened, (OPEN, RecallOpen(CAKE, 1, HASH, None)))
    assert receipt.status == TOGETHER.outcome


def test_no_more_products_are_recalled_than_a_row_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = Shop()
    monkeypatch.setattr(recalls, "RECALLS_MAX", 1)
    recall(shop)
    play(shop, FULL)


def test_no_brand_leaves_others_or_regulators_without_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop = Shop()
    monkeypatch.setattr(record, "BRAND_RECALLS_MAX", 1)
    recall(shop)
    play(shop, FULL)
    # A regulator has room of its own.
    shop.done("regulator", (OPEN, RecallOpen(CAKE, 1, HASH, None)))


# Where a row holds one recalled product, and there is one.
FULL = [Attempt("merchant", OPEN, RecallOpen(CAKE, 1, HASH, None), (), "TooManyRecalls")]


def blocking(shop: Shop) -> list[Row]:
    """Orders in each state before the recall of tea; cake goes on."""
    unpaid = shop.order((shop.tea, 1))
    held = shop.paid((shop.tea, 2), (shop.cake, 1))
    parcel = shop.ship(held, (0, 1))
    ship = ShipmentCreate(held, account("carrier"), (ShippedLine(0, 1),), None, (), None)
    cake = ShipmentCreate(held, account("carrier"), (ShippedLine(1, 1),), None, (), None)
    # fmt: off
    return [
        Attempt("merchant", OPEN, RecallOpen(TEA, 2, HASH, None),                    (), "ok"),
        Attempt("buyer",    "order.create", create((shop.tea, 1)),                   (), "ProductRecalled"),
        Attempt("buyer",    "order.create", create((shop.tea, 1), (shop.cake, 1)),   (), "ProductRecalled"),
        Attempt("buyer",    "order.create", create((shop.cake, 1)),                  (), "ok"),
        Attempt("buyer",    "order.pay", OrderPay(unpaid, 1_000),                    (), "ProductRecalled"),
        Attempt("merchant", "shipment.create", ship,                     ("carrier",), "RefundPending"),
        Attempt("merchant", "shipment.create", cake,                     ("carrier",), "ok"),
        Attempt("buyer",    "order.confirm", OrderConfirm(parcel, ()),               (), "UnitsInCase"),
    ]
    # fmt: on


def test_what_is_recalled_is_not_sold_shipped_or_confirmed_and_the_rest_goes_on() -> None:
    shop = Shop()
    play(shop, blocking(shop))


def test_silence_refunds_recalled_goods_after_48_hours_and_nothing_else() -> None:
    shop = Shop()
    order_id = shop.paid((shop.tea, 3), (shop.cake, 1))
    parcel = shop.ship(order_id, (0, 1), (1, 1))
    shop.deliver(parcel)
    other = shop.paid((shop.bike, 1))
    recall(shop)
    states = {(case.state, case.origin) for _, case in cases(shop, order_id)}
    assert states == {("RECALLED", "HELD"), ("RECALLED", "DELIVERED")}
    shop.wait(48 * HOUR_MS - 1)
    assert shop.load(order_id).lines[0].held_minor == 3_000
    shop.wait(1)
    tea, cake = shop.load(order_id).lines
    assert (tea.refunded_minor, tea.state, cake.held_minor) == (3_000, "REFUNDED", 1_000)
    assert shop.load(other).lines[0].held_minor == 1_000
    assert shop.money("buyer") == FUNDS_MINOR - 2_000


def keeping(shop: Shop, recall_class: int) -> list[Row]:
    """One unit isn't shipped, one is delivered, before a recall."""
    order_id = shop.paid((shop.tea, 2))
    shop.deliver(shop.ship(order_id, (0, 1)))
    recall(shop, recall_class=recall_class)
    (waiting, _), (arrived, _) = cases(shop, order_id)
    outcome = "KeepForbidden" if recall_class == 1 else "ok"
    # fmt: off
    return [
        Attempt("buyer",  KEEP, OrderKeep(NOWHERE, keep=True), (), "CaseUnknown"),
        Attempt("friend", KEEP, OrderKeep(arrived, keep=True), (), "NotTheBuyer"),
        Attempt("buyer",  KEEP, OrderKeep(waiting, keep=True), (), "KeepForbidden"),
        Attempt("buyer",  KEEP, OrderKeep(arrived, keep=True), (), outcome),
        Attempt("buyer",  KEEP, OrderKeep(waiting, keep=False), (), "ok"),
        Attempt("buyer",  KEEP, OrderKeep(waiting, keep=False), (), "StateForbids"),
    ]
    # fmt: on


@pytest.mark.parametrize("recall_class", [1, 2])
def test_a_buyer_keeps_what_it_has_unless_that_is_dangerous(recall_class: int) -> None:
    shop = Shop()
    play(shop, keeping(shop, recall_class))
    kept = 0 if recall_class == 1 else 1_000
    assert shop.money("merchant") == kept
    shop.wait(48 * HOUR_MS)
    assert shop.money("buyer") == FUNDS_MINOR - kept


@pytest.mark.parametrize("said", [True, False])
@pytest.mark.parametrize("kind", ["no_reason", "quality", "exchange"])
def test_the_way_back_of_recalled_goods_is_the_sellers_to_pay_once(
    kind: str, *, said: bool
) -> None:
    """消费者权益保护法 art. 24: whatever the reason was why they were sent back."""
    shop = Shop()
    shop.confirm(shop.ship(shop.paid((shop.bike, 1))))
    parcel = shop.ship(shop.paid((shop.tea, 1)))
    shop.deliver(parcel)
    case_id = shop.complain(parcel, kind)
    shop.sent_back(case_id, 150)
    if kind == "exchange":
        shop.receive(case_id)
    recall(shop)
    if said:
        shop.done("buyer", (KEEP, OrderKeep(case_id, keep=False)))
    else:
        shop.wait(48 * HOUR_MS)
    assert shop.money("buyer") == FUNDS_MINOR - 1_000 + 150
    assert shop.money("merchant") == 1_000 - 150


def test_a_running_request_for_recalled_goods_is_refunded_whole() -> None:
    shop = Shop()
    order_id = shop.paid((shop.tea, 2))
    parcel = shop.ship(order_id)
    shop.deliver(parcel)
    asked = RefundRequest(order_id, parcel, "allowance", (RequestedLine(0, 2, 100),), "", None)
    shop.done("buyer", ("refund.request", asked))
    recall(shop)
    assert [case.state for _, case in cases(shop, order_id)] == ["RECALLED"]
    shop.wait(48 * HOUR_MS)
    assert shop.money("buyer") == FUNDS_MINOR


def unswept(shop: Shop) -> list[Row]:
    """Where a sweep stops nothing: units that wait, have arrived, and are to be exchanged."""
    waiting = shop.paid((shop.tea, 1))
    arrived = shop.paid((shop.tea, 2))
    parcel = shop.ship(arrived)
    shop.deliver(parcel)
    asked = RefundRequest(arrived, parcel, "exchange", (RequestedLine(0, 1, None),), "", None)
    case_id = shop.done("buyer", ("refund.request", asked))[0].data["case_id"]
    assert isinstance(case_id, bytes)
    shop.done("merchant", ("refund.agree", RefundAgree(case_id, None)))
    back = ReturnShip(case_id, account("carrier"), 0, None)
    shop.done("buyer", ("return.ship", back), with_=("carrier",))
    shop.done("merchant", ("return.receive", ReturnReceive(case_id)))
    recall(shop)
    ship = ShipmentCreate(waiting, account("carrier"), (ShippedLine(0, 1),), None, (), None)
    again = ExchangeShip(case_id, account("carrier"), None, (), None)
    # fmt: off
    return [
        Attempt("merchant", "shipment.create", ship,               ("carrier",), "ProductRecalled"),
        Attempt("buyer",    "order.confirm", OrderConfirm(parcel, ()),       (), "ProductRecalled"),
        Attempt("merchant", "exchange.ship", again,                ("carrier",), "ProductRecalled"),
    ]
    # fmt: on


def test_what_no_sweep_has_reached_yet_is_blocked_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sweeping, "SWEEP_ORDERS_MAX", 0)
    shop = Shop()
    play(shop, unswept(shop))


def test_what_came_back_from_a_case_is_stopped_before_silence_pays_it_out() -> None:
    shop = Shop()
    order_id = shop.paid((shop.tea, 1), (shop.cake, 1))
    parcel = shop.ship(order_id)
    shop.deliver(parcel)
    both = (RequestedLine(0, 1, 100), RequestedLine(1, 1, 100))
    asked = RefundRequest(order_id, parcel, "allowance", both, "", None)
    case_id = shop.done("buyer", ("refund.request", asked))[0].data["case_id"]
    assert isinstance(case_id, bytes)
    recall(shop)
    # A case with other goods goes on; what is left of it comes back, and then is stopped.
    shop.wait(5 * DAY_MS)
    shop.wait(30 * DAY_MS)
    shop.wait(48 * HOUR_MS)
    tea, cake = shop.load(order_id).lines
    assert (tea.refunded_minor, tea.released_minor) == (1_000, 0)
    assert (cake.refunded_minor, cake.released_minor) == (100, 900)


def test_a_sweep_goes_on_in_the_next_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = Shop()
    monkeypatch.setattr(sweeping, "SWEEP_STOPPED_MAX", 2)
    monkeypatch.setattr(sweeping, "SWEEP_ORDERS_MAX", 4)
    orders = [shop.paid((shop.tea, 1)) for _ in range(5)]
    shop.paid((shop.bike, 1))
    recall_id = recall(shop)
    counts = []
    while load_recall(shop.state, recall_id).due_ms is not None:
        counts.append(sum(shop.load(order_id).cases for order_id in orders))
        play(shop, [Attempt("merchant", CLOSE, RecallClose(recall_id, HASH), (), "StateForbids")])
        shop.wait(1)
    assert counts[0] <= 2
    assert all(shop.load(order_id).cases == 1 for order_id in orders)
    play(shop, [Wait(1), Attempt("merchant", CLOSE, RecallClose(recall_id, HASH), (), OK)])
    shop.done("buyer", ("order.create", create((shop.tea, 1))))


def test_an_order_that_has_had_all_its_cases_is_refunded_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop = Shop()
    order_id = shop.paid((shop.tea, 3), (shop.cake, 1))
    shop.deliver(shop.ship(order_id, (0, 1), (1, 1)))
    monkeypatch.setattr(stopping, "CASES_MAX", 0)
    recall(shop)
    tea, cake = shop.load(order_id).lines
    assert (tea.refunded_minor, tea.held_minor, tea.state) == (3_000, 0, "REFUNDED")
    assert cake.held_minor == 1_000
    assert shop.load(order_id).cases == 0


def test_the_recall_comes_first_in_its_block() -> None:
    shop = Shop()
    order_id = shop.paid((shop.tea, 2))
    parcel = shop.ship(order_id, (0, 1))
    parts = {
        "recall": ("merchant", OPEN, RecallOpen(TEA, 1, HASH, None), ()),
        "cancel": ("buyer", "order.cancel", OrderCancel(order_id, (), "x"), ("merchant",)),
        "confirm": ("buyer", "order.confirm", OrderConfirm(parcel, ()), ()),
    }
    sent = [
        shop.transaction(Sent(sender, (operation(name, payload),), with_))
        for sender, name, payload, with_ in parts.values()
    ]
    receipts = {receipt.id: receipt.status for receipt in shop.block(*sent).receipts}
    statuses = [receipts[received.id] for received in sent]
    assert statuses == [OK, "StateForbids", "UnitsInCase"]


def test_recalls_at_once_sweep_one_a_block() -> None:
    shop = Shop()
    orders = [shop.paid((listing, 1)) for listing in (shop.tea, shop.cake, shop.bike)]
    opened = [
        shop.transaction(Sent("merchant", (operation(OPEN, RecallOpen(code, 2, HASH, None)),)))
        for code in (TEA, CAKE, BIKE)
    ]
    shop.block(*opened)
    stopped = [sum(shop.load(order_id).cases for order_id in orders)]
    for _ in range(2):
        shop.wait(1)
        stopped.append(sum(shop.load(order_id).cases for order_id in orders))
    assert stopped == [1, 2, 3]
