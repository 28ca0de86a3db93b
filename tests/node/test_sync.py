"""Catching up: round robin, a bounded window, only certified advance; and serving others."""

from dataclasses import dataclass, field, replace

import pytest

from chain.block import Block
from chain.codec import decode, encode
from chain.store_memory import MemoryStore
from chain.transaction import read_transaction
from consensus.input import FetchedBlock
from consensus.output import ANYBODY, FetchBlock, FetchBlocks
from node import blocks_served
from node import sync as sync_module
from node import sync_requests as requests_module
from node.service import SyncView
from node.sync import HistoryGone, Sync
from node.sync_requests import (
    ASK_AGAIN_MS,
    ASK_AGAIN_PER_BLOCK_MS,
    RANGE_MAX,
    REST_MS,
    UNDER_WAY_PER_PEER_MAX,
)
from p2p import messages as wire
from p2p.messages import (
    Blocks,
    BlocksGone,
    BlocksRequest,
    CertifiedBlock,
    MessageMalformed,
    Proposed,
)
from tests.chain.world import World
from tests.node.parts import issue

OTHERS = tuple(bytes([number]) * 32 for number in (1, 2, 3))


def peer(number: int) -> bytes:
    return OTHERS[number - 1]


@dataclass
class Member:
    """A sync on a real ledger; what it sends and feeds is remembered, its clock is a number."""

    world: World = field(default_factory=lambda: World(MemoryStore()))
    sent: list[tuple[int, wire.Message]] = field(default_factory=list)
    fed: list[FetchedBlock] = field(default_factory=list)
    now_ms: int = 0
    there: tuple[bytes, ...] = OTHERS

    def __post_init__(self) -> None:
        self.sync = Sync(
            self.world.ledger,
            lambda to, message: self.sent.append((1 + OTHERS.index(to), message)),
            self.fed.append,
            lambda: self.now_ms,
            lambda: self.there,
        )

    @property
    def asked(self) -> list[tuple[int, int, int]]:
        """(member, start, count) of every request for blocks."""
        return [
            (member, message.start_height, message.count)
            for member, message in self.sent
            if isinstance(message, BlocksRequest)
        ]

    @property
    def heights(self) -> list[int]:
        """What was handed to the replica."""
        return [fetched.block.header.height for fetched in self.fed]

    def write_next(self, source: World) -> None:
        """The replica decided the next height and it was written here, as it is in `source`."""
        ledger = self.world.ledger
        height = ledger.tip.height + 1
        block, certificate = source.ledger.block(height), source.ledger.certificate(height)
        assert block is not None
        assert certificate is not None
        transactions = [read_transaction(raw, self.world.rules) for raw in block.bodies]
        ledger.write(ledger.execute(block.header, transactions), certificate)
        self.sync.decided(height)


def history(count: int) -> World:
    """A chain of so many blocks, each with a transaction."""
    world = World()
    for number in range(count):
        world.decide(issue(world, f"bank-{number}"))
    return world


def entries(world: World, first: int, last: int) -> tuple[CertifiedBlock, ...]:
    """Blocks with certificates as they travel."""
    found = []
    for height in range(first, last + 1):
        block = world.ledger.block_bytes(height)
        certificate = world.ledger.certificate_bytes(height)
        assert block is not None
        assert certificate is not None
        found.append(CertifiedBlock(block, certificate))
    return tuple(found)


def forge(entry: CertifiedBlock) -> CertifiedBlock:
    """Another block under the certificate of this one."""
    block = decode(Block, entry.block)
    changed = replace(block.header, time_ms=block.header.time_ms + 1)
    return replace(entry, block=encode(replace(block, header=changed)))


# Asking.


def test_ranges_are_spread_over_all_who_have_the_blocks() -> None:
    at = Member()
    at.sync.fetch(FetchBlocks(1, 1_000_000, OTHERS))
    members = [member for member, _, _ in at.asked]
    assert sorted(members) == sorted([1, 2, 3] * UNDER_WAY_PER_PEER_MAX)
    # One after the other, without a gap, and no more of any peer than it may be asked at once.
    assert [(start, count) for _, start, count in at.asked] == [
        (1 + RANGE_MAX * number, RANGE_MAX) for number in range(len(at.asked))
    ]


