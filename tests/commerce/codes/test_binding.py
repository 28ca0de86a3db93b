"""Which thing an order's line gets, and what a scan elsewhere says afterwards."""

# ruff: noqa: E501 (the rule table is aligned)

from dataclasses import replace

from commerce.cancellation import OrderCancel
from commerce.codes.batching import CodeDecommission
from commerce.codes.binding import BOUND, CodeBind
from commerce.roles import RoleGrant
from tests.commerce.attempts import Attempt, Row, play
from tests.commerce.codes.atelier import Atelier, serial_of
from tests.commerce.shop import TEA
from tests.commerce.world import HOUR_MS, QUORUM, account

BIND = "code.bind"
NOWHERE = bytes(32)


def binding(atelier: Atelier) -> list[Row]:
    """An order of two teas and a cake; code 5 is the buyer's, 6 dead."""
    atelier.done("merchant", ("code.decommission", CodeDecommission(atelier.batch_id, 6, 6)))
    atelier.committed("buyer", 5)
    atelier.revealed("buyer", 5)
    atelier.wait(HOUR_MS)
    elsewhere = atelier.another_batch()
    order_id = atelier.paid((atelier.tea, 2), (atelier.cake, 1))
    unpaid = atelier.order((atelier.tea, 1))
    gone = atelier.paid((atelier.tea, 1))
    atelier.done("buyer", ("order.cancel", OrderCancel(gone, (), "no")), with_=("merchant",))

    def bind(index: int, order: bytes = order_id, line: int = 0) -> CodeBind:
        return CodeBind(TEA, serial_of(index), order, line, None)

    first = bind(0)
    # fmt: off
    return [
        #       sender      type  payload                                                    with outcome
        Attempt("merchant", BIND, bind(0, NOWHERE),                                           (), "OrderUnknown"),
        Attempt("rival",    BIND, first,                                                      (), "NotTheSeller"),
        Attempt("merchant", BIND, bind(0, line=2),                                            (), "LineUnknown"),
        Attempt("merchant", BIND, replace(first, serial="/", member=atelier.member(0)),       (), "SerialMalformed"),
        Attempt("merchant", BIND, replace(first, member=atelier.member(0, NOWHERE)),          (), "CodeBatchUnknown"),
        Attempt("merchant", BIND, replace(first, member=atelier.member(1)),                   (), "LeafInvalid"),
        Attempt("merchant", BIND, replace(first, member=atelier.member(0, elsewhere)),        (), "SerialElsewhere"),
        Attempt("merchant", BIND, replace(first, serial="none"),                              (), "CodeUnknown"),
        Attempt("merchant", BIND, bind(0, line=1),                                            (), "GoodsMismatch"),
        Attempt("merchant", BIND, bind(0, unpaid),                                            (), "StateForbids"),
        Attempt("merchant", BIND, bind(0, gone),                                              (), "StateForbids"),
        Attempt("merchant", BIND, bind(6),                                                    (), "CodeDead"),
        Attempt("merchant", BIND, first,                                                      (), "ok"),
        Attempt("merchant", BIND, first,                                                      (), "CodeBound"),
        Attempt("merchant", BIND, bind(5),                                                    (), "NotInHand"),
        Attempt("merchant", BIND, replace(bind(1), member=atelier.member(1)),                 (), "ok"),
        Attempt("merchant", BIND, bind(2),                                                    (), "QuantityExceeded"),
    ]
    # fmt: on


def unborn(atelier: Atelier) -> list[Row]:
    """Nothing of the batch is active."""
    order_id = atelier.paid((atelier.tea, 1))
    bind = CodeBind(TEA, serial_of(0), order_id, 0, atelier.member(0))
    return [Attempt("merchant", BIND, bind, (), "CodeInactive")]


def test_a_line_gets_the_things_that_its_seller_has() -> None:
    atelier = Atelier()
    play(atelier, binding(atelier))


def test_what_is_not_in_circulation_is_not_sold() -> None:
    atelier = Atelier(shown=False)
    play(atelier, unborn(atelier))


def test_a_thing_moves_to_another_line_and_both_count_right() -> None:
    atelier = Atelier()
    one, other = atelier.paid((atelier.tea, 1)), atelier.paid((atelier.tea, 1))
    for order_id in (one, other):
        atelier.done("merchant", (BIND, CodeBind(TEA, serial_of(0), order_id, 0, None)))
    counts = {key[:32]: row.count for key, row in BOUND.items(atelier.state)}
    assert counts == {one: 0, other: 1}
    sale = atelier.code().sale
    assert sale is not None
    assert sale.order_id == other


def test_a_sold_thing_in_another_shop_is_a_copy_or_this_one_is() -> None:
    atelier = Atelier()
    grant = RoleGrant(account("rival"), "merchant", "gcp:6901234", None)
    atelier.done("m0", ("role.grant", grant), with_=QUORUM)
    order_id = atelier.paid((atelier.tea, 1))
    atelier.scanned(atelier.scan(by=account("rival")))
    assert not atelier.kinds()
    atelier.done("merchant", (BIND, CodeBind(TEA, serial_of(0), order_id, 0, None)))
    parcel = atelier.ship(order_id, (0, 1))
    atelier.wait(HOUR_MS)
    for party in ("merchant", "carrier", "buyer"):
        atelier.scanned(atelier.scan(by=account(party)))
    atelier.deliver(parcel)
    assert atelier.verdict().sold_ms is not None
    atelier.wait(HOUR_MS)
    atelier.scanned(atelier.scan(by=account("rival")))
    assert "sold" in atelier.kinds()
