"""Rules of order.extend, and the clocks that it moves."""

from commerce.extensions import OrderExtend
from tests.commerce.attempts import Attempt, Do, Row, Wait, play
from tests.commerce.shop import Shop
from tests.commerce.world import DAY_MS

EXTEND = "order.extend"
NOWHERE = bytes(32)


def extending(shop: Shop) -> list[Row]:
    """One parcel on its way, one that has ended."""
    parcel = shop.ship(shop.paid((shop.tea, 2)))
    ended = shop.ship(shop.paid((shop.tea, 1)))
    shop.confirm(ended)
    due_ms = shop.parcel(parcel).due_ms or 0

    def later(days: int) -> Do:
        return Do(lambda _: check_due(shop, parcel, due_ms + days * DAY_MS))

    # fmt: off
    return [
        #       sender      type    payload                      outcome
        Attempt("buyer",    EXTEND, OrderExtend(NOWHERE, 1), (), "ParcelUnknown"),
        Attempt("friend",   EXTEND, OrderExtend(parcel, 1),  (), "NotAParty"),
        Attempt("carrier",  EXTEND, OrderExtend(parcel, 1),  (), "NotAParty"),
        Attempt("buyer",    EXTEND, OrderExtend(ended, 1),   (), "StateForbids"),
        Attempt("buyer",    EXTEND, OrderExtend(parcel, 4),  (), "ExtensionDaysForbidden"),
        Attempt("merchant", EXTEND, OrderExtend(parcel, 4),  (), "ExtensionDaysForbidden"),
        Attempt("merchant", EXTEND, OrderExtend(parcel, 1),  (), "ExtensionDaysForbidden"),
        Attempt("buyer",    EXTEND, OrderExtend(parcel, 3),  (), "ok"),
        later(3),
        Attempt("buyer",    EXTEND, OrderExtend(parcel, 1),  (), "ExtendedOnce"),
        Attempt("merchant", EXTEND, OrderExtend(parcel, 10), (), "ok"),
        Attempt("merchant", EXTEND, OrderExtend(parcel, 10), (), "ExtensionTooLong"),
        Attempt("merchant", EXTEND, OrderExtend(parcel, 7),  (), "ok"),
        Attempt("merchant", EXTEND, OrderExtend(parcel, 3),  (), "ExtensionTooLong"),
        later(20),
        # The clock comes first: a lost parcel isn't brought back.
        Wait(50 * DAY_MS),
        Attempt("merchant", EXTEND, OrderExtend(parcel, 3),  (), "StateForbids"),
    ]
    # fmt: on


def check_due(shop: Shop, parcel: bytes, due_ms: int) -> None:
    assert shop.parcel(parcel).due_ms == due_ms


def test_a_parcels_time_is_extended_within_bounds() -> None:
    shop = Shop()
    play(shop, extending(shop))


def test_a_delivered_parcel_is_released_so_much_later() -> None:
    shop = Shop()
    order_id = shop.paid((shop.tea, 1))
    parcel = shop.ship(order_id)
    shop.deliver(parcel)
    due_ms = shop.parcel(parcel).due_ms or 0
    shop.done("merchant", (EXTEND, OrderExtend(parcel, 5)))
    shop.wait(due_ms - shop.time_ms)
    assert shop.load(order_id).lines[0].held_minor == 1_000
    shop.wait(5 * DAY_MS)
    assert shop.load(order_id).lines[0].released_minor == 1_000
