"""Any order of deals, lies, acknowledgements, draws, reveals and changes of the committee.

After every block the whole state is audited (`World.block`). Each seed that comes is the one that
was determined when its draw began, and no secret is ever in two seeds.
"""

from dataclasses import replace

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from chain.crypto import sha256
from chain.state import u64
from commerce.beacon.draws import is_drawing, seed_of
from commerce.beacon.duties import Looked, acknowledging_due, reveal, reveals_due
from commerce.beacon.records import DEALERS, DEALS, DRAWS, STOCK_MAX
from commerce.beacon.sharing import recover
from tests.commerce.beacon.ring import Ring, beacon_rows, member, seed_in
from tests.commerce.seats import change, node_of, seat
from tests.commerce.world import QUORUM, account, private_key

N = 4
LEAVER = 3
SEAT = st.integers(0, N - 1)
DRAWN = st.integers(0, 3)


class Beacon(RuleBasedStateMachine):
    """Four members, of which the last comes and goes."""

    def __init__(self) -> None:
        super().__init__()
        self.ring = Ring(N)
        self.begun = 0
        # By draw under way: the seed that must come.
        self.fixed: dict[bytes, bytes] = {}
        self.spent: set[int] = set()

    def looked(self, seat_: int) -> Looked:
        world = self.ring.world
        return Looked(world.state, world.chain, private_key(node_of(member(seat_))))

    def next_number(self, dealer: int) -> int:
        known = DEALERS.load(self.ring.world.state, account(member(dealer)))
        return known.next_number if known and known.epoch == self.ring.epoch else 0

    @rule(dealer=SEAT, cheated=st.none() | SEAT)
    def deal(self, dealer: int, cheated: int | None) -> None:
        """One seat may get rubbish."""
        seats = self.ring.world.chain.committee.n
        made = self.ring.made(dealer, self.next_number(dealer))
        if cheated is not None and cheated < seats:
            sealed = (*made.sealed[:cheated], bytes(32), *made.sealed[cheated + 1 :])
            made = replace(made, sealed=sealed)
        status = self.ring.by_node(dealer, "beacon.share", made).status
        expected = {"ok", "DealsInStock"} if dealer < seats else {"SeatMissing"}
        assert status in expected

    @rule(seat_=SEAT)
    def acknowledge(self, seat_: int) -> None:
        """All that a seat can open."""
        due = acknowledging_due(self.looked(seat_), ())
        if due is not None and due.payload is not None:
            assert self.ring.by_node(seat_, "beacon.acknowledge", due.payload).status == "ok"

    @rule(cheated=st.none() | SEAT)
    def prepare(self, cheated: int | None) -> None:
        """Everybody deals and acknowledges, as a network does while nobody looks."""
        for dealer in range(self.ring.world.chain.committee.n):
            self.deal(dealer, cheated if cheated != dealer else None)
        for seat_ in range(N):
            self.acknowledge(seat_)

    @rule()
    def begin(self) -> None:
        """A draw, and what its seed must be: its secrets are told by the points on the chain."""
        draw_id = sha256(u64(self.begun))
        ready = sum(
            bool(dealer.ready)
            for _, dealer in DEALERS.items(self.ring.world.state)
            if dealer.epoch == self.ring.epoch
        )
        began = self.ring.start(draw_id)
        assert began == (ready >= self.ring.world.chain.committee.weak_quorum)
        if not began:
            return
        self.begun += 1
        draw = DRAWS.load(self.ring.world.state, draw_id)
        assert draw is not None
        # The last seat of the founders may be none of this epoch's.
        known = [self.ring.shares(one, draw_id) for one in range(N - 1)]
        secrets = []
        needed = self.ring.world.chain.committee.weak_quorum
        for index in range(len(draw.secrets)):
            told = {one: shares[index] for one, shares in enumerate(known)}
            valid = {one: int.from_bytes(s, "little") for one, s in told.items() if s is not None}
            secrets.append(recover(dict(list(valid.items())[:needed])))
        assert not self.spent & set(secrets)
        self.spent |= set(secrets)
        self.fixed[draw_id] = seed_of(draw_id, secrets)

    @rule(seat_=SEAT)
    def reveal(self, seat_: int) -> None:
        """The first draw that lacks this seat."""
        for due in reveals_due(self.looked(seat_))[:1]:
            made = reveal(self.looked(seat_), due.draw_id)
            if made is None:
                continue
            receipt = self.ring.by_node(seat_, "beacon.reveal", made[1])
            assert receipt.status == "ok"
            seed = seed_in(receipt.events)
            if seed is not None:
                assert seed == self.fixed.pop(due.draw_id)

    @rule(at=DRAWN)
    def abandon(self, at: int) -> None:
        """Whoever waited waits no more."""
        for draw_id in list(self.fixed)[at : at + 1]:
            self.ring.abandon(draw_id)
            del self.fixed[draw_id]

    @rule(chance=st.integers(0, 4))
    def change_committee(self, chance: int) -> None:
        """Sometimes the last member leaves, or comes back."""
        if chance:
            return
        world = self.ring.world
        name = member(LEAVER)
        if world.chain.committee.n == N:
            made = change(world, remove=[name])
        else:
            world.wait(1_000)
            made = change(world, add=[seat(world, name)])
        world.done("m0", ("committee.change", made), with_=QUORUM)
        world.wait(1_000)

    @invariant()
    def rows_are_bounded(self) -> None:
        """What is under way is what is told, and nothing else is left."""
        state = self.ring.world.state
        assert all(is_drawing(state, draw_id) for draw_id in self.fixed)
        assert {key for key, _ in DRAWS.items(state)} == set(self.fixed)
        assert sum(1 for _ in DEALS.items(state)) <= N * STOCK_MAX
        assert len(beacon_rows(self.ring.world)) <= N * (1 + STOCK_MAX) + 9 * len(self.fixed)


TestBeacon = Beacon.TestCase
TestBeacon.settings = settings(
    max_examples=15,
    stateful_step_count=50,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
