"""The randomness beacon: what the nodes of the committee do so that panels can be drawn."""

from commerce.beacon.acknowledge import BeaconAcknowledge, beacon_acknowledge
from commerce.beacon.reveal import BeaconReveal, beacon_reveal
from commerce.beacon.share import BeaconShare, beacon_share
from commerce.transaction_types import SystemTransition, TransactionType

TYPES = (
    TransactionType("beacon.share", BeaconShare, beacon_share, "a member with a seat"),
    TransactionType(
        "beacon.acknowledge", BeaconAcknowledge, beacon_acknowledge, "a member with a seat"
    ),
    TransactionType("beacon.reveal", BeaconReveal, beacon_reveal, "a member with a seat"),
)

TRANSITIONS: tuple[SystemTransition, ...] = ()
