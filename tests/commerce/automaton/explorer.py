"""Everything that can happen to an order of few units, by the real handlers, and what silence does.

States are explored breadth first: each known one is restored, each operation that anybody could
send is sent in a block of its own, and the clock is let run to the next deadline. Two states are
one if their records say the same but for times and ids. From each, silence is then played to its
end. `python -m tests.commerce.automaton.explorer --units 2` explores two units, whole or one by one
(some minutes), and prints the numbers.
"""

import argparse
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from chain.block import OK
from chain.deadlines import earliest_ms
from commerce.aftersale.cases import ENDED, Case, cases_of
from commerce.assets import AssetIssue
from commerce.audit import full_check
from commerce.disputes.dispute import DISPUTES
from commerce.escrow import State
from commerce.orders import Order
from commerce.parcels import Parcel, load_parcel, parcel_id
from commerce.recalls.blocked import recalled_products
from commerce.recalls.recalls import RecallOpen
from commerce.units import Span, count_units
from tests.bench.command import say
from tests.commerce.automaton.moves import Move, order_moves
from tests.commerce.shop import Shop
from tests.commerce.world import DAY_MS, account

# Enough for whatever is asked back after it was paid out, and for bonds.
MERCHANT_MINOR = 1_000_000


@dataclass(frozen=True, slots=True)
class Frozen:
    """A world's state, to come back to."""

    values: dict[bytes, bytes]
    time_ms: int
    height: int


@dataclass(slots=True)
class Findings:
    """What an exploration found: states by key, edges, and how often (state, trigger) was taken."""

    states: dict[object, Frozen] = field(default_factory=dict)
    edges: set[tuple[object, str, object]] = field(default_factory=set)
    taken: Counter[tuple[str, str]] = field(default_factory=Counter)
    longest_ms: int = 0
    ends: Counter[str] = field(default_factory=Counter)


