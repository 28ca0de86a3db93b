"""Which proposals deserve a check: rule tables, one row for each way to be wrong."""

from dataclasses import replace
from typing import Any

import pytest

from chain.block import NO_HASH
from chain.genesis import ConsensusParameters
from consensus.messages import MessageInvalid, PrePrepare
from consensus.proposal import check_shape, justified, refusal, time_fits
from consensus.view_change import Choice
from tests.consensus.cluster import Cluster
from tests.consensus.forging import block_on, pre_prepare, prepared
from tests.consensus.samples import FIRST, SECOND
from tests.consensus.stub_chain import START_MS

CLUSTER = Cluster(4)
CONFIG = CLUSTER.config(1)
STATE = CLUSTER.nodes[1].replica._state
BLOCK = block_on(STATE, 0, 0, b"one", START_MS)
GOOD = pre_prepare(CLUSTER, BLOCK, 0, 0, STATE.tip.certificate)
# The same block proposed again by member 1 in view 1, with another certificate of its parent.
AGAIN = replace(GOOD, view=1, member=1, certificate=replace(GOOD.certificate, view=7))
OTHER = b"\x01" * 32
# The parent is of this era, too.
LONG_BEFORE = replace(STATE.era, first_height=0)


def led_by(view: int, height: int) -> int | None:
    return view % 4 if height == 1 else None


def altered(message: PrePrepare, **changes: Any) -> PrePrepare:
    return replace(message, header=replace(message.header, **changes))


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (GOOD, ""),
        (AGAIN, ""),
        (altered(GOOD, parent_hash=OTHER), "the parent is not the decided block"),
        (altered(GOOD, epoch=1), "another committee"),
        (altered(GOOD, next_committee_hash=OTHER), "another next committee"),
        (altered(GOOD, proposer=1), "the proposer did not lead the header's view"),
        (altered(AGAIN, proposer=1), "the proposer did not lead the header's view"),
        (
            replace(GOOD, certificate=replace(GOOD.certificate, view=1)),
            "the header names another view of its parent's certificate",
        ),
        (altered(AGAIN, parent_view=1), "the parent's certificate is of a later view"),
        (altered(GOOD, state_root=OTHER), "another state root after the parent"),
        (altered(GOOD, receipts_root=OTHER), "another receipts root after the parent"),
        (altered(GOOD, transactions_count=10_001), "too many transactions"),
        (altered(GOOD, transactions_root=NO_HASH), "the body hashes are not those of the header"),
        (replace(GOOD, body_hashes=(OTHER,)), "the body hashes are not those of the header"),
    ],
)
def test_a_header_that_does_not_fit_the_tip_is_refused(message: PrePrepare, reason: str) -> None:
    assert refusal(message, STATE.tip, LONG_BEFORE, CONFIG.parameters, led_by) == reason


@pytest.mark.parametrize(
    "message",
    [
        altered(GOOD, version=2),
        altered(GOOD, genesis_hash=OTHER),
        altered(GOOD, height=0),
        altered(GOOD, height=2),
        altered(GOOD, parent_hash=OTHER),
        altered(GOOD, view=1),
        altered(GOOD, transactions_count=2),
    ],
)
def test_a_shape_that_is_never_right_is_the_senders_fault(message: PrePrepare) -> None:
    check_shape(GOOD, CONFIG)
    with pytest.raises(MessageInvalid):
        check_shape(message, CONFIG)


DRIFT_MS = 5_000


@pytest.mark.parametrize(
    ("time_ms", "parent_ms", "now_ms", "fits"),
    [
        (50_000, 0, 50_000, True),
        (45_000, 0, 50_000, True),
        (44_999, 0, 50_000, False),
        (55_000, 0, 50_000, True),
        (55_001, 0, 50_000, False),
        # A parent ahead of the own clock: its time plus one is always allowed, no more.
        (60_001, 60_000, 50_000, True),
        (60_002, 60_000, 50_000, False),
        (60_000, 60_000, 50_000, False),
        (50_000, 50_000, 50_000, False),
        (3_650_000, 0, 50_000, False),
    ],
)
def test_trap_16_the_window_of_a_first_proposals_time(
    time_ms: int, parent_ms: int, now_ms: int, *, fits: bool
) -> None:
    parameters = ConsensusParameters(clock_drift_max_ms=DRIFT_MS)
    header, parent = replace(SECOND, time_ms=time_ms), replace(FIRST, time_ms=parent_ms)
    assert time_fits(header, parent, parameters, now_ms) == fits


SHOWN = Choice(2, prepared([1, 2], 0, 0, SECOND))
FREE = Choice(2, None)
BELOW = Choice(1, prepared([1, 2], 0, 0, FIRST))
ABOVE = Choice(3, None)
NEW = replace(SECOND, view=1)


@pytest.mark.parametrize(
    ("view", "header", "certified", "begun", "allowed"),
    [
        (0, SECOND, False, [], True),
        (0, NEW, False, [], False),
        (1, NEW, False, [], False),
        (1, NEW, True, [], True),
        (1, SECOND, True, [], False),
        (1, NEW, False, [FREE], True),
        (1, SECOND, False, [FREE], False),
        (1, SECOND, False, [SHOWN], True),
        (1, NEW, False, [SHOWN], False),
        (1, NEW, False, [BELOW], True),
        (1, NEW, False, [ABOVE], False),
        # Two NewViews of a faulty primary: any valid one justifies; there is one vote all the same.
        (1, NEW, False, [SHOWN, FREE], True),
        (1, SECOND, False, [FREE, SHOWN], True),
    ],
)
def test_what_justifies_a_proposal(
    view: int, header: Any, *, certified: bool, begun: list[Choice], allowed: bool
) -> None:
    digest = header.digest()
    assert justified(view, header, digest, certified=certified, begun=begun) == allowed
