"""A committee of any size whose nodes deal, acknowledge and reveal; each step can be a lie."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from chain.block import Event, Receipt
from chain.context import Context
from chain.genesis import GenesisMember
from chain.state import Overlay, u64
from commerce.beacon.acknowledge import BeaconAcknowledge
from commerce.beacon.dealing import DealName, deal, open_share
from commerce.beacon.draws import abandon_draw, start_draw
from commerce.beacon.records import DEALERS, DEALS, DRAWS, RESERVED, Reserved, place
from commerce.beacon.reveal import BeaconReveal
from commerce.beacon.share import BeaconShare
from tests.commerce.seats import node_of
from tests.commerce.world import World, account, genesis, key, policy, private_key

DRAW = bytes([7]) * 32


def member(seat: int) -> str:
    """The name of the member that a founder's seat belongs to."""
    return f"m{seat}"


class Ring:
    """The nodes of m0, m1, …; all sign with their node keys."""

    def __init__(self, n: int = 4) -> None:
        members = tuple(
            GenesisMember(member(i), policy(member(i)), key(node_of(member(i)))) for i in range(n)
        )
        self.world = World(genesis(members=members))

    @property
    def seats(self) -> range:
        """All seats of the founders."""
        return range(len(self.world.genesis.members))

    @property
    def epoch(self) -> int:
        """The epoch that governs."""
        return self.world.chain.committee.epoch

    def name(self, dealer: int, number: int = 0, epoch: int | None = None) -> DealName:
        """A deal's name by its dealer's seat."""
        known = self.epoch if epoch is None else epoch
        return DealName(self.world.chain.genesis_hash, known, account(member(dealer)), number)

    def made(self, dealer: int, number: int = 0) -> BeaconShare:
        """An honest deal."""
        node = private_key(node_of(member(dealer)))
        return deal(node, self.world.chain.committee, self.name(dealer, number))

    def by_node(self, seat: int, type_: str, payload: object) -> Receipt:
        """What a node sends."""
        name = member(seat)
        return self.world.delegated(name, node_of(name), (type_, payload))

    def deal(self, dealer: int, number: int = 0) -> Receipt:
        """Deal honestly."""
        return self.by_node(dealer, "beacon.share", self.made(dealer, number))

    def opened(self, seat: int, dealer: int, number: int = 0) -> bytes | None:
        """The share of a deal in stock that a seat finds."""
        found = DEALS.load(self.world.state, account(member(dealer)), u64(number))
        assert found is not None
        node = private_key(node_of(member(seat)))
        return open_share(node, seat, self.name(dealer, number), found)

    def acknowledge(self, seat: int, *dealers: int, number: int = 0) -> Receipt:
        """Acknowledge without looking."""
        names = sorted(account(member(dealer)) for dealer in dealers)
        deals = tuple(Reserved(name, number) for name in names)
        return self.by_node(seat, "beacon.acknowledge", BeaconAcknowledge(self.epoch, deals))

    def stock(self, dealers: Iterable[int] | None = None, number: int = 0) -> None:
        """A ready secret of each of these dealers, acknowledged by all seats."""
        dealers = tuple(self.seats if dealers is None else dealers)
        for dealer in dealers:
            assert self.deal(dealer, number).status == "ok"
        for seat in self.seats:
            others = [dealer for dealer in dealers if dealer != seat]
            if others:
                status = self.acknowledge(seat, *others, number=number).status
                # What a waiting draw has taken by then waits for nobody.
                assert status in ("ok", "DealsUnknown")

    def ready(self, dealer: int) -> tuple[int, ...]:
        """The numbers of a dealer's ready secrets."""
        found = DEALERS.load(self.world.state, account(member(dealer)))
        return () if found is None else found.ready

    def context(self) -> Context:
        """As a handler of the next block has it; `keep` writes what was done in it."""
        world = self.world
        return Context(Overlay(world.state), world.chain, world.height + 1, world.time_ms)

    def keep(self, context: Context) -> None:
        """Write what a context's rules have done."""
        self.world.state.write(context.state.changes)

    def start(self, draw_id: bytes = DRAW) -> bool:
        """Begin a draw."""
        context = self.context()
        began = start_draw(context, draw_id)
        self.keep(context)
        return began

    def abandon(self, draw_id: bytes = DRAW) -> None:
        """End a draw without a seed."""
        context = self.context()
        abandon_draw(context, draw_id)
        self.keep(context)

    def shares(self, seat: int, draw_id: bytes = DRAW) -> tuple[bytes | None, ...]:
        """What a seat finds of a draw's secrets."""
        draw = DRAWS.load(self.world.state, draw_id)
        assert draw is not None
        node, found = private_key(node_of(member(seat))), []
        for index, secret in enumerate(draw.secrets):
            held = RESERVED.load(self.world.state, draw_id, place(index))
            assert held is not None
            name = DealName(self.world.chain.genesis_hash, draw.epoch, secret.dealer, secret.number)
            found.append(open_share(node, seat, name, held))
        return tuple(found)

    def reveal(
        self, seat: int, shares: Sequence[bytes | None] | None = None, draw_id: bytes = DRAW
    ) -> Receipt:
        """Reveal these shares, or those that the seat finds."""
        told = self.shares(seat, draw_id) if shares is None else tuple(shares)
        return self.by_node(seat, "beacon.reveal", BeaconReveal(draw_id, told))

    def seed(self, seats: Iterable[int], draw_id: bytes = DRAW) -> bytes | None:
        """The seed, if the reveals of these seats in turn make one."""
        for seat in seats:
            receipt = self.reveal(seat, draw_id=draw_id)
            assert receipt.status == "ok", receipt
            found = seed_in(receipt.events)
            if found is not None:
                return found
        return None


def seed_in(events: Iterable[Event]) -> bytes | None:
    """The seed that became known, if one did."""
    return next((told.data["seed"] for told in events if told.type == "beacon.seed"), None)


def beacon_rows(world: World) -> list[bytes]:
    """The keys of all that the state holds of the beacon."""
    return [stored for stored, _ in world.state.scan(b"beacon-")]


def altered(made: BeaconShare, seat: int, point: bytes) -> BeaconShare:
    """A deal with another point for a seat."""
    points = (*made.points[:seat], point, *made.points[seat + 1 :])
    return replace(made, points=points)
