"""What each type of transaction costs inside a block: `python -m tests.bench.handlers [--help]`.

CPU time of `execute_block` on the state of a small world: a merchant with its listings, a carrier,
some hundred buyers, and the orders of the rounds before; beside it that of hashing the result into
the tree and writing it. Each block holds transactions of one type, without signatures to check. The
best block counts: other work on the machine only adds to it. `sys.*` are deadlines, all due in one
block.
"""

import argparse
import cProfile
import gc
import pstats
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import cache
from itertools import count, islice
from pathlib import Path
from statistics import mean, median
from tempfile import TemporaryDirectory
from time import thread_time_ns
from typing import Any
from unittest.mock import patch

from chain import execution
from chain.account import SignatureEntry, single_key_policy
from chain.block import OK, Certificate, Receipt
from chain.codec import encode
from chain.deadlines import due as due_by
from chain.execution import BlockResult
from chain.ledger import Ledger
from chain.store import KVStore, MemoryStore, open_store
from chain.transaction import (
    TRANSACTION_VERSION,
    ReceivedTransaction,
    SignedTransaction,
    Transaction,
    read_transaction,
)
from commerce.accounts import AccountOpen
from commerce.assets import AssetIssue
from commerce.cancellation import OrderCancel
from commerce.checkout import OrderPay
from commerce.confirmation import OrderConfirm
from commerce.listings import ListingPublish
from commerce.parcels import parcel_id
from commerce.payments import PayTransfer
from commerce.registry import Registry, operation
from commerce.shipments import ShipmentCreate, ShipmentDelivered, ShippedLine
from commerce.timers import scaled_timers
from tests.bench.command import command, say
from tests.chain.world import header_above
from tests.commerce.shop import CODE, PRICE_MINOR, TERMS, create, gtin, product
from tests.commerce.world import FUNDS_MINOR, genesis, key

PER_BLOCK = 200
ROUNDS = 6
# Longer than any clock of an order.
REST_MS = 60 * 86_400_000
BUYERS = 400
LISTINGS = 20
DEADLINES = 2_000
MINUTE_MS = 60_000
SHOWN = 35
TRADE = ("order.create", "order.pay", "shipment.create", "shipment.delivered", "order.confirm")
# By the clock of a parcel: what its carrier does before it runs out.
CLOCKS_OF_PARCELS: dict[str, tuple[str, ...]] = {
    "sys.order.lost": (),
    "sys.order.confirm": ("shipment.delivered",),
}


@cache
def party(name: str) -> tuple[bytes, bytes]:
    """The account id and the one key of a name."""
    return single_key_policy(key(name)).account_id(), key(name)


@dataclass(slots=True)
class Measured:
    """Of one type, per transaction: CPU of `execute_block` in each block, and of what the ledger
    does with its result; calls (Python's and C's) of the former; changed keys of the state.
    """

    cpu_us: list[float] = field(default_factory=list)
    kept_us: list[float] = field(default_factory=list)
    calls: float = 0.0
    keys: float = 0.0


@dataclass(frozen=True, slots=True)
class Bought:
    """An order of one unit of one listing, and who placed it; its one parcel has number 0."""

    buyer: str
    order_id: bytes

    @property
    def parcel_id(self) -> bytes:
        """The id of its parcel."""
        return parcel_id(self.order_id, 0)


