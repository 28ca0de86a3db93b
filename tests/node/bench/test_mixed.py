"""The workload `mixed`."""

from collections import Counter
from itertools import islice, pairwise

from node.bench.workloads import Chain, workload_of
from node.bench.workloads.mixed import EVENTS_PER_DOCUMENT, OPERATIONS_PER_ROUND, ROUND
from tests.node.bench.market import keys, plan

NOW_MS = 1_767_225_600_000


def offered(number: int, first: int = 0) -> list[Chain]:
    """The first so many chains."""
    wanted = plan("mixed", 10 * number, first=first)
    return list(islice(workload_of("mixed").chains(wanted, keys(), NOW_MS), number))


def test_a_round_is_60_transfers_35_steps_of_trades_and_5_documents() -> None:
    steps = [step for chain in offered(len(ROUND)) for step in chain.steps]
    kinds = Counter(step.kind for step in steps)
    assert len(steps) == 100
    assert kinds["pay.transfer"] == 60
    assert kinds["epcis.capture"] == 5
    assert kinds["order.create"] == kinds["order.confirm"] == 7
    documents = [step for step in steps if step.kind == "epcis.capture"]
    assert {step.operations for step in documents} == {EVENTS_PER_DOCUMENT}
    assert sum(step.operations for step in steps) == OPERATIONS_PER_ROUND


def test_what_is_rare_is_spread_evenly() -> None:
    places = [at for at, kind in enumerate(ROUND * 2) if kind == "document"]
    gaps = {later - earlier for earlier, later in pairwise(places)}
    assert gaps <= {14, 15}


def test_plans_that_are_signed_side_by_side_begin_at_different_places() -> None:
    kinds = [chain.steps[0].kind for chain in offered(40)]
    later = [chain.steps[0].kind for chain in offered(30, first=10)]
    assert later == kinds[10:]
