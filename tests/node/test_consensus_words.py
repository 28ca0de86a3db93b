"""Staged troubles, and what `hushang consensus why` says of each: the right cause, by name."""

from dataclasses import replace

import pytest

from chain.committee import Committee
from consensus.messages import Commit, Prepare, PrePrepare
from node.consensus_together import compare
from node.consensus_words import WELL, Verdict, Why, explain
from tests.consensus.cluster import Cluster, Envelope
from tests.consensus.stub_chain import committee
from tests.node.places import place


def why(cluster: Cluster, index: int, away: tuple[int, ...] = (), missing: int = 0) -> Why:
    return explain(place(cluster, index, away, missing))


def decided(n: int = 4) -> Cluster:
    """A chain at rest above one transaction and its seal."""
    cluster = Cluster(n)
    cluster.submit(b"one")
    cluster.run(lambda: cluster.height() == 2)
    return cluster


def halfway(body: bytes, *kinds: type[PrePrepare | Prepare]) -> Cluster:
    """The same with one more transaction, of whose messages only these kinds came through."""
    cluster = decided()
    cluster.submit(body)
    cluster.drain(lambda e: isinstance(e.event, kinds))
    return cluster


def test_a_chain_that_rests_says_so_and_how_the_last_block_came() -> None:
    cluster = decided()
    said = why(cluster, 1)
    assert said.verdict is Verdict.REST
    assert "rests at height 2" in said.headline
    assert said.more[0].startswith("last decided: height 2 in view 0")
    assert said.verdict in WELL


def test_a_new_chain_has_nothing_but_its_genesis() -> None:
    said = why(Cluster(4), 0)
    assert said.verdict is Verdict.REST
    assert said.more == ("nothing is decided yet but the genesis",)


def test_a_dead_primary_is_named_and_when_another_is_asked_for() -> None:
    cluster = decided()
    cluster.crash(0)
    cluster.submit(b"two", to=[1, 2, 3])
    cluster.pass_ticks(10)
    said = why(cluster, 1)
    assert said.verdict is Verdict.PRIMARY_AWAY
    assert "m0, which leads, is away" in said.headline
    assert "asks for another view in 410 ms" in said.headline
    assert "to do: 1 transactions" in said.more
    # Its patience ends: it complains, and says who else does.
    cluster.pass_ticks(45)
    assert "1 of the 2 members that it takes want another view (m1)" in why(cluster, 1).headline


def test_a_view_that_has_not_begun_says_who_asks_for_it_and_whose_word_is_missing() -> None:
    cluster = decided()
    cluster.crash(0)
    cluster.crash(1)
    cluster.submit(b"two", to=[2, 3])
    cluster.run(lambda: cluster.nodes[2].replica.view == 1)
    # Both dead are in reach again for all that the network knows: the words are about votes.
    cluster.nodes[0].alive = cluster.nodes[1].alive = True
    said = why(cluster, 2)
    assert said.verdict is Verdict.VIEW_CHANGE
    assert "view 1 hasn't begun: 2 of 3 members ask for it (m2, m3)" in said.headline


def test_more_dead_than_f_is_a_halt_until_one_returns() -> None:
    cluster = decided()
    cluster.crash(0)
    cluster.crash(1)
    cluster.submit(b"two", to=[2, 3])
    cluster.pass_ticks(10)
    said = why(cluster, 2)
    assert said.verdict is Verdict.NO_QUORUM
    assert "2 of the 3 members of a quorum" in said.headline
    assert "away: m0, m1" in said.headline
    assert "until 1 of them can be reached again" in said.headline
    told = {f"m{i}": (place(cluster, i), why(cluster, i)) for i in (2, 3)}
    together = compare({**dict.fromkeys(("m0", "m1")), **told})
    assert "no answer from m0, m1" in together
    assert "no node is in reach of a quorum: the chain stands still" in together


def test_a_minority_that_is_cut_off_learns_that_the_others_may_go_on() -> None:
    cluster = decided()
    others = [1, 2, 3]
    cluster.submit(b"two", to=others)

    def apart(envelope: Envelope) -> bool:
        return 0 not in (envelope.source, envelope.target)

    cluster.run(lambda: all(len(cluster.nodes[i].chain) >= 4 for i in others), passes=apart)
    said = why(cluster, 0, away=(1, 2, 3))
    assert said.verdict is Verdict.NO_QUORUM
    assert "the others may go on without this node" in said.headline
    told = {f"m{i}": (place(cluster, i, (0,)), why(cluster, i, (0,))) for i in others}
    assert all(entry[1].verdict in WELL for entry in told.values())
    told["m0"] = (place(cluster, 0, (1, 2, 3)), said)
    together = compare(told)
    assert "m0 is cut off; the others go on" in together
    assert "behind: m0 at 2" in together