def test_no_more_is_under_way_than_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests_module, "UNDER_WAY_MAX", 2)
    at = Member()
    at.sync.fetch(FetchBlocks(1, 1_000_000, OTHERS))
    assert len(at.asked) == 2


def test_a_silent_peers_range_is_asked_of_another_after_a_deadline() -> None:
    source, at = history(2), Member()
    at.sync.fetch(FetchBlocks(1, 2, OTHERS))
    at.now_ms = ASK_AGAIN_MS + 2 * ASK_AGAIN_PER_BLOCK_MS - 1
    at.sync.fetch(FetchBlocks(1, 2, OTHERS))
    assert at.asked == [(1, 1, 2)]
    at.now_ms += 1
    at.sync.fetch(FetchBlocks(1, 2, OTHERS))
    assert at.asked == [(1, 1, 2), (2, 1, 2)]
    # Its late answer is as good as any.
    at.sync.arrived(peer(1), Blocks(1, entries(source, 1, 2)))
    assert at.heights == [1]


def test_who_was_silent_rests_while_others_answer_and_is_asked_when_nobody_else_is_there() -> None:
    at = Member()
    for turn in range(4):
        at.now_ms = turn * 2 * ASK_AGAIN_MS
        at.sync.fetch(FetchBlocks(1, 10, OTHERS))
    assert [member for member, _, _ in at.asked] == [1, 2, 3, 1]
    assert {(start, count) for _, start, count in at.asked} == {(1, 10)}


def test_who_is_away_is_not_asked_and_others_are_where_no_signer_is_left() -> None:
    at = Member(there=OTHERS[1:])
    at.sync.fetch(FetchBlocks(1, 10, OTHERS[:2]))
    assert at.asked == [(2, 1, 10)]
    at.now_ms = 2 * ASK_AGAIN_MS
    at.sync.fetch(FetchBlocks(1, 10, OTHERS[:2]))
    assert at.asked == [(2, 1, 10), (3, 1, 10)]


def test_a_repeated_request_costs_nothing_while_one_is_under_way() -> None:
    at = Member()
    for _ in range(5):
        at.sync.fetch(FetchBlocks(1, 10, OTHERS))
        at.now_ms += ASK_AGAIN_MS // 10
    assert len(at.asked) == 1


def test_blocks_are_handed_in_one_by_one_as_the_replica_decides() -> None:
    source, at = history(5), Member()
    at.sync.fetch(FetchBlocks(1, 5, OTHERS))
    at.sync.arrived(peer(1), Blocks(1, entries(source, 1, 5)))
    assert at.heights == [1]
    for height in range(1, 5):
        at.write_next(source)
        assert at.heights[-1] == height + 1
    at.write_next(source)
    # All is here: nothing more is asked or kept.
    assert len(at.asked) == 1
    assert at.sync._ahead == {}


def test_a_short_reply_is_followed_by_the_next_request() -> None:
    source, at = history(5), Member()
    at.sync.fetch(FetchBlocks(1, 5, OTHERS))
    at.sync.arrived(peer(1), Blocks(1, entries(source, 1, 2)))
    at.write_next(source)
    # From whom it has not asked yet, and beyond what is here.
    assert at.asked == [(1, 1, 5), (2, 3, 3)]


def test_the_window_ahead_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sync_module, "AHEAD_MAX", 4)
    source, at = history(8), Member()
    at.sync.fetch(FetchBlocks(1, 8, OTHERS))
    at.sync.arrived(peer(1), Blocks(1, entries(source, 1, 8)))
    assert sorted(at.sync._ahead) == [1, 2, 3, 4]
    # Enough is here: it asks on only when the replica has come nearer.
    at.now_ms = ASK_AGAIN_MS
    at.sync.fetch(FetchBlocks(1, 8, OTHERS))
    assert len(at.asked) == 1


def test_old_blocks_and_those_below_the_tip_are_dropped() -> None:
    source, at = history(3), Member()
    at.write_next(source)
    at.sync.arrived(peer(1), Blocks(1, entries(source, 1, 1)))
    assert at.heights == []
    assert at.sync._ahead == {}


def test_a_block_in_anothers_place_is_the_peers_fault() -> None:
    source, at = history(3), Member()
    with pytest.raises(MessageMalformed, match="block 3 in the place of 2"):
        at.sync.arrived(peer(1), Blocks(2, entries(source, 3, 3)))


