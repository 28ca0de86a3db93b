"""Who may connect to this node, and where it may be dialled; it follows the chain, block by block.

Admitted are the node keys of the committee that governs the next height, of the one that follows
it, and of every registered member organisation; besides, keys that the settings name, for a
newcomer whose chain doesn't know them yet. What a node in no committee says never counts in a vote,
so that admitting one costs nothing but its connection.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from chain.committee import Committee
from chain.errors import HushangError
from chain.ledger import Ledger
from commerce.members import MEMBERS
from node.config import PeerAddress
from node.ledger_queue import Written
from node.service import Role
from node.validation import did_you_mean

logger = logging.getLogger(__name__)

_KEY_DIGITS: Final = 8


class NodeKeyUnknown(HushangError):
    """This node's key is in no committee that governs now or next."""

    hint = (
        "start the node with the key that the chain names for it; or, to follow the chain without "
        "a vote, set observer = true in hushang.toml"
    )


@dataclass(frozen=True, slots=True)
class Admitted:
    """A node that may connect (`p2p.peer.Member`)."""

    public_key: bytes
    name: str
    address: tuple[str, int] | None


def key_words(public_key: bytes) -> str:
    """A node that nobody can name, for the log."""
    return public_key.hex()[:16]


def role_of(committee: Committee, node_key: bytes) -> Role:
    """What a node is under this committee."""
    index = committee.index_of(node_key)
    if index is None:
        return "observer"
    return "suspended" if committee.members[index].suspended else "member"


def require_seat(ledger: Ledger, node_key: bytes, name: str) -> None:
    """`NodeKeyUnknown` unless the key votes now or in the next committee."""
    for committee in _committees(ledger):
        if committee.index_of(node_key) is not None:
            return
    epoch, height = ledger.chain.committee.epoch, ledger.tip.height
    msg = f"key {node_key.hex()} of {name} is not in the committee of epoch {epoch}"
    raise NodeKeyUnknown(f"{msg}, which governs above height {height} here")


def admitted(ledger: Ledger, peers: Sequence[PeerAddress]) -> tuple[Admitted, ...]:
    """Every node that may connect, each key once: the committee's first, in its order.

    A configured address belongs to the key that it names, else to its member's seat in the
    committee, else to its member's only node.
    """
    by_key = {bytes.fromhex(peer.node_key): peer for peer in peers if peer.node_key is not None}
    by_name = {peer.name: peer for peer in peers if peer.node_key is None}
    names: dict[bytes, str] = {}
    addresses: dict[bytes, tuple[str, int]] = {}
    for name, key, is_only in _known(ledger, by_key):
        if key in names:
            continue
        names[key] = name if is_only else f"{name}-{key.hex()[:_KEY_DIGITS]}"
        peer = by_key.get(key) or (by_name.pop(name, None) if is_only else None)
        if peer is not None:
            addresses[key] = (peer.host, peer.port)
    return tuple(Admitted(key, name, addresses.get(key)) for key, name in names.items())


def _known(
    ledger: Ledger, configured: Mapping[bytes, PeerAddress]
) -> Iterator[tuple[str, bytes, bool]]:
    """(member's name, node key, is it the one that the bare name means?), most important first."""
    seated: set[str] = set()
    for committee in _committees(ledger):
        for member in committee.members:
            yield member.name, member.node_key, member.name not in seated
        seated |= {member.name for member in committee.members}
    for _, record in MEMBERS.items(ledger.state):
        alone = len(record.node_keys) == 1 and record.organisation not in seated
        for key in record.node_keys:
            yield record.organisation, key, alone
    for key, peer in configured.items():
        yield peer.name, key, True


def _committees(ledger: Ledger) -> Iterator[Committee]:
    # In this order: the next one is never yielded without the one before it.
    yield ledger.chain.committee
    if ledger.next_committee is not None:
        yield ledger.next_committee


class Membership:
    """Follows who is admitted. `nodes` is for `Network.set_members`, which skips the own key."""

    def __init__(self, ledger: Ledger, peers: Sequence[PeerAddress]) -> None:
        self._ledger = ledger
        self._peers = tuple(peers)
        self._governing = tuple(_committees(ledger))
        self.nodes = admitted(ledger, self._peers)
        self._warn_of_strangers()

    def name_of(self, public_key: bytes) -> str:
        """A node's name as people know it; the beginning of its key if nobody does."""
        names = (node.name for node in self.nodes if node.public_key == public_key)
        return next(names, key_words(public_key))

    def set_peers(self, peers: Sequence[PeerAddress]) -> None:
        """From now on the settings name these addresses."""
        self._peers = tuple(peers)
        self.nodes = admitted(self._ledger, self._peers)
        self._warn_of_strangers()

    def changed(self, written: Written) -> bool:
        """To be asked after each written block, in order: are other nodes admitted now?"""
        governing = tuple(_committees(self._ledger))
        touched = any(key.startswith(MEMBERS.prefix) for key in written.executed.result.changes)
        if governing == self._governing and not touched:
            return False
        self._governing = governing
        before, self.nodes = self.nodes, admitted(self._ledger, self._peers)
        return self.nodes != before

    def _warn_of_strangers(self) -> None:
        """A name that is mistyped is dialled nowhere; one that isn't registered yet is right."""
        known = {name for name, _, _ in _known(self._ledger, {})}
        for peer in self._peers:
            if peer.name not in known:
                hint = did_you_mean(peer.name, known)
                logger.warning("peer %s: the chain knows no such member yet%s", peer.name, hint)