class Town:
    """A ledger that executes blocks under a clock; `measured` by the names that blocks get.

    `profiled` names those blocks that are run under cProfile instead.
    """

    def __init__(self, store: KVStore, profiled: str | None = None) -> None:
        self.ledger = Ledger(store, genesis(), Registry())
        self.nonces = count(1)
        self.turns = count()
        self.clock_ms = self.ledger.tip.header.time_ms
        self.profiled = profiled
        self.profile = cProfile.Profile()
        self.measured: dict[str, Measured] = defaultdict(Measured)
        self._found()

    def _found(self) -> None:
        self.buyers = [f"buyer {number}" for number in range(BUYERS)]
        opened = [
            self.sign("m0", "account.open", AccountOpen(single_key_policy(key(name)), None), name)
            for name in self.buyers
        ]
        self.block(opened)
        self.block(
            self.sign("issuer", "asset.issue", AssetIssue("CNY", party(name)[0], FUNDS_MINOR, name))
            for name in self.buyers
        )
        self.block([self.sign("merchant", "product.register", product(gtin(1)))])
        published = self.block(
            self.sign("merchant", "listing.publish", ListingPublish(gtin(1), "CNY", 10**6, TERMS))
            for _ in range(LISTINGS)
        )
        self.listings = [receipt.events[0].data["listing_id"] for receipt in published]

    def sign(self, sender: str, name: str, payload: object, *others: str) -> ReceivedTransaction:
        """As a node reads it, its signatures all zero."""
        content = Transaction(
            version=TRANSACTION_VERSION,
            genesis_hash=self.ledger.chain.genesis_hash,
            sender=party(sender)[0],
            nonce=next(self.nonces),
            valid_until_ms=self.clock_ms + MINUTE_MS,
            operations=(operation(name, payload),),
            memo=None,
        )
        signers = sorted({party(signer) for signer in (sender, *others)})
        entries = tuple(SignatureEntry(*signer, bytes(64)) for signer in signers)
        return read_transaction(
            encode(SignedTransaction(encode(content), entries)), self.ledger.rules
        )

    def block(
        self, bodies: Iterable[ReceivedTransaction] = (), name: str | None = None, *, fired: int = 0
    ) -> Sequence[Receipt]:
        """Execute and write a block, measured under `name` if it has one; its receipts, all ok.

        `fired`: so many deadlines are due in it.
        """
        transactions = tuple(bodies)
        self.clock_ms += 1
        size = len(transactions) or fired
        timed = self._timed(name, size) if name else execution.execute_block
        header = header_above(self.ledger, transactions, self.clock_ms)
        started = thread_time_ns()
        with patch("chain.ledger.execute_block", timed):
            executed = self.ledger.execute(header, transactions)
        self.ledger.write(executed, Certificate(header.height, 0, executed.digest, ()))
        whole_us = (thread_time_ns() - started) / size / 1_000
        if name:
            measured = self.measured[name]
            measured.keys = len(executed.result.changes) / size
            if measured.cpu_us:
                measured.kept_us.append(whole_us - measured.cpu_us[-1])
        receipts = executed.result.receipts
        assert all(receipt.status == OK for receipt in receipts), receipts
        assert len(receipts) == len(transactions) + fired
        return receipts

    def _timed(self, name: str, size: int) -> Callable[..., BlockResult]:
        measured = self.measured[name]

        def run(*arguments: Any) -> BlockResult:
            if not measured.calls:
                with _CallCount() as calls:
                    result = execution.execute_block(*arguments)
                measured.calls = calls.count / size
                return result
            if name == self.profiled:
                return self.profile.runcall(execution.execute_block, *arguments)
            started = thread_time_ns()
            result = execution.execute_block(*arguments)
            measured.cpu_us.append((thread_time_ns() - started) / size / 1_000)
            return result

        return run

    def transfer(self, size: int) -> None:
        """A measured block of payments between buyers."""
        pairs = [(self.buyers[i % BUYERS], self.buyers[(i + 1) % BUYERS]) for i in range(size)]
        self.block(
            [
                self.sign(payer, "pay.transfer", PayTransfer(party(payee)[0], "CNY", 1, None))
                for payer, payee in pairs
            ],
            "pay.transfer",
        )

    def buy(self, size: int, name: str | None = None) -> list[Bought]:
        """A block of orders; no buyer has more of a listing than may be unpaid."""
        buyers, signed = [], []
        for turn in islice(self.turns, size):
            buyers.append(self.buyers[turn % BUYERS])
            listing = self.listings[turn // BUYERS % LISTINGS]
            signed.append(self.sign(buyers[-1], "order.create", create((listing, 1))))
        receipts = self.block(signed, name)
        ids = [receipt.events[0].data["order_id"] for receipt in receipts]
        return [Bought(*pair) for pair in zip(buyers, ids, strict=True)]

    def step(self, kind: str, orders: Sequence[Bought], *, measured: bool = True) -> None:
        """One step of each order's trade, in one block."""
        self.block([self._step(kind, order) for order in orders], kind if measured else None)

    def _step(self, kind: str, order: Bought) -> ReceivedTransaction:
        match kind:
            case "order.pay":
                return self.sign(order.buyer, kind, OrderPay(order.order_id, PRICE_MINOR))
            case "order.cancel":
                return self.sign(order.buyer, kind, OrderCancel(order.order_id, (), ""))
            case "shipment.create":
                lines = (ShippedLine(0, 1),)
                parcel = ShipmentCreate(order.order_id, party("carrier")[0], lines, None, (), None)
                return self.sign("merchant", kind, parcel, "carrier")
            case "shipment.delivered":
                return self.sign("carrier", kind, ShipmentDelivered(order.parcel_id, CODE, None))
            case "order.confirm":
                return self.sign(order.buyer, kind, OrderConfirm(order.parcel_id, ()))
            case _:
                raise AssertionError(kind)

    def expire(self, name: str, after_ms: int, due: int) -> None:
        """Let time pass; a measured block in which so many deadlines are due."""
        self.clock_ms += after_ms
        self.block((), name, fired=due)

    def rest(self) -> None:
        """Let all clocks run out, unmeasured."""
        self.clock_ms += REST_MS
        while (due := sum(1 for _ in due_by(self.ledger.state, self.clock_ms + 1))) > 0:
            self.block((), fired=min(due, self.ledger.chain.genesis.consensus.block_deadlines_max))


class _CallCount:
    """Counts calls of functions, Python's and C's, while it is entered."""

    def __init__(self) -> None:
        self.count = 0

    def _note(self, _frame: object, what: str, _argument: object) -> None:
        if what in ("call", "c_call"):
            self.count += 1

    def __enter__(self) -> "_CallCount":
        sys.setprofile(self._note)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)