@pytest.mark.parametrize("broken", ["block", "certificate"])
def test_bytes_that_are_no_block_or_certificate_are_the_peers_fault(broken: str) -> None:
    source, at = history(1), Member()
    (entry,) = entries(source, 1, 1)
    with pytest.raises(MessageMalformed, match=broken):
        at.sync.arrived(peer(1), Blocks(1, (replace(entry, **{broken: b"\xc1"}),)))
    assert at.heights == []


def test_a_liars_block_advances_nothing_and_the_next_member_is_asked() -> None:
    source, at = history(3), Member()
    honest = entries(source, 1, 3)
    at.sync.fetch(FetchBlocks(1, 3, OTHERS))
    at.sync.arrived(peer(1), Blocks(1, (forge(honest[0]), forge(honest[1]))))
    # It goes to the replica, which believes only certificates, and says so.
    assert at.heights == [1]
    at.sync.disbelieved(at.fed.pop())
    # Of its lies, the second hid a part of the range that another was asked for already.
    assert at.asked == [(1, 1, 3), (2, 3, 1), (3, 1, 2)]
    assert at.sync._ahead == {}
    at.sync.arrived(peer(3), Blocks(1, honest[:2]))
    at.sync.arrived(peer(2), Blocks(3, honest[2:]))
    assert [encode(fetched.block) for fetched in at.fed] == [honest[0].block]
    for _ in range(3):
        at.write_next(source)
    assert at.world.ledger.tip.digest == source.ledger.tip.digest


def test_what_a_liar_pushes_displaces_no_answer_and_takes_only_its_own_with_it() -> None:
    source, at = history(4), Member()
    honest = entries(source, 1, 4)
    at.sync.fetch(FetchBlocks(1, 4, OTHERS))
    at.sync.arrived(peer(1), Blocks(1, honest[:3]))
    at.sync.arrived(peer(3), Blocks(2, tuple(map(forge, honest[1:]))))
    assert {height: 1 + OTHERS.index(kept.peer) for height, kept in at.sync._ahead.items()} == {
        **dict.fromkeys((1, 2, 3), 1),
        4: 3,
    }
    for _ in range(3):
        at.write_next(source)
    assert sorted(set(at.heights)) == [1, 2, 3, 4]
    at.sync.disbelieved(at.fed[-1])
    # Whoever has its turn is asked for it; an answer may displace anything.
    assert at.asked[-1][1:] == (4, 1)
    at.sync.arrived(peer(at.asked[-1][0]), Blocks(4, honest[3:]))
    at.write_next(source)


def test_a_block_that_was_already_replaced_is_disbelieved_without_harm() -> None:
    source, at = history(1), Member()
    honest = entries(source, 1, 1)
    at.sync.fetch(FetchBlocks(1, 1, OTHERS))
    at.sync.arrived(peer(2), Blocks(1, (forge(honest[0]),)))
    lie = at.fed.pop()
    at.sync.arrived(peer(1), Blocks(1, honest))
    at.sync.disbelieved(lie)
    assert at.sync._ahead[1].peer == peer(1)


def test_an_undecided_block_is_asked_of_two_in_turn_and_fed_without_certificate() -> None:
    source, at = history(1), Member()
    (entry,) = entries(source, 1, 1)
    digest = source.ledger.tip.digest
    for _ in range(3):
        at.sync.fetch(FetchBlock(1, digest, OTHERS))
    asked = [member for member, message in at.sent if isinstance(message, wire.ProposedRequest)]
    assert len(asked) == 6
    assert set(asked) == {1, 2, 3}
    at.sync.proposed(Proposed(entry.block))
    assert [(fetched.certificate, fetched.block.header.height) for fetched in at.fed] == [(None, 1)]


def test_hearsay_is_one_question_to_anybody_and_no_target() -> None:
    source, at = history(3), Member()
    at.sync.fetch(FetchBlocks(1, 3, ANYBODY, certified=False))
    assert at.asked == [(1, 1, 3)]
    assert at.sync.target == 0
    at.sync.arrived(peer(1), Blocks(1, entries(source, 1, 3)))
    for _ in range(3):
        at.write_next(source)
    assert at.heights == [1, 2, 3]
    assert len(at.asked) == 1, "nothing more is certified, so nothing more is asked for"


