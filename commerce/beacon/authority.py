"""That a node may speak for its member in the beacon: a delegation that comes with its key.

A node has no key of its member's account. Each node key that a member registers is delegated the
types of the beacon, for no amount and without an end; the owner may revoke that, or delegate
something else to the key, like any delegation. member.update gives it back.
"""

from collections.abc import Iterable

from chain.account import DELEGATIONS, Delegation
from chain.state import Overlay

NODE_TYPES = ("beacon.acknowledge", "beacon.reveal", "beacon.share")
# The last millisecond of the year 9999 in Shanghai: later ones have no date that programs can tell.
NEVER_MS = 253_402_271_999_999
_OF_A_NODE = Delegation(NODE_TYPES, amount_max_minor=0, spent_minor=0, expires_ms=NEVER_MS)


def delegate_to_nodes(
    state: Overlay, account: bytes, node_keys: Iterable[bytes], dropped: Iterable[bytes] = ()
) -> None:
    """Let these node keys speak for the account in the beacon, and those that it dropped no more.

    What the account itself has delegated to one of them stays as it is.
    """
    for key in dropped:
        if DELEGATIONS.load(state, account, key) == _OF_A_NODE:
            DELEGATIONS.remove(state, account, key)
    for key in node_keys:
        if DELEGATIONS.load(state, account, key) is None:
            DELEGATIONS.store(state, _OF_A_NODE, account, key)
