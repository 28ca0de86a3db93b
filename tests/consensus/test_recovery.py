"""Reading the journal: what belongs together is found, what is missing is named."""

from dataclasses import replace

import pytest

from chain.block import Block, Header, VoteType
from consensus.config import JournalIncomplete
from consensus.records import (
    BlockRecord,
    DecidedRecord,
    PreparedRecord,
    Record,
    SilenceRecord,
    SyncedRecord,
    ViewChangeRecord,
    VoteRecord,
)
from consensus.recovery import Replay, silence_without_store
from consensus.slot import Slot
from tests.consensus.forging import certificate, prepared
from tests.consensus.samples import CHANGES, FIRST, SECOND, header_on

THIRD = header_on(SECOND)
MEMBERS = [0, 1, 2]


def block(header: Header) -> BlockRecord:
    return BlockRecord(Block(header, ()), ())


def vote(header: Header, view: int = 0, kind: VoteType = VoteType.PREPARE) -> VoteRecord:
    return VoteRecord(kind, view, header.height, header.digest(), bytes(64))


DECIDED_ONE: list[Record] = [
    block(FIRST),
    vote(FIRST),
    DecidedRecord(certificate(MEMBERS, 0, FIRST)),
]


def test_a_journal_in_order_gives_everything_back_by_height() -> None:
    records: list[Record] = [
        *DECIDED_ONE,
        block(SECOND),
        vote(SECOND),
        PreparedRecord(prepared([1, 2], 0, 0, SECOND)),
        PreparedRecord(prepared([1, 2], 0, 4, SECOND)),
        PreparedRecord(prepared([1, 2], 0, 2, SECOND)),
        ViewChangeRecord(CHANGES[0]),
    ]
    replay = Replay.of(records, 0)
    first, second = Slot(1, 3), Slot(2, 3)
    replay.recovered.fill(first)
    assert first.certificate is not None
    assert first.blocks.keys() == {FIRST.digest()}
    replay.recovered.fill(second)
    assert second.certificate is None
    assert second.prepared is not None
    assert second.prepared.view == 4
    assert second.blocks[SECOND.digest()].journalled
    promised = replay.recovered.records()
    assert replay.recovered.view_change == CHANGES[0]
    assert ViewChangeRecord(CHANGES[0]) in promised
    replay.recovered.forget_promises()
    assert replay.recovered.records() == []


def test_what_the_store_has_already_is_left_out() -> None:
    replay = Replay.of([*DECIDED_ONE, block(SECOND), vote(SECOND)], 1)
    assert replay.recovered.certificates == {}
    assert replay.recovered.blocks.keys() == {SECOND.digest()}
    assert len(replay.recovered.votes) == 2


def test_what_is_not_reached_yet_goes_into_a_fresh_journal() -> None:
    replay = Replay.of([*DECIDED_ONE, block(SECOND), vote(SECOND)], 0)
    again = Replay.of(replay.recovered.records(), 0)
    assert again.recovered == replay.recovered


@pytest.mark.parametrize(
    "records",
    [
        DECIDED_ONE[1:],
        [DECIDED_ONE[1]],
        [block(SECOND), DecidedRecord(certificate(MEMBERS, 0, SECOND))],
        [block(SECOND), vote(SECOND)],
        [*DECIDED_ONE, block(THIRD), vote(THIRD)],
        [*DECIDED_ONE, vote(SECOND)],
        [*DECIDED_ONE, PreparedRecord(prepared([1, 2], 0, 0, SECOND))],
        [SyncedRecord(2), *DECIDED_ONE],
    ],
    ids=[
        "a decided block is missing",
        "a voted block is missing",
        "a decision is missing below",
        "a vote without the height below",
        "a vote two above",
        "a voted block is missing above",
        "a prepared block is missing",
        "a synced block is missing",
    ],
)
def test_a_journal_that_is_not_the_whole_past_is_refused(records: list[Record]) -> None:
    with pytest.raises(JournalIncomplete):
        Replay.of(records, 0)


def decided(header: Header) -> list[Record]:
    return [block(header), DecidedRecord(certificate(MEMBERS, 0, header))]


# A journal that was rewritten at height 1 and went on to the vote for the third block.
REWRITTEN: list[Record] = [
    SyncedRecord(1),
    vote(FIRST),
    *decided(SECOND),
    block(THIRD),
    vote(THIRD),
]


def test_with_another_store_a_whole_journal_serves_behind_a_silence() -> None:
    with pytest.raises(JournalIncomplete):
        Replay.of(REWRITTEN, 0)
    silence = silence_without_store(REWRITTEN)
    assert silence == SilenceRecord(2)
    replay = Replay.of([*REWRITTEN, silence], 0)
    assert replay.recovered.reached == 2
    assert replay.recovered.blocks.keys() == {SECOND.digest(), THIRD.digest()}
    assert vote(THIRD) in replay.recovered.votes


@pytest.mark.parametrize("until", [0, 1])
def test_a_silence_that_is_too_short_does_not_cover_a_lost_store(until: int) -> None:
    with pytest.raises(JournalIncomplete):
        Replay.of([*REWRITTEN, SilenceRecord(until)], 0)


def test_behind_a_silence_a_vote_above_it_still_needs_its_block() -> None:
    records = [record for record in REWRITTEN if record != block(THIRD)]
    with pytest.raises(JournalIncomplete, match="voted for is missing"):
        Replay.of([*records, SilenceRecord(2)], 0)


def test_a_silence_is_never_made_shorter_by_a_lost_store() -> None:
    assert silence_without_store([*REWRITTEN, SilenceRecord(9)]) == SilenceRecord(9)
    assert silence_without_store([*REWRITTEN, SilenceRecord(None)]) == SilenceRecord(None)
    assert silence_without_store([SilenceRecord(None), SilenceRecord(0)]) == SilenceRecord(0)


def test_a_vote_far_below_the_store_is_no_contradiction() -> None:
    header = replace(FIRST, height=5)
    assert Replay.of([vote(header)], 9).recovered.votes
