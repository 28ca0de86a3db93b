"""The own voice: journalled before it is sent, signed once per slot."""

import pytest

from chain.block import VoteType
from chain.votes import ViewChange
from consensus.messages import Commit, NewView, Prepare, PrePrepare
from consensus.output import Draft
from consensus.promises import Promises
from consensus.records import BlockRecord, PreparedRecord, ViewChangeRecord, VoteRecord
from consensus.signing import verify_message
from consensus.slot import HeldBlock
from tests.consensus.cluster import Cluster
from tests.consensus.forging import prepared
from tests.consensus.samples import CHANGES, PREPARED, PROOF, SECOND
from tests.consensus.stub_chain import GENESIS_HASH, committee, era, keys, verify_stub

DIGEST = SECOND.digest()


def promises() -> Promises:
    return Promises(Cluster(4).config(1), era(4, 1))


def held() -> HeldBlock:
    return HeldBlock(SECOND, DIGEST, (), ())


def test_header_and_bodies_come_before_the_first_vote_and_only_once() -> None:
    own, draft, block = promises(), Draft(), held()
    own.prepare(draft, 0, block)
    own.prepare(draft, 1, block)
    kinds = [type(record) for record in draft.persist]
    assert kinds == [BlockRecord, VoteRecord, VoteRecord]
    assert [type(item.message) for item in draft.send] == [Prepare, Prepare]


def test_the_prepared_certificate_comes_before_the_commit() -> None:
    own, draft = promises(), Draft()
    own.prepare(draft, 0, held())
    draft.persist.clear()
    own.commit(draft, PREPARED, DIGEST)
    assert [type(record) for record in draft.persist] == [PreparedRecord, VoteRecord]
    assert isinstance(draft.send[-1].message, Commit)


def test_no_second_vote_of_a_kind_in_one_view_and_height() -> None:
    own, draft = promises(), Draft()
    own.pre_prepare(draft, 0, held(), PROOF)
    with pytest.raises(AssertionError):
        own.prepare(draft, 0, held())


def test_no_commit_without_the_own_prepare_on_the_same_digest() -> None:
    own, draft = promises(), Draft()
    with pytest.raises(AssertionError):
        own.commit(draft, PREPARED, DIGEST)
    own.prepare(draft, 0, held())
    with pytest.raises(AssertionError):
        own.commit(draft, prepared([1, 2], 0, 1, SECOND), DIGEST)
    with pytest.raises(AssertionError):
        own.commit(draft, PREPARED, bytes(32))


def test_one_view_change_and_one_new_view_for_each_view() -> None:
    own, draft = promises(), Draft()
    own.change_view(draft, 2, PROOF, None)
    own.open_view(draft, 2, 2, CHANGES)
    assert isinstance(draft.persist[0], ViewChangeRecord)
    for again in (1, 2):
        with pytest.raises(AssertionError):
            own.change_view(draft, again, PROOF, None)
        with pytest.raises(AssertionError):
            own.open_view(draft, again, 2, CHANGES)


def test_what_it_signs_verifies() -> None:
    own, draft = promises(), Draft()
    own.pre_prepare(draft, 0, held(), PROOF)
    own.prepare(draft, 1, held())
    own.commit(draft, prepared([2, 3], 0, 1, SECOND), DIGEST)
    own.change_view(draft, 2, PROOF, PREPARED)
    own.open_view(draft, 2, 2, CHANGES)
    own.complain(draft, 2, 2)
    own.report(draft, keys(3), 2, PROOF, started=False)
    assert len(draft.send) == 7
    for item in draft.send:
        verify_message(item.message, committee(4), GENESIS_HASH, verify_stub)
    assert {PrePrepare, ViewChange, NewView} <= {type(item.message) for item in draft.send}
    assert draft.send[-1].recipients == keys(3)


def test_recalled_votes_are_the_same_votes() -> None:
    own, draft = promises(), Draft()
    own.prepare(draft, 0, held())
    again = promises()
    for record in draft.persist:
        if isinstance(record, VoteRecord):
            again.recall(record, above=1)
    assert again.votes() == own.votes()
    assert again.voted_at(2)
    again.forget(2)
    assert again.votes() == []
    assert again.highest_vote == own.highest_vote


def test_a_vote_at_a_decided_height_still_keeps_its_view() -> None:
    own = promises()
    own.recall(VoteRecord(VoteType.COMMIT, 7, 2, DIGEST, bytes(64)), above=2)
    own.recall(VoteRecord(VoteType.PREPARE, 3, 3, DIGEST, bytes(64)), above=2)
    assert own.highest_vote is not None
    assert own.highest_vote.view == 7
    assert own.vote(VoteType.PREPARE, 3, 3) is not None
    assert own.vote(VoteType.COMMIT, 7, 2) is None
