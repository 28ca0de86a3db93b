"""A story's court: how many secrets are left follows from what was made ready and drawn."""

from typing import Any

import pytest

from node.demo.court import stocked
from tests.node.demo.people import placed


def ready(dealer: str) -> dict[str, Any]:
    return placed(1, "beacon.ready", dealer=dealer, number=0)


OPENED = placed(2, "dispute.opened")
APPEALED = placed(3, "dispute.appealed")


@pytest.mark.parametrize(
    ("events", "dealers"),
    [
        ([], 0),
        ([ready("a"), ready("a")], 1),
        ([ready("a"), ready("b")], 2),
        # A draw takes one of every dealer that has any.
        ([ready("a"), ready("b"), OPENED], 0),
        ([ready("a"), ready("a"), ready("b"), OPENED], 1),
        ([ready("a"), OPENED, APPEALED, ready("a")], 1),
    ],
)
def test_each_draw_takes_a_secret_of_every_dealer(
    events: list[dict[str, Any]], dealers: int
) -> None:
    assert stocked(events) == dealers
