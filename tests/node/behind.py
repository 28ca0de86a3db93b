"""A node that is behind: a sync on a real ledger, its peers and blocks as they travel."""

from dataclasses import dataclass, field, replace

from chain.block import Block
from chain.codec import decode, encode
from chain.store_memory import MemoryStore
from chain.transaction import read_transaction
from consensus.input import FetchedBlock
from node.sync import Sync
from p2p import messages as wire
from p2p.messages import BlocksRequest, CertifiedBlock
from tests.chain.world import World
from tests.node.parts import issue

OTHERS = tuple(bytes([number]) * 32 for number in (1, 2, 3))


def peer(number: int) -> bytes:
    """Key of a peer by its number from 1."""
    return OTHERS[number - 1]


@dataclass
class Member:
    """A sync on a real ledger; what it sends and feeds is remembered, its clock is a number."""

    world: World = field(default_factory=lambda: World(MemoryStore()))
    sent: list[tuple[int, wire.Message]] = field(default_factory=list)
    fed: list[FetchedBlock] = field(default_factory=list)
    now_ms: int = 0
    there: tuple[bytes, ...] = OTHERS

    def __post_init__(self) -> None:
        self.sync = Sync(
            self.world.ledger,
            lambda to, message: self.sent.append((1 + OTHERS.index(to), message)),
            self.fed.append,
            lambda: self.now_ms,
            lambda: self.there,
        )

    @property
    def asked(self) -> list[tuple[int, int, int]]:
        """(member, start, count) of every request for blocks."""
        return [
            (member, message.start_height, message.count)
            for member, message in self.sent
            if isinstance(message, BlocksRequest)
        ]

    @property
    def heights(self) -> list[int]:
        """What was handed to the replica."""
        return [fetched.block.header.height for fetched in self.fed]

    def write_next(self, source: World) -> None:
        """The replica decided the next height and it was written here, as it is in `source`."""
        ledger = self.world.ledger
        height = ledger.tip.height + 1
        block, certificate = source.ledger.block(height), source.ledger.certificate(height)
        assert block is not None
        assert certificate is not None
        transactions = [read_transaction(raw, self.world.rules) for raw in block.bodies]
        ledger.write(ledger.execute(block.header, transactions), certificate)
        self.sync.decided(height)


def history(count: int) -> World:
    """A chain of so many blocks, each with a transaction."""
    world = World()
    for number in range(count):
        world.decide(issue(world, f"bank-{number}"))
    return world


def entries(world: World, first: int, last: int) -> tuple[CertifiedBlock, ...]:
    """Blocks with certificates as they travel."""
    found = []
    for height in range(first, last + 1):
        block = world.ledger.block_bytes(height)
        certificate = world.ledger.certificate_bytes(height)
        assert block is not None
        assert certificate is not None
        found.append(CertifiedBlock(block, certificate))
    return tuple(found)


def forge(entry: CertifiedBlock) -> CertifiedBlock:
    """Another block under the certificate of this one."""
    block = decode(Block, entry.block)
    changed = replace(block.header, time_ms=block.header.time_ms + 1)
    return replace(entry, block=encode(replace(block, header=changed)))
