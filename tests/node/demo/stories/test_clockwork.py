"""What a clock did is taken for that only if it came no earlier than the API had said."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, cast

import pytest

from node.client import NodeFailed
from node.demo.chronicle import Chronicle
from node.demo.market import Market
from node.demo.stories.clockwork import Clock, await_clock
from tests.node.demo.people import Answers, paged, placed

CLOSED = placed(7, "order.closed", order_id="a")
CLOCK = Clock("/v1/orders/a", "sys.order.pay", "pay_ms", ())


def market(deadline: Mapping[str, Any] | None, asked_at: int = 5) -> Market:
    """A market whose order has this deadline when it is asked at some height, on a chain that has
    closed it in block 7.
    """
    chronicle = Chronicle(lambda: paged([CLOSED], 1), "0", "order")
    told = {CLOCK.path: {"deadline": deadline}, "/v1/status": {"height": asked_at}}
    client = Answers(lambda path, _: told[path])

    def wait(_: object, type_: str, **data: Any) -> Mapping[str, Any]:
        return chronicle.wait(0.0, type_, **data)

    made = SimpleNamespace(stage=SimpleNamespace(client=client), await_clock=wait)
    return cast("Market", made)


@pytest.mark.parametrize(
    "deadline",
    [
        {"kind": "sys.order.pay", "time_ms": 7_000},
        {"kind": "sys.order.pay", "time_ms": 6_001},
        # On a slow machine the clock was faster than the question.
        {"kind": "sys.order.ship", "time_ms": 9_000},
        None,
    ],
)
def test_an_event_that_was_due_is_told(deadline: Mapping[str, Any] | None) -> None:
    assert await_clock(market(deadline), CLOCK, "order.closed", order_id="a") == CLOSED


def test_an_event_before_its_time_was_not_the_clock() -> None:
    early = market({"kind": "sys.order.pay", "time_ms": 7_001})
    with pytest.raises(NodeFailed, match=r"sys\.order\.pay at 7000, due at 7001"):
        await_clock(early, CLOCK, "order.closed", order_id="a")


def test_what_had_happened_before_the_question_is_told_whatever_comes_next() -> None:
    late = market({"kind": "sys.order.pay", "time_ms": 9_000}, asked_at=7)
    assert await_clock(late, CLOCK, "order.closed", order_id="a") == CLOSED
