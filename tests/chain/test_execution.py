"""What a block does: all or nothing, order of classes, deadlines, freaks of handlers."""

import pytest

from chain.block import Receipt, system_receipt_id
from chain.errors import BlockInvalid
from chain.genesis import ConsensusParameters
from chain.state import u64
from chain.transaction import OPERATIONS_MAX, Operation
from tests.chain.toy import BREACH, add, counter, deadlines_of, say, schedule
from tests.chain.toy_world import OK, ToyWorld


@pytest.fixture
def world() -> ToyWorld:
    return ToyWorld()


# All or nothing.


def test_all_operations_of_a_transaction_happen_or_none(world: ToyWorld) -> None:
    good = world.signed("buyer", add("a"), add("b"))
    bad = world.signed("buyer", add("a"), add("b"), add("c", 1001), add("d"))
    assert world.statuses(good, bad) == [OK, ("CounterFull", 2)]
    assert [world.value(name) for name in "abcd"] == [1, 1, 0, 0]


def test_a_hundred_operations_happen_or_none(world: ToyWorld) -> None:
    full = [add("a")] * OPERATIONS_MAX
    assert world.statuses(world.signed("buyer", *full)) == [OK]
    assert world.value("a") == OPERATIONS_MAX
    broken = world.signed("buyer", *full[:-1], add("b", 1001))
    assert world.statuses(broken) == [("CounterFull", OPERATIONS_MAX - 1)]
    assert world.value("a") == OPERATIONS_MAX


def test_a_failed_transaction_leaves_no_events_and_no_index_entries(world: ToyWorld) -> None:
    (receipt,) = world.run(world.signed("buyer", add("a"), add("a", 1001)))
    assert receipt.events == ()
    assert list(world.ledger.index(b"")) == []
    (receipt,) = world.run(world.signed("buyer", add("a", 5)))
    assert [event.type for event in receipt.events] == ["toy.added"]
    assert list(world.ledger.index(b"counter/")) == [(b"counter/" + counter("a"), u64(5))]


def test_a_failed_transaction_is_still_spent(world: ToyWorld) -> None:
    failed = world.signed("buyer", add("a", 1001))
    world.run(failed)
    with pytest.raises(BlockInvalid, match="TransactionRepeated"):
        world.execute(failed)


def test_a_later_operation_sees_what_an_earlier_one_wrote(world: ToyWorld) -> None:
    assert world.statuses(world.signed("buyer", add("a", 600), add("a", 401))) == [
        ("CounterFull", 1)
    ]
    assert world.statuses(world.signed("buyer", add("a", 600), add("a", 400))) == [OK]


def test_a_breach_of_an_invariant_is_undone_and_named(world: ToyWorld) -> None:
    breach = world.signed("buyer", add("b"), add("a", BREACH))
    after = world.signed("buyer", add("b"))
    assert world.statuses(breach, after) == [("InvariantBreach", 1), OK]
    assert (world.value("a"), world.value("b")) == (0, 1)


@pytest.mark.parametrize(
    "freak", ["huge", "float", "list", "unsorted", "decomposed", "rank", "deep"]
)
def test_an_event_that_is_no_agreed_value_fails_its_transaction_alone(
    world: ToyWorld, freak: str
) -> None:
    (odd, plain) = (world.signed("buyer", add("a"), say(freak)), world.signed("buyer", add("b")))
    assert world.statuses(odd, plain) == [("ResultMalformed", 1), OK]
    assert (world.value("a"), world.value("b")) == (0, 1)


def test_more_events_than_a_receipt_holds_fail_the_transaction(world: ToyWorld) -> None:
    assert world.statuses(world.signed("buyer", say("plain", 4096))) == [OK]
    assert world.statuses(world.signed("buyer", say("plain", 4097))) == [("ResultMalformed", 0)]


@pytest.mark.parametrize(
    "odd",
    [add("a", 1, kind="toy.store"), add("a", 600, kind="toy.long_key")],
    ids=["a value out of its range", "a key that no store holds"],
)
def test_state_that_could_not_be_read_again_fails_the_transaction(
    world: ToyWorld, odd: Operation
) -> None:
    assert world.statuses(world.signed("buyer", odd)) == [("ResultMalformed", 0)]


# Order inside a block.


def test_classes_run_in_order_with_due_deadlines_between(world: ToyWorld) -> None:
    world.run(world.signed("buyer", schedule("d", world.now_ms + 500)))
    world.toy.log.clear()
    world.run(
        world.signed("buyer", add("r", kind="toy.recall")),
        world.signed("buyer", add("c", kind="toy.cancel")),
        world.signed("buyer", add("o")),
        world.signed("buyer", add("f", kind="toy.confirm")),
    )
    executed_then_again = [
        "toy.recall r",
        "sys.ring d",
        "toy.cancel c",
        "toy.add o",
        "toy.confirm f",
    ]
    assert world.toy.log == executed_then_again


