"""Proof bundles of a toy chain whose committee changes twice, and what a liar can make of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from chain.block import Block, Certificate, Header, Receipt
from chain.bundle import (
    Anchor,
    Bundle,
    CommitteeStep,
    HeadStatement,
    Proven,
    StateClaim,
    bundle_check_sum,
    encode_bundle,
    receipt_claim,
    transaction_claim,
)
from chain.bundle_facts import TrustedHeader
from chain.codec import pack, unpack
from chain.committee import Committee
from chain.committees import CommitteeRecord, state_key
from chain.crypto import HASH_SIZE
from chain.head import head_bytes
from tests.chain.test_committees import committee
from tests.chain.toy import COUNTERS, add, counter, elect
from tests.chain.toy_world import ToyWorld
from tests.chain.world import key

FIVE = committee(1, "m0", "m1", "m2", "m3", "m4")
FOUR = committee(2, "m4", "m3", "m2", "m1")
# Executed at these heights: one above names it, two above it governs.
ELECTED = {2: FIVE, 5: FOUR}
HEIGHTS = range(1, 11)
# A block with several transactions and then one without any.
BUSY, SEAL = 9, 10
PRESENT, ABSENT = COUNTERS.key(counter("a")), COUNTERS.key(counter("nobody"))
KEYS = (PRESENT, ABSENT, state_key(1), state_key(2))


@dataclass(frozen=True, slots=True)
class Shown:
    """What a node has of one height; `claims` are under its header's state root."""

    block: Block
    certificate: Certificate
    named: Committee | None
    committee: Committee
    receipts: tuple[Receipt, ...]
    claims: dict[bytes, StateClaim]

    @property
    def header(self) -> Header:
        return self.block.header


