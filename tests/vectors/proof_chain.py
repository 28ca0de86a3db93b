"""The chain that the vectors of proof bundles are about, and what it takes to prove it.

Its story: block 1 registers an organisation, 2 seats it, 4 captures an EPCIS event, 5 pays, 6
removes a member, 8 has three transactions, 9 has none; the epochs 0, 1, 2 begin at 1, 4 and 8.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from typing_extensions import override

from chain.block import Certificate, Header, Receipt
from chain.bundle import (
    Anchor,
    Bundle,
    CommitteeStep,
    HeadStatement,
    Proven,
    StateClaim,
    receipt_claim,
    transaction_claim,
)
from chain.bundle_check import TrustedHeader
from chain.codec import encode
from chain.committee import Committee
from chain.committees import CommitteeRecord, ready_bytes, state_key
from chain.head import head_bytes
from chain.transaction import ReceivedTransaction, read_transaction
from commerce.accounts import AccountOpen
from commerce.assets import AssetIssue
from commerce.committee import CommitteeChange, Seat
from commerce.epcis.capture import EVENTS, EpcisCapture
from commerce.members import MemberRegister
from commerce.money import BALANCES
from commerce.orders import ORDERS
from commerce.registry import Registry, operation
from tests.vectors.make_committees import CONVICT, NEWCOMER, NODES, Chain
from tests.vectors.make_epcis import epcis
from tests.vectors.material import (
    Example,
    account,
    content,
    genesis,
    key,
    pay,
    public,
    single,
)

EVENT = bytes.fromhex(epcis()[0]["event_key"])
PRESENT, CAPTURED = BALANCES.key(account("shop"), b"CNY".ljust(12, b"\x00")), EVENTS.key(EVENT)
ABSENT, ACCOUNT = ORDERS.key(b"\xee" * 32), b"account/" + account("shop")
KEYS = (PRESENT, CAPTURED, ABSENT, ACCOUNT, state_key(1), state_key(2))
# A block with three transactions, the last of which fails, and one with none.
BUSY, SEAL = 8, 9


@dataclass(frozen=True, slots=True)
class Shown:
    """Of one height; `claims` are under its header."""

    header: Header
    certificate: Certificate
    committee: Committee
    named: Committee | None
    bodies: tuple[bytes, ...]
    receipts: tuple[Receipt, ...]
    claims: dict[bytes, StateClaim]


class ProvenChain(Chain):
    """A chain that remembers what it takes to prove."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[Shown] = []

    @override
    def block(self, body: Sequence[ReceivedTransaction] = ()) -> None:
        ledger = self.ledger
        state, tree = ledger.state, ledger._tree
        claims = {entry: StateClaim(entry, state.get(entry), tree.prove(entry)) for entry in KEYS}
        governing, named = ledger.chain.committee, ledger.next_committee
        super().block(body)
        header, certificate = self.headers[-1]
        bodies = tuple(received.raw for received in body)
        receipts = ledger.receipts(header.height)
        self.shown.append(Shown(header, certificate, governing, named, bodies, receipts, claims))

    def at(self, height: int) -> Shown:
        """What there is of a height."""
        return self.shown[height - 1]

    def states(self, height: int, *keys: bytes) -> Proven:
        """State under the header at a height."""
        at = self.at(height)
        return Proven(at.header, at.certificate, tuple(at.claims[entry] for entry in keys), (), ())

    def sent(self, height: int, *indexes: int) -> Proven:
        """Transactions of the block at a height."""
        at = self.at(height)
        claims = tuple(transaction_claim(at.bodies, index) for index in indexes)
        return Proven(at.header, at.certificate, (), claims, ())

    def outcomes(self, height: int, *indexes: int) -> Proven:
        """Receipts of the block at a height, under the header above."""
        above = self.at(height + 1)
        claims = tuple(receipt_claim(self.at(height).receipts, index) for index in indexes)
        return Proven(above.header, above.certificate, (), (), claims)

    def steps(self, start: int, end: int) -> tuple[CommitteeStep, ...]:
        """From an epoch to another."""
        named = [
            CommitteeStep(entry.header, entry.certificate, entry.named)
            for entry in self.shown
            if entry.named is not None
        ]
        return tuple(named[start:end])

    def bundle(self, *proven: Proven) -> Bundle:
        """From the genesis."""
        steps = self.steps(0, proven[-1].header.epoch)
        return Bundle(genesis().hash(), None, steps, proven, ())

    def anchored(self, height: int, *proven: Proven) -> Bundle:
        """From a header of epoch 1, which begins at 4."""
        at, last = self.at(height), proven[-1].header.epoch
        record = CommitteeRecord(at.committee, 4)
        anchor = Anchor(at.header, record, at.claims[state_key(1)].proof)
        return replace(self.bundle(*proven), anchor=anchor, steps=self.steps(1, last))

    def trusted(self, height: int) -> TrustedHeader:
        """A header by height and digest."""
        return TrustedHeader(height, self.at(height).header.digest())

    def heads(self, height: int, *times_ms: int | None) -> tuple[HeadStatement, ...]:
        """By the first members, about the header at a height; None: nothing."""
        at = self.at(height)
        found = []
        for member, time_ms in enumerate(times_ms):
            if time_ms is not None:
                header = at.header
                place = header.epoch, header.height, header.digest()
                message = head_bytes(header.genesis_hash, *place, time_ms)
                signing = NODES[at.committee.members[member].node_key]
                found.append(HeadStatement(member, time_ms, signing.sign(message)))
        return tuple(found)


def made_chain() -> ProvenChain:
    """All nine blocks."""
    chain, name = ProvenChain(), genesis().hash()
    opened = operation("account.open", AccountOpen(single(NEWCOMER), None))
    keys = (public(f"node of {NEWCOMER}"),)
    joined = operation("member.register", MemberRegister(account(NEWCOMER), NEWCOMER, keys, None))
    first = content(account("pudong"), 1, opened, joined, memo=None)
    chain.block([_signed(first, "pudong", "xuhui", "jingan", NEWCOMER)])
    digest = chain.ledger.tip.digest
    ready = key(f"node of {NEWCOMER}").sign(ready_bytes(name, 1, 1, digest))
    seat = Seat(account(NEWCOMER), keys[0], 1, digest, ready)
    grown = operation("committee.change", CommitteeChange(0, (seat,), (), ()))
    chain.send("pudong", grown, "xuhui", "jingan")
    chain.block()
    document = epcis()[0]["document"].encode()
    chain.send("shop", operation("epcis.capture", EpcisCapture(document, "public")))
    issue = operation("asset.issue", AssetIssue("CNY", account("buyer"), 100_000, "bank 1"))
    chain.send("issuer", issue)
    without = CommitteeChange(1, (), (account(CONVICT),), ())
    chain.send("pudong", operation("committee.change", without), "xuhui", "jingan", NEWCOMER)
    chain.block()
    paid = [content(account("buyer"), 90 + n, pay(account("shop"), n), memo=None) for n in (1, 2)]
    poor = content(account("buyer"), 93, pay(account("shop"), 10**9), memo="more than there is")
    chain.block([_signed(entry, "buyer") for entry in (*paid, poor)])
    chain.block()
    return chain


def _signed(made: Any, *names: str) -> ReceivedTransaction:
    signers = tuple((account(name), name) for name in names)
    return read_transaction(encode(Example("", made, signers).signed()), Registry())
