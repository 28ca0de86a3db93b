"""A small run of the bench of handlers: every step is measured, and the figures are consistent."""

import pytest

from chain.store_memory import MemoryStore
from tests.bench import handlers
from tests.bench.handlers import TRADE, Town, deadlines, main, trades

FIRED = (
    "sys.order.pay",
    "sys.order.ship (late)",
    "sys.order.ship (refund)",
    "sys.order.lost",
    "sys.order.confirm",
)


def test_every_step_and_every_deadline_is_measured() -> None:
    town = Town(MemoryStore())
    trades(town, 2, 3)
    deadlines(town, 2, 3)
    assert set(town.measured) == {"pay.transfer", "order.cancel", *TRADE, *FIRED}
    for found in town.measured.values():
        # The first block of each is the one whose calls are counted.
        assert len(found.cpu_us) == len(found.kept_us) == 1
        assert min(found.cpu_us) > 0
        assert found.calls > 100
        assert found.keys > 1


def test_the_command_prints_a_row_for_each_and_a_profile_of_one(
    capsys: pytest.CaptureFixture[str],
) -> None:
    options = ["--rounds", "2", "--per-block", "3", "--deadlines", "0", "--store", "memory"]
    assert main(options) == 0
    rows = capsys.readouterr().out.splitlines()
    assert [row.split()[0] for row in rows[2:-1]] == ["pay.transfer", "order.cancel", *TRADE]
    assert rows[-1].startswith("  a step of a trade")
    assert main([*options, "--profile", "order.pay"]) == 0
    told = capsys.readouterr().out
    assert "order_pay" in told
    assert "a step of a trade" not in told


def test_buyers_never_have_more_orders_of_a_listing_than_may_be_unpaid() -> None:
    town = Town(MemoryStore())
    bought = town.buy(2 * handlers.BUYERS)
    assert len({order.order_id for order in bought}) == 2 * handlers.BUYERS