def test_a_block_whose_classes_are_out_of_order_is_invalid(world: ToyWorld) -> None:
    first = world.signed("buyer", add("o"))
    second = world.signed("buyer", add("c", kind="toy.cancel"))
    with pytest.raises(BlockInvalid, match="out of order"):
        world.execute(first, second)
    world.execute(second, first)


def test_a_transaction_ranks_by_its_last_ranked_operation(world: ToyWorld) -> None:
    mixed = world.signed("buyer", add("c", kind="toy.cancel"), add("f", kind="toy.confirm"))
    plain = world.signed("buyer", add("o"))
    with pytest.raises(BlockInvalid, match="out of order"):
        world.execute(mixed, plain)
    world.execute(plain, mixed)


# Deadlines.


def test_a_deadline_fires_once_at_its_time_with_a_receipt_of_its_own(world: ToyWorld) -> None:
    due_ms = world.now_ms + 500
    world.run(world.signed("buyer", schedule("d", due_ms)))
    assert world.run() == [
        Receipt(
            system_receipt_id("sys.ring", 2, 0),
            "ok",
            None,
            world.ledger.receipts(2)[0].events,
        )
    ]
    assert world.value("d") == 100
    assert world.run() == []
    assert world.value("d") == 100


def test_a_deadline_in_the_future_does_not_fire(world: ToyWorld) -> None:
    world.run(world.signed("buyer", schedule("d", world.now_ms + 1_001)))
    assert world.run() == []
    assert world.ledger.next_deadline_ms() is not None


def test_whoever_acts_on_an_object_after_its_deadline_acts_on_what_the_deadline_left(
    world: ToyWorld,
) -> None:
    world.run(world.signed("buyer", schedule("d", world.now_ms + 500)))
    world.toy.log.clear()
    world.run(world.signed("buyer", add("d", kind="toy.recall")))
    assert world.toy.log == ["sys.ring d", "toy.recall d"]
    assert world.value("d") == 101


def test_an_overdue_deadline_stays_fired_when_the_operation_on_its_object_fails(
    world: ToyWorld,
) -> None:
    world.run(world.signed("buyer", schedule("d", world.now_ms + 500)))
    recall = world.signed("buyer", add("d", 950, kind="toy.recall"))
    assert world.statuses(recall) == [OK, ("CounterFull", 0)]
    assert world.value("d") == 100


def test_what_exceeds_the_limit_is_carried_over_and_fires_before_operations_on_its_object() -> None:
    world = ToyWorld(ConsensusParameters(block_deadlines_max=2))
    at = world.now_ms + 500
    world.run(world.signed("buyer", *[schedule(name, at + i) for i, name in enumerate("vwxyz")]))
    world.toy.log.clear()
    world.run(world.signed("buyer", add("z")))
    assert world.toy.log == ["sys.ring v", "sys.ring w", "sys.ring z", "toy.add z"]
    assert [name for _, name in deadlines_of(world.ledger.state)] == ["x", "y"]
    world.run()
    assert deadlines_of(world.ledger.state) == []
    assert [world.value(name) for name in "vwxyz"] == [100, 100, 100, 100, 101]


def test_a_transition_may_leave_a_deadline_that_is_due_at_once(world: ToyWorld) -> None:
    world.run(world.signed("buyer", schedule("d", world.now_ms + 500, "sys.again")))
    world.toy.log.clear()
    receipts = world.run()
    assert world.toy.log == ["sys.again d", "sys.ring d"]
    assert len({receipt.id for receipt in receipts}) == 2
    assert world.value("d") == 200


def test_a_deadline_that_an_earlier_one_of_its_round_cancelled_does_not_fire(
    world: ToyWorld,
) -> None:
    at = world.now_ms + 500
    first, second = schedule("a", at, "sys.silence"), schedule("b", at + 1)
    world.run(world.signed("buyer", first, second))
    assert len(world.run()) == 1
    assert (world.value("a"), world.value("b")) == (100, 0)
    assert deadlines_of(world.ledger.state) == []


@pytest.mark.parametrize(("kind", "status"), [("sys.refuse", "CounterFull")])
def test_a_failed_transition_is_undone_told_and_not_tried_again(
    world: ToyWorld, kind: str, status: str
) -> None:
    world.run(world.signed("buyer", schedule("d", world.now_ms + 500, kind)))
    assert world.statuses() == [(status, 0)]
    assert world.value("d") == 0
    assert world.run() == []


def test_a_transition_that_breaks_an_invariant_is_undone_and_the_chain_goes_on(
    world: ToyWorld,
) -> None:
    at = world.now_ms + 500
    world.run(world.signed("buyer", add("d", BREACH - 100), schedule("d", at), schedule("e", at)))
    assert world.statuses() == [("InvariantBreach", 0), OK]
    assert (world.value("d"), world.value("e")) == (BREACH - 100, 100)
