"""Storage promises: who makes them, when, and what they may say."""

from dataclasses import replace
from typing import Any

import pytest

from commerce.cancellation import OrderCancel
from commerce.devices.errors import SlaMalformed
from commerce.devices.sla import PenaltyStep, sla_attach, slas_of
from tests.commerce.attempts import Attempt, Do, Row, play
from tests.commerce.deposits.inside import inside
from tests.commerce.devices.cold import UNITS, sla
from tests.commerce.shop import Shop

ATTACH = "sla.attach"


def attaching(shop: Shop) -> list[Row]:
    """Attempts to promise."""
    order_id = shop.paid((shop.tea, UNITS), (shop.cake, 1))
    gone = shop.order((shop.tea, 1))
    plain = sla(order_id)
    steps = (PenaltyStep("1", 50),)
    falling = (PenaltyStep("0", 50), PenaltyStep("1", 49))
    double = (PenaltyStep("0", 50), PenaltyStep("0", 60))
    second = replace(plain, line=1, low=None)
    cancel = OrderCancel(gone, (), "no more")
    return [
        Attempt("friend", ATTACH, replace(plain, unit="XYZ"), (), "UnitUnsuitable"),
        Attempt("friend", ATTACH, replace(plain, unit="KGM"), (), "UnitUnsuitable"),
        Attempt("friend", ATTACH, replace(plain, high="8.0"), (), "ReadingMalformed"),
        Attempt(
            "friend", ATTACH, replace(plain, steps=(PenaltyStep("x", 1),)), (), "ReadingMalformed"
        ),
        Attempt("friend", ATTACH, replace(plain, low=None, high=None), (), "SlaMalformed"),
        Attempt("friend", ATTACH, replace(plain, low="8"), (), "SlaMalformed"),
        Attempt("friend", ATTACH, replace(plain, steps=steps), (), "SlaMalformed"),
        Attempt("friend", ATTACH, replace(plain, steps=falling), (), "SlaMalformed"),
        Attempt("friend", ATTACH, replace(plain, steps=double), (), "SlaMalformed"),
        Attempt("friend", ATTACH, replace(plain, order_id=bytes(32)), (), "OrderUnknown"),
        Attempt("friend", ATTACH, plain, (), "NotAParty"),
        Attempt("buyer", ATTACH, replace(plain, line=2), (), "LineUnknown"),
        Attempt("buyer", ATTACH, plain, (), "CosignerMissing"),
        Attempt("buyer", ATTACH, plain, ("merchant",), "ok"),
        # Two promises for one line would be two prices for one minute.
        Attempt("merchant", ATTACH, replace(plain, cap_permille=1), (), "SlaExists"),
        Attempt("merchant", ATTACH, replace(plain, cap_permille=900), ("buyer",), "ok"),
        Attempt("merchant", ATTACH, second, (), "ok"),
        Do(lambda _: shop.ship(order_id, (0, 1))),
        Attempt("merchant", ATTACH, plain, (), "SlaExists"),
        Attempt("merchant", ATTACH, plain, ("buyer",), "StateForbids"),
        Attempt("buyer", "order.cancel", cancel, (), "ok"),
        Attempt("merchant", ATTACH, sla(gone), (), "StateForbids"),
    ]


def test_attempts_to_promise() -> None:
    shop = Shop()
    play(shop, attaching(shop))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"low": None, "high": None}, "neither a lower nor an upper"),
        ({"low": "8"}, "lower limit is not below"),
        ({"steps": (PenaltyStep("1", 50),)}, "first step's excess is 1, not 0"),
        ({"steps": (PenaltyStep("0", 50), PenaltyStep("0", 60))}, "don't ascend"),
        ({"steps": (PenaltyStep("0", 50), PenaltyStep("1", 49))}, "costs less"),
    ],
)
def test_a_promise_that_is_refused_is_told_which_part_is_wrong(
    changes: dict[str, Any], words: str
) -> None:
    with inside(Shop()) as context, pytest.raises(SlaMalformed, match=words):
        sla_attach(sla(bytes(32), **changes), context)


def test_a_promise_is_replaced_by_both_and_each_line_has_one() -> None:
    shop = Shop()
    order_id = shop.paid((shop.tea, UNITS), (shop.cake, 1))
    shop.done("merchant", (ATTACH, sla(order_id, line=1, high="4")))
    shop.done("merchant", (ATTACH, sla(order_id)))
    shop.done("merchant", (ATTACH, sla(order_id, high="5")), with_=("buyer",))
    assert [(entry.line, entry.high) for entry in slas_of(shop.state, order_id)] == [
        (0, "5"),
        (1, "4"),
    ]
