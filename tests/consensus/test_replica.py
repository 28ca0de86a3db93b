"""The replica as its shell sees it: sizes, order of obligations, restarts, what it hands out."""

from dataclasses import replace

import pytest

from chain.transaction import body_hash
from chain.votes import ViewChange
from consensus.config import ChainTip
from consensus.input import Proposal, Work
from consensus.messages import Commit, NewView, Prepare, PrePrepare
from consensus.output import Output
from consensus.records import (
    BlockRecord,
    DecidedRecord,
    NewViewRecord,
    PreparedRecord,
    Record,
    SyncedRecord,
    ViewChangeRecord,
    VoteRecord,
    decode_record,
)
from tests.consensus.cluster import Cluster, Node, Observer
from tests.consensus.forging import UNSIGNED, block_on, certificate, pre_prepare, sign


class Recorder(Observer):
    """Keeps every Output of every member."""

    def __init__(self) -> None:
        self.outputs: list[tuple[int, Output]] = []

    def on_output(self, node: Node, output: Output) -> None:  # type: ignore[explicit-override]
        self.outputs.append((node.index, output))


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 6, 7, 10, 13])
def test_any_size_decides_and_seals(n: int) -> None:
    cluster = Cluster(n)
    cluster.submit(b"one")
    cluster.run(lambda: cluster.height() >= 2)
    assert {view for _, view, _ in cluster.where()} == {0}


def test_one_member_alone_decides_in_the_output_of_its_check() -> None:
    recorder = Recorder()
    cluster = Cluster(1, observer=recorder)
    cluster.submit(b"one")
    cluster.drain()
    output = next(output for _, output in recorder.outputs if output.decided)
    kinds = [type(record) for record in output.persist]
    assert kinds == [PreparedRecord, VoteRecord, DecidedRecord]


def test_nothing_that_promises_is_sent_in_an_output_that_does_not_persist_it() -> None:
    recorder = Recorder()
    cluster = Cluster(4, observer=recorder)
    cluster.submit(b"one")
    cluster.run(lambda: cluster.height() >= 2)
    journalled: dict[int, set[bytes]] = {}
    sent = 0
    for index, output in recorder.outputs:
        known = journalled.setdefault(index, set())
        known |= {r.signature for r in output.persist if isinstance(r, VoteRecord)}
        for item in output.send:
            if isinstance(item.message, PrePrepare | Prepare | Commit):
                assert item.message.signature in known
                sent += 1
    assert sent == 2 * (1 + 3 + 4)


def test_decided_blocks_come_in_order_with_their_certificate_and_results() -> None:
    recorder = Recorder()
    cluster = Cluster(4, observer=recorder)
    cluster.submit(b"one")
    cluster.run(lambda: cluster.height() >= 2)
    mine = [d for index, output in recorder.outputs if index == 2 for d in output.decided]
    assert [d.block.header.height for d in mine] == [1, 2]
    assert all(d.certificate.digest == d.digest == d.block.header.digest() for d in mine)
    assert mine[1].block.header.state_root == mine[0].results.state_root


def test_a_stale_proposal_of_the_shell_is_dropped() -> None:
    cluster = Cluster(4)
    replica = cluster.nodes[0].replica
    tip = replica._state.tip
    stale = Proposal(2, 0, tip.digest, cluster.now_ms, (), ())
    assert not replica.step(stale, cluster.now_ms).send
    assert not replica.step(replace(stale, height=1, view=3), cluster.now_ms).send
    body = b"one"
    other = Proposal(1, 0, tip.digest, cluster.now_ms, (body_hash(body),), (body,))
    assert not cluster.nodes[1].replica.step(other, cluster.now_ms).send
    assert replica.step(other, cluster.now_ms).send
    assert not replica.step(other, cluster.now_ms).send, "one proposal per view and height"


def test_own_messages_that_come_back_say_nothing() -> None:
    cluster = Cluster(4)
    replica = cluster.nodes[1].replica
    output = replica.step(sign(Prepare(0, 1, bytes(32), 1, UNSIGNED)), cluster.now_ms)
    assert replica._state.slot.votes.earlier(2, 0, 1) is None  # type: ignore[arg-type]
    assert not output.send


def test_an_undecided_block_is_handed_to_peers_that_ask() -> None:
    cluster = Cluster(4)
    cluster.submit(b"one")
    cluster.drain(lambda e: isinstance(e.event, PrePrepare))
    replica = cluster.nodes[1].replica
    digest = replica._state.slot.proposals[0].digest
    held = replica.held_block(digest)
    assert held is not None
    assert held[0].bodies == (b"one",)
    assert replica.held_block(bytes(32)) is None


