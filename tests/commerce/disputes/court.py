"""A shop with independent arbiters and a beacon: short names for the steps of a dispute.

Buyers are m0's accounts, merchants and carriers m1's, arbiters m2's and m3's, so that every one of
them may judge between any of the others.
"""

from collections.abc import Sequence
from dataclasses import replace

from chain.block import Event, Receipt
from chain.crypto import sha256
from chain.genesis import Genesis, GenesisAccount, GenesisRole
from commerce.aftersale.answers import RefundReject
from commerce.aftersale.cases import load_case
from commerce.aftersale.requests import RefundRequest, RequestedLine
from commerce.assets import AssetIssue
from commerce.deposits.fund import fund_minor
from commerce.disputes.arbiters import Arbiter, ArbiterBond, arbiter_of
from commerce.disputes.dispute import Dispute, Shares, load_dispute
from commerce.disputes.draws import draw_id_of
from commerce.disputes.filing import DisputeOpen, ReturnContest
from commerce.disputes.hearing import DisputeSettle
from commerce.disputes.opening import DisputeAppeal
from commerce.disputes.votes import DisputeCommit, DisputeReveal, vote_commitment
from tests.commerce.beacon.ring import Ring
from tests.commerce.shop import Shop
from tests.commerce.world import ROLES, World, account, genesis, policy

BOND_MINOR = 100_000
SLASH_MINOR = 50_000
STOCK = 100_000
DOCUMENT = sha256(b"a photograph")
SPONSORS = {"buyer": "m0", "friend": "m0"}


def arbiter(number: int) -> str:
    """The name of an arbiter."""
    return f"arbiter{number}"


def court_genesis(arbiters: int = 8, **changes: object) -> Genesis:
    """The parties of a shop, and arbiters."""
    parties = [(name, SPONSORS.get(name, "m1"), roles) for name, roles in ROLES.items()]
    judges = [(arbiter(number), f"m{2 + number % 2}") for number in range(arbiters)]
    parties += [(name, sponsor, (("arbiter", ""),)) for name, sponsor in judges]
    accounts = tuple(
        GenesisAccount(name, policy(name), sponsor, tuple(GenesisRole(*role) for role in roles))
        for name, sponsor, roles in parties
    )
    return replace(genesis(accounts=accounts), **changes)  # type: ignore[arg-type]  # a test's own


class Nodes(Ring):
    """The beacon's nodes of a world that is there already."""

    def __init__(self, world: World) -> None:  # pylint: disable=super-init-not-called
        self.world = world