def test_a_node_that_catches_up_says_how_far_it_is() -> None:
    cluster = decided()
    cluster.crash(3)
    for number in range(6):
        cluster.submit(b"more %d" % number, to=[0, 1, 2])
        height = cluster.height() + 2
        cluster.run(lambda at=height: cluster.height() >= at)  # type: ignore[misc]
    cluster.restart(3)
    # Statuses come through, blocks do not.
    cluster.run(
        lambda: cluster.nodes[3].replica.picture().target > 3,
        passes=lambda e: e.target != 3 or type(e.event).__name__ in {"Status", "RecoveryReply"},
    )
    said = why(cluster, 3)
    assert said.verdict is Verdict.CATCHING_UP
    assert f"height 2 of {cluster.nodes[0].replica.height}" in said.headline


def test_a_member_that_lost_its_journal_says_why_it_is_silent_and_until_when() -> None:
    # The others hold its Prepare at height 3, which nobody decides before it is gone.
    cluster = halfway(b"two", PrePrepare, Prepare)
    cluster.crash(3)
    cluster.nodes[3].journal.clear()
    cluster.restart(3)
    assert "asks the members for its own votes: 0 of 2" in why(cluster, 3).headline
    cluster.drain()
    said = why(cluster, 3)
    assert said.verdict is Verdict.WITHHELD
    assert "silent up to height 4; new blocks end it" in said.headline
    told = {f"m{i}": (place(cluster, i), why(cluster, i)) for i in (1, 2, 3)}
    halted = "2 of the 3 members that decide can vote, m3 keeps silent: the chain stands still"
    assert halted in compare({"m0": None, **told})
    assert halted not in compare({"m0": (place(cluster, 0), why(cluster, 0)), **told})
    # Nobody asked m0: it may vote.
    assert halted not in compare(told)
    # To the others nothing is wrong, and with the next blocks it is over.
    assert why(cluster, 0).verdict in WELL
    for body in (b"three", b"four"):
        height = cluster.height() + 2
        cluster.submit(body)
        cluster.run(lambda at=height: cluster.height() >= at)  # type: ignore[misc]
    assert why(cluster, 3).verdict is Verdict.REST


def test_votes_that_are_missing_are_named_with_their_members() -> None:
    cluster = halfway(b"two", PrePrepare)
    said = why(cluster, 1)
    assert said.verdict is Verdict.VOTING
    assert "2 of 3 Prepares for height 3 are here (m0, m1); not from m2, m3" in said.headline
    cluster = halfway(b"two", PrePrepare, Prepare)
    said = why(cluster, 1, away=(3,))
    assert "1 of 3 Commits for height 3 are here (m1)" in said.headline
    assert "m3 (away)" in said.headline


def test_bodies_that_nobody_brought_are_counted() -> None:
    cluster = decided()
    cluster.submit(b"two")
    cluster.bodies.clear()
    cluster.drain(lambda e: isinstance(e.event, PrePrepare))
    said = why(cluster, 1, missing=1)
    assert said.verdict is Verdict.BODIES_MISSING
    assert "1 of the 1 transactions that m0 proposed for height 3 aren't here" in said.headline
    # Here, and only being executed: nothing is wrong.
    assert why(cluster, 1).verdict is Verdict.CHECKING


def test_a_proposal_that_was_refused_is_told_with_the_rule() -> None:
    cluster = halfway(b"bad one", PrePrepare)
    said = why(cluster, 1)
    assert said.verdict is Verdict.REFUSED
    assert "refused the proposal of m0" in said.headline


def test_a_block_that_a_quorum_decided_and_this_node_lacks_is_said_to_be_asked_for() -> None:
    cluster = decided()
    cluster.submit(b"two")
    cluster.drain(lambda e: e.target != 3 or isinstance(e.event, Commit))
    cluster.pass_ticks(1)
    said = why(cluster, 3)
    assert said.verdict is Verdict.BLOCK_MISSING
    assert "a quorum has decided block 3" in said.headline


@pytest.mark.parametrize("index", range(4))
def test_a_suspended_member_is_named_and_never_leads(
    index: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def convicted(n: int, epoch: int = 0) -> Committee:
        made = committee(n, epoch)
        members = [replace(m, suspended=m.name == "m1") for m in made.members]
        return Committee(epoch, tuple(members))

    monkeypatch.setattr("tests.consensus.cluster.committee", convicted)
    cluster = decided()
    shown = place(cluster, index)
    assert "m1" not in shown["roster"]
    assert "suspended, votes and never leads: m1" in explain(shown).more