class Chain:
    """Blocks 1 to 10 of a toy world; epochs 0, 1 and 2 begin at the heights 0, 4 and 7."""

    def __init__(self) -> None:
        self.world = ToyWorld()
        self.genesis = self.world.genesis
        self.shown: list[Shown] = []
        for height in HEIGHTS:
            self._decide(height)

    def _decide(self, height: int) -> None:
        world, ledger = self.world, self.world.ledger
        named, governing = ledger.next_committee, ledger.chain.committee
        claims = {
            wanted: StateClaim(wanted, ledger.state.get(wanted), ledger._tree.prove(wanted))
            for wanted in KEYS
        }
        operations = [elect(ELECTED[height])] if height in ELECTED else [add("a")]
        bodies = [world.signed("buyer", operation) for operation in operations]
        if height == BUSY:
            bodies += [world.signed("merchant", add(name)) for name in "bcde"]
        if height == SEAL:
            bodies = []
        tip = world.decide(*bodies)
        block = ledger.block(height)
        assert block is not None
        receipts = ledger.receipts(height)
        shown = Shown(block, tip.certificate, named, governing, receipts, claims)
        self.shown.append(shown)

    def at(self, height: int) -> Shown:
        return self.shown[height - 1]

    def steps(self, start: int = 0, end: int = 2) -> tuple[CommitteeStep, ...]:
        """From the epoch `start` to `end`."""
        found = [
            CommitteeStep(entry.header, entry.certificate, entry.named)
            for entry in self.shown
            if entry.named is not None
        ]
        return tuple(found[start:end])

    def states(self, height: int, *keys: bytes) -> Proven:
        """State keys under the header at a height."""
        entry = self.at(height)
        claims = tuple(entry.claims[wanted] for wanted in keys)
        return Proven(entry.header, entry.certificate, claims, (), ())

    def transactions(self, height: int, *indexes: int) -> Proven:
        """Transactions of the block at a height."""
        entry = self.at(height)
        claims = tuple(transaction_claim(entry.block.bodies, index) for index in indexes)
        return Proven(entry.header, entry.certificate, (), claims, ())

    def receipts(self, height: int, *indexes: int) -> Proven:
        """Receipts of the block at a height, under the header above."""
        above, receipts = self.at(height + 1), self.at(height).receipts
        claims = tuple(receipt_claim(receipts, index) for index in indexes)
        return Proven(above.header, above.certificate, (), (), claims)

    def heads(self, height: int, times_ms: Sequence[int | None]) -> tuple[HeadStatement, ...]:
        """Statements about the header at a height; None: that member says nothing."""
        entry = self.at(height)
        return tuple(
            head(entry.header, entry.committee, member, time_ms)
            for member, time_ms in enumerate(times_ms)
            if time_ms is not None
        )

    def anchor(self, height: int) -> Anchor:
        """A header to be trusted, with the committee of its epoch."""
        entry = self.at(height)
        epoch = entry.header.epoch
        first_height = {1: 4, 2: 7}[epoch]
        record = CommitteeRecord(entry.committee, first_height)
        return Anchor(entry.header, record, entry.claims[state_key(epoch)].proof)

    def trusted(self, height: int) -> TrustedHeader:
        """The header at a height, as a verifier names it."""
        return TrustedHeader(height, self.at(height).header.digest())

    def bundle(self, *proven: Proven, steps: tuple[CommitteeStep, ...] | None = None) -> Bundle:
        """From the genesis, with the steps that it takes."""
        needed = self.steps(0, proven[-1].header.epoch) if steps is None else steps
        return Bundle(self.genesis.hash(), None, needed, proven, ())

    def good(self) -> dict[str, tuple[bytes, TrustedHeader | None]]:
        """A bundle of each kind by its name, and what its verifier must trust."""
        resting = self.at(SEAL).header.time_ms
        event = self.merged(self.receipts(BUSY, 2), self.states(SEAL, PRESENT))
        from_header = replace(
            self.bundle(self.states(9, PRESENT, ABSENT)),
            anchor=self.anchor(5),
            steps=self.steps(1, 2),
        )
        vouched = replace(
            self.bundle(self.states(SEAL, ABSENT)),
            heads=self.heads(SEAL, [resting + 1, None, resting + 2, resting + 3]),
        )
        every = (self.states(3, ABSENT), self.transactions(4, 0), self.states(6, PRESENT), event)
        return {
            "a value, first epoch": (encode_bundle(self.bundle(self.states(2, PRESENT))), None),
            "an absent key": (encode_bundle(self.bundle(self.states(3, ABSENT))), None),
            "a transaction": (encode_bundle(self.bundle(self.transactions(BUSY, 3))), None),
            "a receipt": (encode_bundle(self.bundle(self.receipts(BUSY, 4))), None),
            "an event": (encode_bundle(self.bundle(self.transactions(BUSY, 2), event)), None),
            "three epochs": (encode_bundle(self.bundle(*every)), None),
            "from a header": (encode_bundle(from_header), self.trusted(5)),
            "vouched for": (encode_bundle(vouched), None),
        }

    @staticmethod
    def merged(*proven: Proven) -> Proven:
        """Claims under one header."""
        first = proven[0]
        assert all(entry.header == first.header for entry in proven)
        return replace(
            first,
            states=tuple(claim for entry in proven for claim in entry.states),
            transactions=tuple(claim for entry in proven for claim in entry.transactions),
            receipts=tuple(claim for entry in proven for claim in entry.receipts),
        )


@cache
def small_chain() -> Chain:
    """Made once; nothing changes it."""
    return Chain()


def head(header: Header, by: Committee, member: int, time_ms: int) -> HeadStatement:
    """A member's statement about a header."""
    message = head_bytes(header.genesis_hash, header.epoch, header.height, header.digest(), time_ms)
    private = key(f"node of {by.members[member].name}")
    return HeadStatement(member, time_ms, private.sign(message))


def resealed(content: bytes) -> bytes:
    """As a liar does who knows of the check sum."""
    return content + bundle_check_sum(content)


def content_of(data: bytes) -> bytes:
    """A bundle without its check sum."""
    return data[:-HASH_SIZE]


def packed(value: Any) -> bytes:
    """A file of these plain values."""
    return resealed(pack(value))


def plain(data: bytes) -> Any:
    """The plain values of a file."""
    return unpack(content_of(data))


def changed_bytes(content: bytes, places: Sequence[int], flips: Iterator[int]) -> Iterator[bytes]:
    """Each with one byte changed; a flip is 1 to 255."""
    for place in places:
        yield content[:place] + bytes([content[place] ^ next(flips)]) + content[place + 1 :]