class Explorer:
    """One order of `units` units of tea; `steps` are the portions that people act on."""

    def __init__(self, units: int) -> None:
        self.shop = Shop()
        self.shop.audited = False
        self.units = units
        self.portions = sorted({1, units})
        reserve = ("asset.issue", _issue("merchant", MERCHANT_MINOR))
        self.shop.done("issuer", reserve)
        self.order_id = self.shop.order((self.shop.tea, units))
        self.before = {name: self.shop.money(name) for name in ("buyer", "merchant")}

    def explore(self, states_max: int = 1_000_000) -> Findings:
        """All states that can be reached."""
        found = Findings()
        found.states[self.key()] = self.freeze()
        waiting = deque(found.states.items())
        while waiting and len(found.states) <= states_max:
            key, frozen = waiting.popleft()
            for label, taken in self._successors(frozen):
                target = self.key()
                found.edges.add((key, label, target))
                found.taken.update(taken)
                if target not in found.states:
                    found.states[target] = self.freeze()
                    waiting.append((target, found.states[target]))
            self.thaw(frozen)
            self._silence(found)
        return found

    def _successors(self, frozen: Frozen) -> Iterator[tuple[str, list[tuple[str, str]]]]:
        """Leave the world in each state that follows this one, with the edges that were taken."""
        self.thaw(frozen)
        for move in list(order_moves(self.shop, self.order_id, self.portions)):
            self.thaw(frozen)
            sources = self._sources(move)
            receipt = self.shop.send(move.sender, (move.type, move.payload), with_=move.with_)
            if receipt.status == OK:
                yield move.label, [(source, move.type) for source in sources]
        self.thaw(frozen)
        fired = self._tick()
        if fired:
            yield "clock", fired

    def _tick(self) -> list[tuple[str, str]]:
        """Let time pass to the next deadline; the (state, transition) pairs that fired."""
        due_ms = earliest_ms(self.shop.state)
        if due_ms is None:
            return []
        sources = [clock for clock in self._clocks() if clock[0] <= due_ms]
        for receipt in self.shop.wait(max(0, due_ms - self.shop.time_ms)):
            assert receipt.status == OK, receipt
        return [(state, kind) for _, state, kind in sources]

    def _clocks(self) -> Iterator[tuple[int, str, str]]:
        order = self.order()
        clock = order.clock()
        if clock is not None:
            yield clock[0], order.lines[0].state, clock[1]
        for parcel in self.parcels():
            clock = parcel.clock()
            if clock is not None:
                yield clock[0], parcel.state, clock[1]
        for case_id, case in self.cases():
            clock = case.clock()
            dispute = DISPUTES.load(self.shop.state, case_id)
            if clock is None and dispute is not None:
                clock = dispute.clock()
            if clock is not None:
                yield clock[0], case.state, clock[1]

    def _silence(self, found: Findings) -> None:
        """Nobody acts any more: everything ends, in time, and the money is where it belongs."""
        began_ms = self.shop.time_ms
        expected, start = self.expected_minor(), self.key()
        full_check(self.shop.state)
        while self._tick():
            pass
        full_check(self.shop.state)
        assert earliest_ms(self.shop.state) is None
        order = self.order()
        assert all(line.held_minor == 0 for line in order.lines)
        gained = {name: self.shop.money(name) - known for name, known in self.before.items()}
        assert gained == expected, (gained, expected, start)
        found.longest_ms = max(found.longest_ms, self.shop.time_ms - began_ms)
        found.ends[str(order.state)] += 1

    def expected_minor(self) -> dict[str, int]:
        """What silence gives each in the end, by the specification's words and not by handlers."""
        order = self.order()
        (line,) = order.lines
        if line.paid_minor == 0:
            return {"buyer": 0, "merchant": 0}
        sellers = 0
        for parcel in self.parcels():
            for entry in parcel.lines:
                # What came back from a panel to a recalled parcel is stopped before it is paid out.
                recalled = bool(recalled_products(self.shop.state))
                arrived = parcel.state == State.DELIVERED and not recalled
                sellers += line.worth_minor(entry.open) if arrived else 0
                sellers += line.worth_minor(entry.released)
        for case_id, case in self.cases():
            del case_id
            if State(case.state) not in ENDED:
                sellers += self._seller_of(case, line.worth_minor(case.lines[0].spans))
        final = self._final_minor(order)
        sellers += final
        return {"buyer": -sellers, "merchant": sellers}

    def _final_minor(self, order: Order) -> int:
        """What the seller has of units that no request can reach any more."""
        (line,) = order.lines
        still = sum(
            line.worth_minor(entry.released) for parcel in self.parcels() for entry in parcel.lines
        )
        asked = sum(
            line.worth_minor(case.lines[0].spans)
            for _, case in self.cases()
            if case.origin == State.RELEASED and State(case.state) not in ENDED
        )
        return line.released_minor - still - asked

    def _seller_of(self, case: Case, worth_minor: int) -> int:
        """What the seller gets of a case in the end if nobody acts any more."""
        arrived = case.origin in (State.DELIVERED, State.RELEASED)
        if case.origin == State.IN_TRANSIT and case.parcel is not None:
            arrived = self.parcels()[case.parcel].state == State.DELIVERED
        if case.origin != State.RELEASED and recalled_products(self.shop.state):
            # Nobody's silence pays for recalled goods, as far as their money is held.
            arrived = False
        back_minor = worth_minor if arrived else 0
        match State(case.state):
            case State.REFUND_PENDING if not case.gives_back:
                return back_minor - case.asked_minor if arrived else 0
            case State.REFUND_PENDING | State.REJECTED | State.COUNTERED | State.RETURNING:
                return back_minor
            case State.RETURN_IN_TRANSIT | State.RETURN_DELIVERED | State.EXCHANGING:
                return worth_minor - case.asked_minor
            case State.DISPUTED:
                return back_minor if case.returned is None else worth_minor - case.asked_minor
            case _:
                return 0

    def key(self) -> object:
        """The state without times and ids."""
        order = self.order()
        lines = tuple(
            (
                *(line.state, _spans(line.open), line.shipped, line.cancelled, line.settled),
                *(line.held_minor, line.released_minor, line.refunded_minor),
            )
            for line in order.lines
        )
        parcels = tuple(self._parcel_key(parcel) for parcel in self.parcels())
        cases = tuple(sorted(self._case_keys()))
        return lines, parcels, cases, bool(recalled_products(self.shop.state))

    def _parcel_key(self, parcel: Parcel) -> object:
        entries = tuple((_spans(e.open), e.pending, _spans(e.released)) for e in parcel.lines)
        return parcel.state, entries, parcel.signed_ms is None, parcel.exchange

    def _case_keys(self) -> Iterator[tuple[object, ...]]:
        for case_id, case in self.cases():
            if State(case.state) in ENDED:
                continue
            dispute = DISPUTES.load(self.shop.state, case_id)
            yield (
                *(case.kind, case.state, case.origin, str(case.parcel), case.gives_back),
                *(case.offer, case.offer_gives_back, case.asked_minor, case.returned is None),
                "" if dispute is None else dispute.phase,
                tuple(_spans(entry.spans) for entry in case.lines),
            )

    def _sources(self, move: Move) -> list[str]:
        """The states of what a move is done to, as the automaton has them."""
        payload = move.payload
        for _, case in self._named(self.cases(), payload, ("case_id", "subject_id", "dispute_id")):
            return [case.state]
        for number, parcel in enumerate(self.parcels()):
            known_id = parcel_id(self.order_id, number)
            named = {getattr(payload, name, None) for name in ("parcel_id", "subject_id")}
            if known_id in named:
                is_open = any(entry.open for entry in parcel.lines)
                return [parcel.state if is_open else State.RELEASED.value]
        if isinstance(payload, RecallOpen):
            return sorted({state for _, state, _ in self._clocks()} - {State.RELEASED.value})
        return [self.order().lines[0].state]

    @staticmethod
    def _named(
        cases: Iterable[tuple[bytes, Case]], payload: object, names: Sequence[str]
    ) -> Iterator[tuple[bytes, Case]]:
        named = {getattr(payload, name, None) for name in names}
        return (entry for entry in cases if entry[0] in named)

    def order(self) -> Order:
        """The order's record."""
        return self.shop.load(self.order_id)

    def parcels(self) -> list[Parcel]:
        """Its parcels."""
        ids = [parcel_id(self.order_id, number) for number in range(self.order().parcels)]
        return [load_parcel(self.shop.state, known_id) for known_id in ids]

    def cases(self) -> list[tuple[bytes, Case]]:
        """Its cases."""
        return list(cases_of(self.shop.state, self.order_id, self.order()))

    def freeze(self) -> Frozen:
        """The present state of the world."""
        return Frozen(dict(self.shop.state.values), self.shop.time_ms, self.shop.height)

    def thaw(self, frozen: Frozen) -> None:
        """Come back to it."""
        self.shop.state.values = dict(frozen.values)
        self.shop.state.order = sorted(frozen.values)
        self.shop.time_ms = frozen.time_ms
        self.shop.height = frozen.height
        self.shop.receipts.clear()


def _spans(spans: Sequence[Span]) -> tuple[tuple[int, int, int], ...]:
    """Units as a state tells them apart: how many, how often tried, what is deducted."""
    assert count_units(spans) >= 0
    return tuple((span.count, span.tries, span.deducted_minor) for span in spans)


def _issue(name: str, amount_minor: int) -> AssetIssue:
    return AssetIssue("CNY", account(name), amount_minor, f"more for {name}")


def describe(found: Findings) -> str:
    """The numbers."""
    days = found.longest_ms / DAY_MS
    counts = f"{len(found.states)} states, {len(found.edges)} edges"
    return f"{counts}, silence ends in {days:.1f} d at most: {dict(found.ends)}"


def main() -> None:
    """Explore and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--units", type=int, default=1)
    say(describe(Explorer(parser.parse_args().units).explore()))


if __name__ == "__main__":
    main()
