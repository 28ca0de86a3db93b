"""A random walk of many disputes at once beside a plain model of who has how much.

`python -m tests.commerce.disputes.walk --seeds 100 --steps 2000`. The model is written from the
rules of disputes and not from their handlers: it keeps its own books of votes and bonds, computes
each ruling and each payment by itself, and compares every balance, bond and the fund after every
step. A seed that fails is printed, and replays with `--first SEED --seeds 1`.
"""

import argparse
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from chain.block import OK, Event, Receipt
from commerce.disputes.arbiters import ArbiterBond, ArbiterUnbond
from commerce.disputes.draws import draw_id_of
from commerce.disputes.hearing import DisputeSettle
from commerce.disputes.opening import DisputeAppeal
from commerce.disputes.panel import DisputeChallenge, DisputeRecuse
from commerce.disputes.phases import Phase
from tests.commerce.disputes.court import BOND_MINOR, SLASH_MINOR, Court, arbiter
from tests.commerce.world import DAY_MS, FUNDS_MINOR, HOUR_MS, account

ARBITERS = 12
LIVE_MAX = 6
PRICE_MINOR = 1_000
PARTIES = ("buyer", "merchant")


@dataclass
class Book:
    """What the model knows of one dispute. `votes` are those revealed in the present round."""

    opener: str
    asked: int
    worth: int
    bonds: list[tuple[str, int]]
    round: int = 0
    votes: dict[str, int] = field(default_factory=dict)
    rulings: list[tuple[int, list[str]]] = field(default_factory=list)

    def rule(self) -> int:
        """The lower middle vote, within what the opener asked for."""
        votes = sorted(self.votes.values())
        middle = votes[len(votes) // 2 - (len(votes) % 2 == 0)]
        share = min(middle, self.asked) if self.opener == "buyer" else max(middle, self.asked)
        self.rulings.append((share, list(self.votes)))
        self.votes = {}
        return share

    def of(self, party: str, share: int) -> int:
        """What a party has by a share."""
        buyers = self.worth * share // 1_000
        return buyers if party == "buyer" else self.worth - buyers

    def lost(self, number: int) -> bool:
        """Did the bond of a round lose by the last ruling?"""
        who = self.bonds[number][0]
        if number >= len(self.rulings):
            return False
        now = self.of(who, self.rulings[-1][0])
        if number == 0:
            return now * 2 < self.of(who, self.asked)
        return now <= self.of(who, self.rulings[number - 1][0])


@dataclass
class Model:
    """Everybody's money as it should be."""

    purse: dict[str, int]
    bond: dict[str, int]
    leaving: dict[str, int] = field(default_factory=dict)
    fund: int = 0
    books: dict[bytes, Book] = field(default_factory=dict)

    def slash(self, name: str) -> None:
        """Half of the least bond, from what isn't leaving first."""
        first = min(SLASH_MINOR, self.bond[name])
        rest = min(SLASH_MINOR - first, self.leaving.get(name, 0))
        self.bond[name] -= first
        if rest:
            self.leaving[name] -= rest
        self.fund += first + rest

    def end(self, book: Book, share: int) -> None:
        """Split the money in dispute and pay out all bonds."""
        for party in PARTIES:
            self.purse[party] += book.of(party, share)
        for number, (who, amount) in enumerate(book.bonds):
            if not book.lost(number):
                self.purse[who] += amount
                continue
            judges = book.rulings[number][1]
            for name in judges:
                self.purse[name] += amount // len(judges)
            self.fund += amount % len(judges)


class Walk:
    """A court, its model, and what may happen next."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.court = Court(ARBITERS, arbiters=ARBITERS)
        self.court.fund("merchant", FUNDS_MINOR)
        names = [*PARTIES, *(arbiter(number) for number in range(ARBITERS))]
        self.model = Model(
            {name: self.court.money(name) for name in names},
            {arbiter(number): BOND_MINOR for number in range(ARBITERS)},
        )
        self.read = 0
        self.done = 0

    def run(self, steps: int) -> int:
        """Take steps, then let everybody be silent; how many attempts succeeded."""
        actions: list[tuple[Callable[[], None], int]] = [
            *((self.open, 4), (self.stock, 3), (self.seed, 6), (self.commit, 14)),
            *((self.reveal, 14), (self.appeal, 4), (self.settle, 1), (self.leave_seat, 1)),
            *((self.challenge, 1), (self.more_bond, 4), (self.less_bond, 1), (self.rest, 3)),
        ]
        kinds, weights = zip(*actions, strict=True)
        for action in self.random.choices(kinds, weights, k=steps):
            action()
            self.compare()
        for _ in range(130):
            self.court.wait(DAY_MS)
            self.compare()
        assert not self.live
        assert not any(self.model.leaving.values())
        assert all(self.court.arbiter(arbiter(number)).seats == 0 for number in range(ARBITERS))
        return self.done

    @property
    def live(self) -> list[bytes]:
        """Disputes that haven't ended."""
        return [known for known in self.model.books if self.court.dispute(known).due_ms is not None]

    def in_phase(self, *phases: Phase) -> bytes | None:
        """One of the disputes in these phases, if there is any."""
        found = [known for known in self.live if self.court.dispute(known).phase in phases]
        return self.random.choice(found) if found else None

    def sent(self, sender: str, kind: str, payload: object, *with_: str) -> bool:
        """Did it work?"""
        receipt = self.court.send(sender, (kind, payload), with_=with_)
        self.done += receipt.status == OK
        return receipt.status == OK

    # What happens.

    def open(self) -> None:
        if len(self.live) >= LIVE_MAX:
            return
        units, share = self.random.randint(1, 5), self.random.choice([0, 1, 333, 500, 999, 1_000])
        opener = self.random.choice(PARTIES)
        share = share or 1 if opener == "buyer" else min(share, 999)
        worth = units * PRICE_MINOR
        bond = self.random.choice([0, 101]) if opener == "buyer" else worth // 50 + units
        case_id = self.court.rejected(units)
        self.model.purse["buyer"] -= worth
        self.court.done(opener, self.court.opening(case_id, (share,), bond))
        self.model.purse[opener] -= bond
        self.model.books[case_id] = Book(opener, share, worth, [(opener, bond)])
        self.done += 1

    def stock(self) -> None:
        if len(self.court.nodes.ready(0)) < 3:
            self.court.restock()

    def seed(self) -> None:
        dispute_id = self.in_phase(Phase.DRAWING)
        if dispute_id is not None and self.court.dispute(dispute_id).is_drawing:
            draw_id = draw_id_of(dispute_id, self.court.dispute(dispute_id).round)
            seats = self.random.sample(range(4), 2)
            self.court.nodes.seed(seats, draw_id)

    def commit(self) -> None:
        dispute_id = self.in_phase(Phase.COMMIT, Phase.COMMIT_AGAIN)
        if dispute_id is not None:
            name = self.arbiter_of(dispute_id)
            vote = self.vote_of(dispute_id, name)
            self.sent(name, "dispute.commit", self.court.sealed(dispute_id, name, (vote,)))

    def reveal(self) -> None:
        dispute_id = self.in_phase(Phase.REVEAL, Phase.REVEAL_AGAIN)
        if dispute_id is None:
            return
        name = self.arbiter_of(dispute_id)
        lie = self.random.random() < 0.1
        vote = (self.vote_of(dispute_id, name) + lie) % 1_001
        # The model's book first: the last vote makes the ruling in the same block.
        book = self.model.books[dispute_id]
        votes = dict(book.votes)
        book.votes[name] = vote
        if not self.sent(name, "dispute.reveal", self.court.opened(dispute_id, name, vote)):
            book.votes = votes

    def arbiter_of(self, dispute_id: bytes) -> str:
        """One of the panel, mostly one who has something to do."""
        seats = self.court.dispute(dispute_id).panel.seats
        sealed = self.in_reveal(dispute_id)
        busy = [seat for seat in seats if seat.vote is None]
        busy = [seat for seat in busy if (seat.commitment is not None) == sealed]
        if busy and self.random.random() < 0.9:
            return self.court.names[self.random.choice(busy).arbiter]
        return self.random.choice(self.court.panel(dispute_id))

    def in_reveal(self, dispute_id: bytes) -> bool:
        """Does the panel reveal?"""
        return self.court.dispute(dispute_id).phase in (Phase.REVEAL, Phase.REVEAL_AGAIN)

    def vote_of(self, dispute_id: bytes, name: str) -> int:
        """An arbiter's vote in the present round, always the same."""
        book = self.model.books[dispute_id]
        salted = f"{dispute_id.hex()} {book.round} {name}"
        return random.Random(salted).choice([0, 250, 500, 750, 1_000])

    def appeal(self) -> None:
        dispute_id = self.in_phase(Phase.DECIDED)
        if dispute_id is None:
            return
        book, party = self.model.books[dispute_id], self.random.choice(PARTIES)
        bond = -(-book.worth // 50) * 2 ** (book.round + 1) + self.random.randint(0, 7)
        if self.sent(party, "dispute.appeal", DisputeAppeal(dispute_id, bond)):
            self.model.purse[party] -= bond
            book.bonds.append((party, bond))
            book.round += 1

    def settle(self) -> None:
        live = self.live
        if live and self.random.random() < 0.3:
            dispute_id, share = self.random.choice(live), self.random.randint(0, 1_000)
            self.sent("buyer", "dispute.settle", DisputeSettle(dispute_id, (share,)), "merchant")

    def leave_seat(self) -> None:
        dispute_id = self.in_phase(Phase.EVIDENCE)
        if dispute_id is not None:
            name = self.random.choice(self.court.panel(dispute_id))
            self.sent(name, "dispute.recuse", DisputeRecuse(dispute_id, ""))

    def challenge(self) -> None:
        dispute_id = self.in_phase(Phase.EVIDENCE)
        if dispute_id is not None:
            name = self.random.choice(self.court.panel(dispute_id))
            challenged = DisputeChallenge(dispute_id, account(name))
            self.sent(self.random.choice(PARTIES), "dispute.challenge", challenged)

    def more_bond(self) -> None:
        name = arbiter(self.random.randrange(ARBITERS))
        self.court.fund(name, SLASH_MINOR)
        self.model.purse[name] += SLASH_MINOR
        if self.sent(name, "arbiter.bond", ArbiterBond("CNY", SLASH_MINOR)):
            self.model.purse[name] -= SLASH_MINOR
            self.model.bond[name] += SLASH_MINOR

    def less_bond(self) -> None:
        name, amount = arbiter(self.random.randrange(ARBITERS)), self.random.choice([1, BOND_MINOR])
        if self.sent(name, "arbiter.unbond", ArbiterUnbond(amount)):
            self.model.bond[name] -= amount
            self.model.leaving[name] = amount

    def rest(self) -> None:
        self.court.wait(self.random.choice([HOUR_MS, 9 * HOUR_MS, DAY_MS]))

    # What the model makes of it.

    def compare(self) -> None:
        """Take the news into the model's books, then compare everything."""
        news, self.read = self.court.receipts[self.read :], len(self.court.receipts)
        for told in events_of(news):
            self.take(told)
        model, court = self.model, self.court
        assert {name: court.money(name) for name in model.purse} == model.purse
        for name, bond in model.bond.items():
            record = court.arbiter(name)
            assert (record.bond_minor, record.leaving_minor) == (bond, model.leaving.get(name, 0))
        assert court.in_fund() == model.fund

    def take(self, told: Event) -> None:
        """One event: what it says happened is believed, but no amount and no share of a ruling."""
        data, model = told.data, self.model
        match told.type:
            case "arbiter.slashed":
                model.slash(self.court.names[data["arbiter"]])
            case "arbiter.unbonded":
                name = self.court.names[data["arbiter"]]
                model.purse[name] += model.leaving.pop(name)
            case "dispute.ruled":
                book = model.books[data["dispute_id"]]
                assert data["shares"] == (book.rule(),)
            case "dispute.ended":
                self.end(data)
            case _:
                pass

    def end(self, data: dict[str, object]) -> None:
        """The last ruling, else nothing for a buyer who has the goods; or what was agreed."""
        dispute_id, shares = data["dispute_id"], data["shares"]
        assert isinstance(dispute_id, bytes)
        assert isinstance(shares, tuple)
        book = self.model.books[dispute_id]
        if data["how"] != "settlement":
            expected = book.rulings[-1][0] if book.rulings else 0
            assert shares == (expected,)
            assert data["how"] == ("ruling" if book.rulings else "default")
        self.model.end(book, shares[0])


def events_of(receipts: Sequence[Receipt]) -> list[Event]:
    """All events of successful receipts."""
    return [told for receipt in receipts for told in receipt.events]


def main() -> None:
    """Walk from several seeds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--steps", type=int, default=1_000)
    chosen = parser.parse_args()
    for seed in range(chosen.first, chosen.first + chosen.seeds):
        # What replays this walk, should it be the last that is begun.
        print(f"--first {seed} --seeds 1 --steps {chosen.steps}", end=": ", flush=True)  # noqa: T201
        done = Walk(seed).run(chosen.steps)
        print(f"{done} steps changed something")  # noqa: T201


if __name__ == "__main__":
    main()
