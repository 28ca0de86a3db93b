"""Named regressions of where others fell, part timers: how long, how often again, how far ahead.

Numbers are those of the table of traps in the protocol's design (docs/traps.md).
"""

from collections.abc import Callable

import pytest

from chain.genesis import ConsensusParameters
from chain.votes import ViewChange
from consensus.messages import Commit, Complaint, NewView, Prepare, PrePrepare, Status
from tests.consensus.cluster import Cluster, Envelope
from tests.consensus.forging import UNSIGNED, block_on, certificate, pre_prepare, sign

FAST = ConsensusParameters(
    leader_period=2**20,
    request_timeout_ms=100,
    seal_timeout_ms=100,
    view_timeout_ms=100,
    view_timeout_max_ms=400,
    resend_ms=50,
)
CAP_TICKS = 40


def far_away(cluster: Cluster, member: int, view: int) -> list[object]:
    """All that one member can say about a far view, rightly signed."""
    state = cluster.nodes[0].replica._state
    tip = state.tip.certificate
    block = block_on(state, member, view, b"far", cluster.now_ms)
    digest = block.header.digest()
    return [
        sign(ViewChange(view, member, tip, None, UNSIGNED)),
        sign(Complaint(view, 1, member, UNSIGNED)),
        sign(Status(view, member, started=True, certificate=tip, signature=UNSIGNED)),
        sign(Prepare(view, 1, digest, member, UNSIGNED)),
        sign(Commit(view, 1, digest, member, UNSIGNED)),
        pre_prepare(cluster, block, member, view, tip),
    ]


@pytest.mark.parametrize("n", [4, 7, 10])
def test_trap_5_all_f_liars_in_far_views_move_nobody_and_slow_nobody(n: int) -> None:
    """Trap 5 (FISCO#2211, besu#7642): f members send view 2^32, again and again."""
    cluster = Cluster(n)
    f = cluster.committee.f
    liars = range(n - f, n)
    for liar in liars:
        cluster.crash(liar)
    cluster.faulty = frozenset(liars)
    honest = range(n - f)
    for round_ in range(60):
        if round_ % 20 == 0:
            cluster.submit(b"tx %d" % round_)
        for liar in liars:
            for message in far_away(cluster, liar, 2**32 + round_):
                cluster.queue += [Envelope(liar, member, message) for member in honest]  # type: ignore[arg-type]
        cluster.drain()
        cluster.pass_ticks()
    assert {view for _, view, _ in cluster.where()} == {0}
    assert cluster.height() == 6, "three transactions, each at once, each sealed"


def test_trap_5_a_certificate_of_a_far_view_moves_for_it_took_a_quorum() -> None:
    """Trap 5 (FISCO#2211, besu#7642): what f can't do a quorum can; nobody is left behind."""
    cluster = Cluster(4)
    cluster.crash(3)
    cluster.submit(b"one")
    cluster.run(lambda: cluster.height() >= 2)
    header = cluster.nodes[0].chain[1].block.header
    proof = certificate([0, 1, 2], 2**32, header)
    far = sign(Status(2**32, 2, started=True, certificate=proof, signature=UNSIGNED))
    cluster.feed(cluster.nodes[0], far)
    assert cluster.nodes[0].replica.view == 2**32


def climb(cluster: Cluster, ticks: int) -> None:
    """No proposal of a new view arrives: every view fails, timer after timer."""
    for _ in range(ticks):
        cluster.drain(lambda e: not isinstance(e.event, PrePrepare))
        cluster.pass_ticks()
    assert cluster.height() == 0


@pytest.mark.parametrize("seconds", [1, 5, 30])
def test_trap_5_however_long_no_view_succeeded_the_next_takes_bounded_time(seconds: int) -> None:
    """Trap 5 (FISCO#2211, besu#7642): timers double, but only up to the cap."""
    cluster = Cluster(4, FAST)
    cluster.submit(b"one")
    climb(cluster, seconds * 100)
    views = {view for _, view, _ in cluster.where()}
    assert min(views) >= 3
    # One change of view for each cap, once it is reached: no more, no less.
    assert min(views) >= (seconds * 100 - 200) // (CAP_TICKS + 10)
    assert max(views) <= 4 + seconds * 100 // CAP_TICKS
    took = cluster.run(lambda: cluster.height() >= 1, ticks=2 * CAP_TICKS)
    assert took <= 2 * CAP_TICKS