def test_a_pushed_block_is_fed_at_once() -> None:
    source, at = history(1), Member()
    at.sync.arrived(peer(1), Blocks(1, entries(source, 1, 1)))
    assert at.heights == [1]


def test_a_liar_is_asked_no_more_until_the_catch_up_ends() -> None:
    source, at = history(4), Member()
    honest = entries(source, 1, 4)
    at.sync.fetch(FetchBlocks(1, 3, OTHERS))
    at.sync.arrived(peer(1), Blocks(1, tuple(map(forge, honest[:3]))))
    at.sync.disbelieved(at.fed.pop())
    at.now_ms = 2 * ASK_AGAIN_MS
    at.sync.fetch(FetchBlocks(1, 3, OTHERS))
    # What it pushes is worth nothing either.
    at.sync.arrived(peer(1), Blocks(1, honest[:3]))
    assert at.sync._ahead == {}
    assert [member for member, _, _ in at.asked] == [1, 2, 3]
    at.sync.arrived(peer(3), Blocks(1, honest[:3]))
    for _ in range(3):
        at.write_next(source)
    at.sync.fetch(FetchBlocks(4, 4, OTHERS[:1]))
    assert at.asked[-1] == (1, 4, 1)


def test_where_all_have_lied_they_are_asked_again() -> None:
    source, at = history(1), Member(there=OTHERS[:1])
    (honest,) = entries(source, 1, 1)
    at.sync.fetch(FetchBlocks(1, 1, OTHERS[:1]))
    at.sync.arrived(peer(1), Blocks(1, (forge(honest),)))
    at.sync.disbelieved(at.fed.pop())
    assert at.asked == [(1, 1, 1), (1, 1, 1)]
    at.sync.arrived(peer(1), Blocks(1, (honest,)))
    assert at.heights == [1]