def trades(town: Town, rounds: int, size: int) -> None:
    """Measured blocks of every step, and of cancellations and transfers."""
    for _ in range(rounds):
        town.transfer(size)
        town.step("order.cancel", town.buy(size))
        orders = town.buy(size, "order.create")
        for kind in ("order.pay", "shipment.create", "shipment.delivered", "order.confirm"):
            town.step(kind, orders)


def deadlines(town: Town, rounds: int, size: int) -> None:
    """Measured blocks in which `size` clocks of one kind run out, and no others."""
    genesis = town.ledger.chain.genesis
    timers = scaled_timers(genesis, genesis.timers)
    for _ in range(rounds):
        town.rest()
        town.buy(size)
        town.expire("sys.order.pay", timers.pay_ms, size)
        orders = town.buy(size)
        town.step("order.pay", orders, measured=False)
        town.expire("sys.order.ship (late)", timers.ship_ms, size)
        town.expire("sys.order.ship (refund)", timers.ship_refund_ms, size)
        for kind, steps in CLOCKS_OF_PARCELS.items():
            orders = town.buy(size)
            for step in ("order.pay", "shipment.create", *steps):
                town.step(step, orders, measured=False)
            town.expire(kind, timers.confirm_shipped_ms if steps else timers.lost_ms, size)
            town.rest()


def measure(store: KVStore, arguments: argparse.Namespace, title: str) -> None:
    """Everything on one store, and its lines."""
    town = Town(store, arguments.profile)
    trades(town, arguments.rounds, arguments.per_block)
    if arguments.deadlines:
        deadlines(town, max(2, arguments.rounds // 2), arguments.deadlines)
    say(f"{title}, per transaction:")
    say(f"  {'':<24}{'best':>8}{'median':>8} µs in the block, tree and write, calls, changed keys")
    for name, found in town.measured.items():
        if found.cpu_us:
            _row(name, min(found.cpu_us), median(found.cpu_us), min(found.kept_us), found)
    steps = [town.measured[name] for name in TRADE]
    if all(step.cpu_us for step in steps):
        whole = Measured(calls=mean(s.calls for s in steps), keys=mean(s.keys for s in steps))
        best, middle = mean(min(s.cpu_us) for s in steps), mean(median(s.cpu_us) for s in steps)
        _row("a step of a trade", best, middle, mean(min(s.kept_us) for s in steps), whole)
    if arguments.profile:
        pstats.Stats(town.profile, stream=sys.stdout).sort_stats("tottime").print_stats(SHOWN)


def _row(name: str, best: float, middle: float, kept: float, found: Measured) -> None:
    say(f"  {name:<24}{best:8.1f}{middle:8.1f}{kept:8.1f}{found.calls:8.0f}{found.keys:8.1f}")


def main(argv: Sequence[str]) -> int:
    """The command."""
    parser = command("handlers", __doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="blocks of each type")
    parser.add_argument("--per-block", type=int, default=PER_BLOCK)
    parser.add_argument("--deadlines", type=int, default=DEADLINES, help="due at once; 0: none")
    parser.add_argument("--store", choices=("memory", "disk"), help="both if left out")
    parser.add_argument("--profile", metavar="TYPE", help="cProfile of the blocks of one type")
    arguments = parser.parse_args(argv)
    if arguments.store != "disk":
        measure(MemoryStore(), arguments, "memory")
    if arguments.store != "memory":
        with TemporaryDirectory() as directory, closing(open_store(Path(directory))) as store:
            measure(store, arguments, store.kind)
    return 0


if __name__ == "__main__":
    # A collection would fall on whichever block it meets.
    gc.disable()
    raise SystemExit(main(sys.argv[1:]))
