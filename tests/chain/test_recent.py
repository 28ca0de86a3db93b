"""What was decided lately: a new id is told from the others without reading the store."""

from collections.abc import Callable, Mapping

from typing_extensions import override

from chain.crypto import sha256
from chain.ledger import Ledger
from chain.recent import FILTER_BITS, MINUTES_MAX, RecentIds
from chain.replay import MINUTE_MS, minute_of
from chain.store_memory import MemoryStore
from tests.chain.toy import add
from tests.chain.toy_world import ToyWorld


def ids(count: int, of: str = "id") -> list[bytes]:
    return [sha256(f"{of} {number}".encode()) for number in range(count)]


def test_what_was_added_is_never_surely_new() -> None:
    recent, added = RecentIds(), ids(5_000)
    recent.add([(7, one, place) for place, one in enumerate(added)])
    assert not any(recent.surely_new(7, one) for one in added)


def test_nearly_all_others_are_surely_new_even_in_a_full_minute() -> None:
    recent, others = RecentIds(), ids(2_000, "other")
    recent.add([(7, one, place) for place, one in enumerate(ids(120_000))])
    unsure = sum(not recent.surely_new(7, one) for one in others)
    assert unsure < len(others) * 0.03
    assert FILTER_BITS // 8 * 11 < 4 * 1024 * 1024, "ten minutes' filters are small"


def test_of_a_minute_that_had_ids_before_nothing_is_sure() -> None:
    recent, (first, second, third) = RecentIds(), ids(3)
    recent.add([(7, second, 1)])
    assert not recent.surely_new(7, first)
    recent.add([(8, third, 0)])
    assert recent.surely_new(8, first)
    assert not recent.surely_new(9, first), "a minute that nobody has added to"


def test_a_minute_that_is_over_is_let_go_and_their_number_is_bounded() -> None:
    recent, (one, other) = RecentIds(), ids(2)
    recent.add([(minute, one, 0) for minute in range(MINUTES_MAX + 1)])
    assert recent.surely_new(MINUTES_MAX - 1, other)
    assert not recent.surely_new(MINUTES_MAX, other)
    recent.forget([0])
    assert not recent.surely_new(0, other)
    recent.add([(MINUTES_MAX + 1, one, 0)])
    assert recent.surely_new(MINUTES_MAX + 1, other)


def test_a_ledger_that_was_opened_again_remembers_what_it_has_no_filter_for() -> None:
    world = ToyWorld()
    first, second = world.signed("buyer", add("a")), world.signed("buyer", add("b"))
    minute = minute_of(first.transaction.valid_until_ms)
    assert minute == minute_of(second.transaction.valid_until_ms)
    world.decide(first)
    again = Ledger(world.ledger.store, world.ledger.chain.genesis, world.toy)
    assert again.is_remembered(minute, first.id)
    assert not again.is_remembered(minute, second.id)
    world.decide(second)
    assert world.ledger.is_remembered(minute, first.id)
    assert world.ledger.is_remembered(minute, second.id)


class _Watched(MemoryStore):
    """A store that lets somebody look just before each write."""

    def __init__(self) -> None:
        super().__init__()
        self.before: Callable[[], None] = lambda: None

    @override
    def write(self, batch: Mapping[bytes, bytes | None], *, sync: bool = True) -> None:
        self.before()
        super().write(batch, sync=sync)


def test_a_decided_id_is_in_the_filter_before_it_is_in_the_store() -> None:
    store = _Watched()
    world = ToyWorld(store=store)
    first, made = world.signed("buyer", add("a")), world.signed("buyer", add("b"))
    minute = minute_of(made.transaction.valid_until_ms)
    world.decide(first)
    assert world.ledger.recent.surely_new(minute, made.id)
    seen: list[bool] = []
    store.before = lambda: seen.append(world.ledger.recent.surely_new(minute, made.id))
    world.decide(made)
    assert seen == [False]


def test_a_ledger_lets_go_of_the_minutes_that_are_over() -> None:
    world = ToyWorld()
    made = world.signed("buyer", add("a"))
    minute = minute_of(made.transaction.valid_until_ms)
    world.decide(made)
    other = sha256(b"another")
    assert world.ledger.recent.surely_new(minute, other)
    world.decide(time_ms=(minute + 1) * MINUTE_MS)
    assert not world.ledger.recent.surely_new(minute, other), "asked of the store again"