def test_a_member_without_the_proposal_gets_the_block_of_a_certificate_from_its_signers() -> None:
    cluster = Cluster(4)
    cluster.submit(b"one")
    # Member 3 never hears the proposal, and the others keep their own Commits to themselves.
    cluster.drain(
        lambda e: (
            not (isinstance(e.event, PrePrepare) and e.target == 3)
            and not (isinstance(e.event, Commit) and e.target != 3)
        )
    )
    late = cluster.nodes[3]
    assert late.replica.height == 1, "it alone decides, with a block that nobody has decided yet"
    assert [node.replica.height for node in cluster.nodes[:3]] == [0, 0, 0]


def test_a_fresh_journal_begins_with_what_still_counts() -> None:
    cluster = Cluster(4)
    cluster.submit(b"one")
    cluster.run(lambda: cluster.height() >= 2)
    cluster.submit(b"two")
    cluster.drain(lambda e: not isinstance(e.event, Commit))
    node = cluster.nodes[1]
    records = node.replica.records()
    kinds = [type(record) for record in records]
    assert records[0] == SyncedRecord(node.replica.height)
    assert {BlockRecord, VoteRecord, PreparedRecord} <= set(kinds)
    heights = {r.height for r in records if isinstance(r, VoteRecord)}
    assert heights <= {1, 3}
    again = cluster._replica(1, ChainTip(*cluster._tip(node.chain)), list(records))
    assert again.records() == records


def test_the_view_survives_a_restart_in_all_the_ways_it_can_be_known() -> None:
    cluster = Cluster(4)
    cluster.crash(0)
    cluster.submit(b"one")
    cluster.run(lambda: cluster.height() >= 2)
    for compact in (False, True):
        cluster.crash(2)
        cluster.restart(2, compact=compact)
        assert cluster.nodes[2].replica.view == 1
        assert cluster.nodes[2].replica.primary == 1


def test_a_restarted_primary_repeats_its_proposal_and_makes_no_other() -> None:
    cluster = Cluster(4)
    cluster.submit(b"one")
    first = {e.event for e in cluster.queue if isinstance(e.event, PrePrepare)}
    cluster.queue.clear()
    cluster.crash(0)
    cluster.restart(0)
    cluster.submit(b"two")
    cluster.pass_ticks(51)
    assert {e.event for e in cluster.queue if isinstance(e.event, PrePrepare)} == first
    cluster.run(lambda: cluster.height() >= 2)


def test_waking_is_never_later_than_the_next_sending() -> None:
    cluster = Cluster(4)
    replica = cluster.nodes[2].replica
    output = replica.step(Work(waiting=False), cluster.now_ms)
    assert output.wake_at == 50
    output = replica.step(Work(waiting=True), cluster.now_ms)
    assert output.wake_at == 1
    output = replica.step(Work(waiting=False, deadline_ms=cluster.now_ms + 95), cluster.now_ms)
    assert output.wake_at == 10


def test_a_certificate_of_a_later_view_carries_its_holders_there() -> None:
    cluster = Cluster(4)
    cluster.submit(b"one")
    cluster.drain()
    header = cluster.nodes[1].chain[0].block.header
    proof = certificate([0, 1, 2], 6, header)
    state = cluster.nodes[1].replica._state
    primary = state.roster.primary(6, 2)
    assert primary == 2
    block = block_on(state, 2, 6, b"two", cluster.now_ms)
    block = replace(block, header=replace(block.header, parent_view=6))
    for index in (1, 3):
        cluster.feed(cluster.nodes[index], pre_prepare(cluster, block, 2, 6, proof))
        assert cluster.nodes[index].replica.view == 6
    cluster.drain(lambda _: False)
    assert {k for k in cluster.signed if k[1:] == (2, 6, 2)} == {(1, 2, 6, 2), (3, 2, 6, 2)}


def test_records_of_a_run_are_readable_by_the_decoder() -> None:
    cluster = Cluster(4)
    cluster.crash(0)
    cluster.submit(b"one")
    cluster.run(lambda: cluster.height() >= 2)
    kinds = {type(decode_record(data)).__name__ for data in cluster.nodes[1].journal}
    assert kinds >= {
        "BlockRecord",
        "VoteRecord",
        "PreparedRecord",
        "ViewChangeRecord",
        "NewViewRecord",
        "DecidedRecord",
    }


def test_each_kind_of_promise_alone_keeps_the_view() -> None:
    cluster = Cluster(4)
    cluster.submit(b"one")
    cluster.run(lambda: cluster.height() >= 2)
    tip = ChainTip(*cluster._tip(cluster.nodes[1].chain))
    vote = VoteRecord(3, 7, 2, tip.certificate.digest, bytes(64))
    change = ViewChangeRecord(sign(ViewChange(8, 1, tip.certificate, None, UNSIGNED)))
    opened = NewViewRecord(sign(NewView(9, 3, 1, (change.message,), UNSIGNED)))
    records: list[Record] = [vote, change, opened]
    for i, view in enumerate((0, 7, 8, 9)):
        assert cluster._replica(1, tip, records[:i]).view == view
    for record, view in zip(records, (7, 8, 9), strict=True):
        assert cluster._replica(1, tip, [record]).view == view
