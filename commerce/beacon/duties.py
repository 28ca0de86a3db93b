"""What a node owes the beacon in a state: a deal, acknowledgements, shares for draws.

Functions of the state and the node key alone; node/beacon_agent.py sends what they find.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from chain import committees
from chain.committee import Committee
from chain.context import Chain
from chain.crypto import PrivateKey
from chain.state import StateReader, u64
from commerce.beacon.acknowledge import BeaconAcknowledge
from commerce.beacon.dealing import DealName, deal, open_share
from commerce.beacon.records import DEALERS, DEALS, DRAWS, RESERVED, REVEALS, Draw, Reserved, place
from commerce.beacon.reveal import BeaconReveal
from commerce.beacon.share import BeaconShare
from commerce.disputes.arbiters import has_arbiters

# Unused deals that a node keeps in stock: so many draws can begin in one block.
STOCK_WANTED = 4
# Deals that are opened, and acknowledged, at a time.
ACKNOWLEDGED_AT_ONCE_MAX = 64


@dataclass(frozen=True, slots=True)
class Looked:
    """Whose node looks at which state: its key, the chain's constants for the next height."""

    state: StateReader
    chain: Chain
    key: PrivateKey


@dataclass(frozen=True, slots=True)
class Acknowledging:
    """What a node can acknowledge now, and which deals don't open for it."""

    account: bytes
    payload: BeaconAcknowledge | None
    wrong: tuple[DealName, ...]


def deal_due(looked: Looked) -> tuple[bytes, BeaconShare] | None:
    """The member's account and its next deal; None while its stock is enough, nobody could be drawn
    or the node has no seat.
    """
    state, committee = looked.state, looked.chain.committee
    seat = committee.index_of(looked.key.public_key)
    if seat is None or not has_arbiters(state):
        return None
    account, number = committee.members[seat].account, 0
    dealer = DEALERS.load(state, account)
    if dealer is not None and dealer.epoch == committee.epoch:
        if len(dealer.waiting) + len(dealer.ready) >= STOCK_WANTED:
            return None
        number = dealer.next_number
    name = DealName(looked.chain.genesis_hash, committee.epoch, account, number)
    return account, deal(looked.key, committee, name)


def acknowledging_due(looked: Looked, known_wrong: Collection[DealName]) -> Acknowledging | None:
    """The deals that wait for this node's seat, opened; None where there are none."""
    state, committee = looked.state, looked.chain.committee
    seat = committee.index_of(looked.key.public_key)
    if seat is None:
        return None
    found: list[Reserved] = []
    wrong: list[DealName] = []
    for name in _unacknowledged(looked, seat):
        if name in known_wrong:
            continue
        stored = DEALS.load(state, name.dealer, u64(name.number))
        assert stored is not None
        if open_share(looked.key, seat, name, stored) is None:
            wrong.append(name)
        else:
            found.append(Reserved(name.dealer, name.number))
        if len(found) + len(wrong) >= ACKNOWLEDGED_AT_ONCE_MAX:
            break
    if not found and not wrong:
        return None
    found.sort(key=lambda one: (one.dealer, one.number))
    payload = BeaconAcknowledge(committee.epoch, tuple(found)) if found else None
    return Acknowledging(committee.members[seat].account, payload, tuple(wrong))


def _unacknowledged(looked: Looked, seat: int) -> Iterator[DealName]:
    """The deals that aren't ready and lack this seat; a ready one needs nobody more."""
    epoch = looked.chain.committee.epoch
    for account, dealer in DEALERS.items(looked.state):
        if dealer.epoch != epoch:
            continue
        for number in dealer.waiting:
            stored = DEALS.load(looked.state, account, u64(number))
            assert stored is not None
            if seat not in stored.acknowledged:
                yield DealName(looked.chain.genesis_hash, epoch, account, number)


@dataclass(frozen=True, slots=True)
class Due:
    """A draw that lacks this node's reveal, after how many turns of others it is this node's."""

    draw_id: bytes
    turn: int


def reveals_due(looked: Looked) -> tuple[Due, ...]:
    """All draws under way in which this node's key has a seat and has revealed nothing.

    f+1 seats are enough, so that many come first, others for each draw; the rest follow one at a
    time while the draw lasts.
    """
    due = []
    for draw_id, draw in DRAWS.items(looked.state):
        committee = _committee(looked, draw)
        seat = committee.index_of(looked.key.public_key)
        if seat is None or REVEALS.load(looked.state, draw_id, place(seat)) is not None:
            continue
        rank = (seat - int.from_bytes(draw_id[:8])) % committee.n
        due.append(Due(draw_id, max(0, rank - committee.f)))
    return tuple(sorted(due, key=lambda one: one.turn))


def reveal(looked: Looked, draw_id: bytes) -> tuple[bytes, BeaconReveal] | None:
    """The member's account and this node's shares for a draw that `reveals_due` told; None if it
    can open none.
    """
    draw = DRAWS.load(looked.state, draw_id)
    assert draw is not None
    committee = _committee(looked, draw)
    seat = committee.index_of(looked.key.public_key)
    assert seat is not None
    shares = []
    for index, secret in enumerate(draw.secrets):
        stored = RESERVED.load(looked.state, draw_id, place(index))
        assert stored is not None
        name = DealName(looked.chain.genesis_hash, draw.epoch, secret.dealer, secret.number)
        shares.append(open_share(looked.key, seat, name, stored))
    if not any(shares):
        return None
    return committee.members[seat].account, BeaconReveal(draw_id, tuple(shares))


def _committee(looked: Looked, draw: Draw) -> Committee:
    founders = looked.chain.genesis.committee()
    found = committees.of_epoch(looked.state, founders, draw.epoch)
    assert found is not None
    return found.committee
