"""Deadlines that fall due at once among many live orders: `python -m tests.bench.due [--help]`.

A ledger on disk has `--live` paid orders whose clocks run for 45 days; then `--due` clocks of one
kind run out in one block, for each kind. Told are the milliseconds of CPU that executing that block
takes, and hashing and writing it; "carried" is the same with half as many again due, which go over
to a second block in their order.
"""

import gc
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from time import thread_time_ns

from chain.block import OK, Certificate, Receipt
from chain.store import open_store
from commerce.aftersale.requests import RefundRequest, RequestedLine
from commerce.checkout import OrderPay
from commerce.listings import ListingPublish
from commerce.timers import DAY_MS, HOUR_MS, MINUTE_MS
from tests.bench.command import command, say, tell
from tests.bench.handlers import Bought, Town
from tests.chain.world import header_above
from tests.commerce.shop import PRICE_MINOR, TERMS, create, gtin
from tests.commerce.world import FUNDS_MINOR

PER_BLOCK = 400
PROMISE_MS = 45 * DAY_MS


class Street(Town):
    """A town with many orders under way."""

    def settle(self, live: int) -> None:
        """So many paid orders, to be shipped in 45 days."""
        terms = replace(TERMS, ship_within_ms=PROMISE_MS)
        published = self.block(
            self.sign("merchant", "listing.publish", ListingPublish(gtin(1), "CNY", 10**6, terms))
            for _ in range(live // (2 * len(self.buyers)) + 1)
        )
        long = [receipt.events[0].data["listing_id"] for receipt in published]
        for start in range(0, live, PER_BLOCK):
            turns = range(start, min(live, start + PER_BLOCK))
            names = [self.buyers[turn % len(self.buyers)] for turn in turns]
            listings = [long[turn // (2 * len(self.buyers))] for turn in turns]
            receipts = self.block(
                self.sign(name, "order.create", create((listing, 1)))
                for name, listing in zip(names, listings, strict=True)
            )
            ids = [receipt.events[0].data["order_id"] for receipt in receipts]
            paid = [self.sign(*row) for row in _payments(names, ids)]
            self.block(paid)
            if not start % 4_000:
                tell(f"{start} orders")

    def cohort(self, due: int, *steps: str) -> list[Bought]:
        """So many orders whose clocks run out within a second, brought along these steps."""
        orders: list[Bought] = []
        for start in range(0, due, PER_BLOCK):
            orders += self.buy(min(PER_BLOCK, due - start))
        for step in steps:
            for start in range(0, due, PER_BLOCK):
                self.step(step, orders[start : start + PER_BLOCK], measured=False)
        return orders

    def run_out(self, name: str, after_ms: int, due: int) -> None:
        """Let time pass to just after the clocks of the last cohort; tell what the blocks take."""
        self.clock_ms += after_ms
        fired = 0
        while fired < due:
            self.clock_ms += 1
            execute_ms, write_ms, receipts = self._timed_block()
            kinds = sum(1 for receipt in receipts if receipt.status == OK)
            assert kinds == len(receipts) > 0
            fired += len(receipts)
            took = f"{execute_ms:8.0f} ms executed{write_ms:8.0f} ms hashed and written"
            say(f"  {name:<24}{len(receipts):6} fired{took}")
        assert fired == due, (fired, due)

    def _timed_block(self) -> tuple[float, float, Sequence[Receipt]]:
        header = header_above(self.ledger, (), self.clock_ms)
        began = thread_time_ns()
        executed = self.ledger.execute(header, ())
        middle = thread_time_ns()
        self.ledger.write(executed, Certificate(header.height, 0, executed.digest, ()))
        ended = thread_time_ns()
        return (middle - began) / 1e6, (ended - middle) / 1e6, executed.result.receipts

    def ask(self, orders: Sequence[Bought]) -> None:
        """Each buyer asks for its money."""
        for start in range(0, len(orders), PER_BLOCK):
            self.block(
                self.sign(order.buyer, "refund.request", _asked(order))
                for order in orders[start : start + PER_BLOCK]
            )


def _asked(order: Bought) -> RefundRequest:
    line = RequestedLine(0, 1, None)
    return RefundRequest(order.order_id, None, "unshipped", (line,), "", None)


def _payments(names: Sequence[str], ids: Sequence[bytes]) -> list[tuple[str, str, OrderPay]]:
    pairs = zip(names, ids, strict=True)
    return [(name, "order.pay", OrderPay(known, PRICE_MINOR)) for name, known in pairs]


def measure(street: Street, live: int, due: int) -> None:
    """All kinds, one after the other, within the 45 days of the live orders."""
    assert live * PRICE_MINOR < FUNDS_MINOR * len(street.buyers)
    street.settle(live)
    say(f"{live} live orders, {due} clocks due at once; CPU of this thread:")
    street.cohort(due)
    street.run_out("sys.order.pay", 2 * HOUR_MS, due)
    street.cohort(due, "order.pay")
    street.run_out("sys.order.ship (late)", 72 * HOUR_MS + MINUTE_MS, due)
    # Those are refunded 15 days later, after all that follows here.
    street.cohort(due, "order.pay", "shipment.create", "shipment.delivered")
    street.run_out("sys.order.confirm", 10 * DAY_MS + MINUTE_MS, due)
    orders = street.cohort(due, "order.pay")
    street.ask(orders)
    street.run_out("sys.refund.answer", 2 * DAY_MS + MINUTE_MS, due)
    # The parcels delivered a minute after those orders were late close a minute later.
    street.run_out("sys.order.ship (refund)", 3 * DAY_MS - 5 * MINUTE_MS // 2, due)
    street.run_out("sys.order.close", 2 * MINUTE_MS, due)
    street.cohort(due * 3 // 2)
    street.run_out("carried over", 2 * HOUR_MS + MINUTE_MS, due * 3 // 2)


def main(argv: Sequence[str]) -> int:
    """The command."""
    parser = command("due", __doc__)
    parser.add_argument("--live", type=int, default=20_000)
    parser.add_argument("--due", type=int, default=2_000)
    arguments = parser.parse_args(argv)
    with TemporaryDirectory() as directory, closing(open_store(Path(directory))) as store:
        measure(Street(store), arguments.live, arguments.due)
    return 0


if __name__ == "__main__":
    gc.disable()
    raise SystemExit(main(sys.argv[1:]))