def test_who_lacks_a_block_that_it_should_have_is_named_and_rests(
    caplog: pytest.LogCaptureFixture,
) -> None:
    at = Member()
    with caplog.at_level("INFO"):
        at.sync.fetch(FetchBlocks(1, 10, OTHERS))
        at.sync.arrived(peer(1), Blocks(1, ()))
    assert f"{peer(1).hex()[:16]} has no block 1" in caplog.text
    assert at.asked == [(1, 1, 10), (2, 1, 10)]
    for turn in range(1, REST_MS // (2 * ASK_AGAIN_MS)):
        at.now_ms = turn * 2 * ASK_AGAIN_MS
        at.sync.fetch(FetchBlocks(1, 10, OTHERS))
    assert [member for member, _, _ in at.asked][2:] == [3]


def test_no_more_bytes_are_kept_ahead_than_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    source, at = history(6), Member()
    (one,) = entries(source, 1, 1)
    size = len(one.block) + len(one.certificate)
    monkeypatch.setattr(sync_module, "AHEAD_SIZE_MAX", 2 * size)
    at.sync.fetch(FetchBlocks(1, 6, OTHERS))
    at.sync.arrived(peer(1), Blocks(1, entries(source, 1, 3)))
    assert len(at.asked) == 1, "enough is here"
    # Nor does a push get in, unless it is what comes next.
    at.sync.arrived(peer(2), Blocks(4, entries(source, 4, 6)))
    assert sorted(at.sync._ahead) == [1, 2, 3]
    for _ in range(2):
        at.write_next(source)
    at.sync.fetch(FetchBlocks(3, 6, OTHERS))
    assert at.asked[1:] == [(2, 4, 3)]


def test_the_way_back_is_shown_while_it_lasts(caplog: pytest.LogCaptureFixture) -> None:
    source, at = history(60), Member()
    with caplog.at_level("INFO"):
        at.sync.fetch(FetchBlocks(1, 60, OTHERS))
        for member, start, count in at.asked:
            at.sync.arrived(peer(member), Blocks(start, entries(source, start, start + count - 1)))
        for _ in range(30):
            at.now_ms += 100
            at.write_next(source)
        shown = at.sync.view()
        assert (shown.height, shown.target, shown.blocks_per_s) == (30, 60, 10)
        assert (shown.transactions_per_s, shown.eta_ms) == (10, 3_000)
        for _ in range(30):
            at.now_ms += 100
            at.write_next(source)
    assert at.sync.view() == SyncView(60, 60, 0, 0, 0)
    assert "caught up at height 60: 60 blocks and 60 transactions in 6.0 s" in caplog.text


# Pruned peers.


def test_who_has_pruned_a_block_is_not_asked_for_it_again_and_others_are() -> None:
    at = Member()
    at.sync.fetch(FetchBlocks(1, 10, OTHERS[:1]))
    at.sync.gone(peer(1), BlocksGone(1, 100))
    assert at.asked == [(1, 1, 10), (2, 1, 10)]
    at.now_ms = REST_MS
    at.sync.fetch(FetchBlocks(1, 10, OTHERS[:1]))
    assert [member for member, _, _ in at.asked] == [1, 2, 3]


def test_where_more_than_may_lie_have_pruned_it_and_nobody_answers_the_history_is_gone() -> None:
    at = Member()
    at.sync.fetch(FetchBlocks(1, 10, OTHERS))
    at.sync.gone(peer(1), BlocksGone(1, 100))
    at.sync.gone(peer(2), BlocksGone(1, 100))
    assert at.asked[-1] == (3, 1, 10), "the third may have it"
    with pytest.raises(HistoryGone, match="3 peers have pruned block 1"):
        at.sync.gone(peer(3), BlocksGone(1, 50))


def test_one_peers_word_does_not_make_the_history_gone() -> None:
    at = Member(there=OTHERS[:1])
    at.sync.fetch(FetchBlocks(1, 10, OTHERS))
    at.sync.gone(peer(1), BlocksGone(1, 100))
    assert at.asked == [(1, 1, 10)]


def test_who_says_that_it_has_the_block_and_has_it_not_lies() -> None:
    at = Member()
    at.sync.fetch(FetchBlocks(1, 10, OTHERS))
    with pytest.raises(MessageMalformed, match="block 1 is gone, and 1 not"):
        at.sync.gone(peer(1), BlocksGone(1, 1))
    at.sync.fetch(FetchBlocks(1, 10, OTHERS))
    assert at.asked == [(1, 1, 10), (2, 1, 10)]


def test_that_something_is_gone_which_nobody_asked_for_means_nothing() -> None:
    at = Member()
    for member in (1, 2, 3):
        at.sync.gone(peer(member), BlocksGone(1, 100))
    at.sync.fetch(FetchBlocks(1, 10, OTHERS))
    assert at.asked == [(1, 1, 10)]


# Serving.


def serving(count: int = 5) -> Member:
    return Member(world=history(count))


def served(at: Member) -> list[Blocks]:
    return [message for _, message in at.sent if isinstance(message, Blocks)]


def test_served_blocks_are_the_stored_bytes() -> None:
    at = serving()
    at.sync.serve(peer(2), 2, 3)
    assert at.sent == [(2, Blocks(2, entries(at.world, 2, 4)))]


def test_above_the_tip_and_for_the_genesis_there_is_nothing_to_serve() -> None:
    at = serving()
    for first, count in ((6, 10), (0, 3), (2**63, 1)):
        at.sync.serve(peer(1), first, count)
    assert [len(message.blocks) for message in served(at)] == [0, 0, 0]


def test_a_reply_ends_at_its_size_and_holds_one_block_at_least(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    at = serving()
    (one,) = entries(at.world, 1, 1)
    size = len(one.block) + len(one.certificate)
    for size_max, expected in ((1, 1), (size * 2 + size // 2, 2)):
        monkeypatch.setattr(blocks_served, "REPLY_SIZE_MAX", size_max)
        at.sync.serve(peer(1), 1, 5)
        assert len(served(at)[-1].blocks) == expected


def test_a_held_proposal_is_served_and_else_what_was_decided_at_its_height() -> None:
    at = serving()
    held = at.world.ledger.block(3)
    request = wire.ProposedRequest(3, bytes(32))
    at.sync.serve_proposed(peer(1), held, request)
    at.sync.serve_proposed(peer(2), None, request)
    at.sync.serve_proposed(peer(3), None, wire.ProposedRequest(9, bytes(32)))
    assert held is not None
    assert at.sent == [(1, Proposed(encode(held))), (2, Blocks(3, entries(at.world, 3, 3)))]