class Court(Shop):
    """`bonded` of the arbiters have the least bond; the nodes have a secret each for a draw."""

    def __init__(
        self, bonded: int = 8, *, arbiters: int = 8, stocked: bool = True, **changes: object
    ) -> None:
        super().__init__(court_genesis(arbiters, **changes), stock=STOCK)
        self.names = {account(name): name for name in ROLES}
        self.names |= {account(arbiter(number)): arbiter(number) for number in range(arbiters)}
        self.nodes = Nodes(self)
        self.stocked = 0
        self.fund("merchant", 50_000)
        for number in range(bonded):
            self.bond(arbiter(number))
        if stocked:
            self.restock()

    def fund(self, name: str, amount_minor: int) -> None:
        """Money out of nothing."""
        reference = f"{name} {self.height}"
        sent = AssetIssue("CNY", account(name), amount_minor, reference)
        self.done("issuer", ("asset.issue", sent))

    def bond(self, name: str, amount_minor: int = BOND_MINOR) -> None:
        """An arbiter posts a bond with new money."""
        self.fund(name, amount_minor)
        self.done(name, ("arbiter.bond", ArbiterBond("CNY", amount_minor)))

    def restock(self) -> None:
        """The nodes deal one secret each."""
        self.nodes.stock(number=self.stocked)
        self.stocked += 1

    def case(self, made: tuple[Event, ...]) -> bytes:
        """The id of the case, or of its dispute, that these events tell of."""
        names = ("case_id", "dispute_id")
        case_id = next(told.data[name] for told in made for name in names if name in told.data)
        assert isinstance(case_id, bytes)
        return case_id

    def requested(
        self, quantity: int = 3, kind: str = "quality", listing: bytes | None = None
    ) -> bytes:
        """Delivered goods that the buyer complains of; the case."""
        order_id = self.paid((listing or self.tea, quantity))
        parcel_id = self.ship(order_id)
        self.deliver(parcel_id)
        line = RequestedLine(0, quantity, None)
        asked = RefundRequest(order_id, parcel_id, kind, (line,), "broken", None)
        return self.case(self.done("buyer", ("refund.request", asked)))

    def rejected(self, quantity: int = 3, listing: bytes | None = None) -> bytes:
        """As `requested`; the seller refuses."""
        case_id = self.requested(quantity, listing=listing)
        self.done("merchant", ("refund.reject", RefundReject(case_id, "it was whole", None)))
        return case_id

    def take(self, case_id: bytes, *shares: int, by: str = "buyer", bond_minor: int = 0) -> bytes:
        """Take a case to a panel; its id, which is the dispute's."""
        self.done(by, self.opening(case_id, shares, bond_minor))
        return case_id

    def opening(
        self, subject_id: bytes, shares: Shares, bond_minor: int = 0
    ) -> tuple[str, DisputeOpen]:
        """An opening as `send` takes it."""
        return "dispute.open", DisputeOpen(subject_id, shares, bond_minor, DOCUMENT)

    def contesting(
        self, case_id: bytes, shares: Shares, bond_minor: int = 0
    ) -> tuple[str, ReturnContest]:
        """A contested return as `send` takes it."""
        return "return.contest", ReturnContest(case_id, shares, bond_minor, DOCUMENT)

    def case_state(self, case_id: bytes) -> str:
        """The state of the case that a dispute is about."""
        return load_case(self.state, case_id).state

    def disputed(self, *, by: str = "buyer", bond_minor: int = 0) -> bytes:
        """A dispute about ¥30, for all of it, whose draw is under way."""
        share = 1_000 if by == "buyer" else 0
        return self.take(self.rejected(), share, by=by, bond_minor=bond_minor)

    def seated(self, *, by: str = "buyer", bond_minor: int = 0) -> bytes:
        """The same with a panel."""
        dispute_id = self.disputed(by=by, bond_minor=bond_minor)
        assert len(self.drawn(dispute_id)) == 3
        return dispute_id

    def drawn(self, dispute_id: bytes, seats: Sequence[int] = (0, 1)) -> list[str]:
        """The seed comes to light by these seats; who sits then."""
        draw_id = draw_id_of(dispute_id, self.dispute(dispute_id).round)
        assert self.nodes.seed(seats, draw_id) is not None
        return self.panel(dispute_id)

    def dispute(self, dispute_id: bytes) -> Dispute:
        """The record."""
        return load_dispute(self.state, dispute_id)

    def arbiter(self, name: str) -> Arbiter:
        """An arbiter's record."""
        return arbiter_of(self.state, account(name))

    def panel(self, dispute_id: bytes) -> list[str]:
        """Who sits."""
        return [self.names[seat.arbiter] for seat in self.dispute(dispute_id).panel.seats]

    def salt(self, name: str, round_: int = 0) -> bytes:
        """An arbiter's salt; a test needs no secrets."""
        return sha256(f"{name} {round_}".encode())

    def sealed(self, dispute_id: bytes, name: str, shares: Shares) -> DisputeCommit:
        """A commitment to a vote."""
        round_ = self.dispute(dispute_id).round
        salt = self.salt(name, round_)
        made = vote_commitment(dispute_id, round_, account(name), salt, shares)
        return DisputeCommit(dispute_id, made)

    def commit(self, dispute_id: bytes, name: str, *shares: int) -> None:
        """Commit to a vote."""
        self.done(name, ("dispute.commit", self.sealed(dispute_id, name, shares)))

    def opened(self, dispute_id: bytes, name: str, *shares: int) -> DisputeReveal:
        """What opens the commitment."""
        return DisputeReveal(dispute_id, shares, self.salt(name, self.dispute(dispute_id).round))

    def reveal(self, dispute_id: bytes, name: str, *shares: int) -> tuple[Event, ...]:
        """Reveal it."""
        return self.done(name, ("dispute.reveal", self.opened(dispute_id, name, *shares)))

    def heard(self, dispute_id: bytes) -> None:
        """The time for evidence passes."""
        due_ms = self.dispute(dispute_id).due_ms
        assert due_ms is not None
        self.wait(due_ms - self.time_ms)

    def pass_phase(self, dispute_id: bytes) -> tuple[Receipt, ...]:
        """Everybody is silent until the clock acts."""
        clock = self.dispute(dispute_id).clock()
        assert clock is not None
        return self.wait(clock[0] - self.time_ms)

    def vote(self, dispute_id: bytes, *votes: Sequence[int]) -> None:
        """Evidence is over; the panel, in its order, commits to these votes and reveals them."""
        self.heard(dispute_id)
        self.ballot(dispute_id, *votes)

    def ballot(self, dispute_id: bytes, *votes: Sequence[int]) -> None:
        """The panel, in its order, commits to these votes and reveals them."""
        panel = self.panel(dispute_id)
        for name, shares in zip(panel, votes, strict=True):
            self.commit(dispute_id, name, *shares)
        for name, shares in zip(panel, votes, strict=True):
            self.reveal(dispute_id, name, *shares)

    def appeal(self, dispute_id: bytes, name: str, bond_minor: int) -> None:
        """Appeal with new secrets for the draw."""
        self.restock()
        self.done(name, ("dispute.appeal", DisputeAppeal(dispute_id, bond_minor)))

    def settle(self, dispute_id: bytes, *shares: int) -> None:
        """Both parties agree."""
        settling = DisputeSettle(dispute_id, shares)
        self.done("buyer", ("dispute.settle", settling), with_=("merchant",))

    def in_fund(self) -> int:
        """What the mutual fund has."""
        return fund_minor(self.state, "CNY")