@pytest.mark.parametrize("fetched", [False, True], ids=["voted", "fetched"])
def test_trap_5_a_decision_brings_the_timers_back_to_base(fetched: bool) -> None:  # noqa: FBT001
    """Trap 5 (FISCO#2211, besu#7642): after long doubling the next dead primary costs
    one base timeout, and a replica that only fetched the decision is as quick as the others.
    """
    cluster = Cluster(4, FAST)
    cluster.submit(b"one")
    climb(cluster, 400)
    slow = 3
    cluster.run(
        lambda: all(node.replica.height >= 2 for node in cluster.up() if node.index != slow),
        passes=lambda e: not (fetched and slow in {e.source, e.target}),
    )
    cluster.run(lambda: cluster.height() >= 2)
    # A silent primary, whoever it is: everybody's patience is the request timer's.
    cluster.submit(b"two")
    complained: dict[int, int] = {}
    for passed in range(60):
        for entry in cluster.queue:
            if isinstance(entry.event, Complaint):
                complained.setdefault(entry.source, passed)
        cluster.drain(lambda e: not isinstance(e.event, PrePrepare | Complaint))
        cluster.pass_ticks()
    assert sorted(complained) == [0, 1, 2, 3]
    assert max(complained.values()) <= 12


Filter = Callable[[Envelope], bool]
LOST: dict[str, Filter] = {
    "ViewChanges": lambda e: isinstance(e.event, ViewChange),
    "NewViews": lambda e: isinstance(e.event, NewView),
    "both": lambda e: isinstance(e.event, ViewChange | NewView),
    "the proposal": lambda e: isinstance(e.event, PrePrepare),
    "Prepares": lambda e: isinstance(e.event, Prepare),
    "Commits": lambda e: isinstance(e.event, Commit),
    "Complaints": lambda e: isinstance(e.event, Complaint),
}


@pytest.mark.parametrize("what", LOST)
def test_trap_6_what_was_lost_once_is_said_again_before_the_view_is_given_up(what: str) -> None:
    """Trap 6 (fabric#917, concord#704): all messages of one kind are lost for 0.3 s, after the
    primary's death; view 1 succeeds all the same, no second view change is needed.
    """
    lost = LOST[what]
    parameters = ConsensusParameters(resend_ms=200)
    cluster = Cluster(4, parameters)
    cluster.crash(0)
    cluster.submit(b"one")
    dropped = 0
    healed_at = None
    for passed in range(200):
        for entry in cluster.queue:
            dropped += lost(entry)
        if dropped and healed_at is None:
            healed_at = passed + 30
        heard = healed_at is not None and passed >= healed_at
        cluster.drain(lambda e, heard=heard: heard or not lost(e))  # type: ignore[misc]
        if cluster.height() >= 1:
            break
        cluster.pass_ticks()
    assert dropped
    assert cluster.height() >= 1
    assert {view for _, view, _ in cluster.where()} == {1}


def test_trap_6_without_any_view_change_for_long_nothing_is_decided_and_then_it_heals() -> None:
    """Trap 6 (fabric#917, concord#704): drop all ViewChanges and NewViews for ten caps, heal."""
    cluster = Cluster(4, FAST)
    cluster.crash(0)
    cluster.submit(b"one")
    for _ in range(10 * CAP_TICKS):
        cluster.drain(lambda e: not isinstance(e.event, ViewChange | NewView))
        cluster.pass_ticks()
    assert cluster.height() == 0
    assert cluster.run(lambda: cluster.height() >= 1, ticks=2 * CAP_TICKS) <= 2 * CAP_TICKS
