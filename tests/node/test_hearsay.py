"""What peers let slip: height and clock of each, by its own messages alone."""

from dataclasses import replace

from chain.block import Certificate
from consensus.messages import Commit, Complaint, Prepare, PrePrepare, Status
from node.hearsay import Hearsay
from tests.consensus.stub_chain import genesis_header

PEER, OTHER = b"p" * 32, b"o" * 32
NOW_MS = 1_800_000_000_000
UNSIGNED = bytes(64)


def proposal(height: int, time_ms: int, view: int = 0, first_view: int = 0) -> PrePrepare:
    header = replace(genesis_header(), height=height, time_ms=time_ms, view=first_view)
    return PrePrepare(view, 0, header, (), Certificate(height - 1, 0, bytes(32), ()), UNSIGNED)


def hearsay(height: int = 3) -> Hearsay:
    made = Hearsay()
    made.connected(PEER, height)
    return made


def test_a_vote_tells_that_the_height_below_is_decided() -> None:
    heard = hearsay()
    assert heard.height(PEER) == 3
    heard.consensus(PEER, Prepare(0, 9, bytes(32), 1, UNSIGNED), NOW_MS)
    assert heard.height(PEER) == 8
    heard.consensus(PEER, Commit(0, 11, bytes(32), 1, UNSIGNED), NOW_MS)
    assert heard.height(PEER) == 10
    heard.consensus(PEER, proposal(21, NOW_MS), NOW_MS)
    assert heard.height(PEER) == 20


def test_a_status_tells_the_decided_height_and_a_repeated_older_word_changes_nothing() -> None:
    heard = hearsay()
    heard.consensus(PEER, Status(0, 1, True, Certificate(30, 0, bytes(32), ()), UNSIGNED), NOW_MS)  # noqa: FBT003
    heard.consensus(PEER, Commit(0, 9, bytes(32), 1, UNSIGNED), NOW_MS)
    heard.consensus(PEER, Complaint(0, 99, 1, UNSIGNED), NOW_MS)
    assert heard.height(PEER) == 30


def test_the_clock_is_told_by_a_blocks_first_proposal_only() -> None:
    heard = hearsay()
    assert heard.skew_ms(PEER) is None
    heard.consensus(PEER, proposal(4, NOW_MS + 700), NOW_MS)
    assert heard.skew_ms(PEER) == 700
    # The same again later, and a block of an earlier view proposed anew.
    heard.consensus(PEER, proposal(4, NOW_MS + 700), NOW_MS + 5000)
    heard.consensus(PEER, proposal(5, NOW_MS - 9000, view=2), NOW_MS)
    assert heard.skew_ms(PEER) == 700
    heard.consensus(PEER, proposal(6, NOW_MS - 40), NOW_MS)
    assert heard.skew_ms(PEER) == -40


def test_a_peer_says_something_of_itself_alone_and_is_forgotten_when_it_is_gone() -> None:
    heard = hearsay()
    heard.consensus(OTHER, Commit(0, 50, bytes(32), 1, UNSIGNED), NOW_MS)
    assert heard.height(OTHER) is None
    heard.disconnected(PEER)
    assert (heard.height(PEER), heard.skew_ms(PEER)) == (None, None)
    heard.connected(PEER, 1)
    assert heard.height(PEER) == 1
