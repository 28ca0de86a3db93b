"""The randomness beacon: what the nodes of the committee do so that panels can be drawn."""

from collections.abc import Sequence
from typing import Any

from chain.state import StateReader
from commerce.beacon.acknowledge import BeaconAcknowledge, beacon_acknowledge
from commerce.beacon.reveal import BeaconReveal, beacon_reveal
from commerce.beacon.share import BeaconShare, beacon_share
from commerce.clocks import Clock
from commerce.disputes.dispute import dispute_clocks
from commerce.disputes.draws import WAITING
from commerce.transaction_types import SystemTransition, TransactionType


def _waiting(payload: Any, state: StateReader) -> Sequence[tuple[bytes, Clock]]:
    """The dispute that waits for the draw."""
    waiting = WAITING.load(state, payload.draw_id)
    return () if waiting is None else dispute_clocks(state, waiting.dispute_id)


TYPES = (
    TransactionType("beacon.share", BeaconShare, beacon_share, "a member with a seat"),
    TransactionType(
        "beacon.acknowledge", BeaconAcknowledge, beacon_acknowledge, "a member with a seat"
    ),
    TransactionType(
        "beacon.reveal", BeaconReveal, beacon_reveal, "a member with a seat", clocks=_waiting
    ),
)

TRANSITIONS: tuple[SystemTransition, ...] = ()
