"""Real parts of a node for the tests of each: a founded ledger, signed payments, a clock."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from chain.transaction import ReceivedTransaction
from commerce.assets import AssetIssue
from commerce.payments import PayTransfer
from commerce.registry import operation
from consensus.output import CheckRequest
from node.verifier import TransactionVerifier
from tests.chain.world import World, account


def issue(world: World, reference: str = "bank-1") -> ReceivedTransaction:
    """The issuer gives the buyer money."""
    op = operation("asset.issue", AssetIssue("CNY", account("buyer"), 1_000_000, reference))
    return world.signed("issuer", op)


def payment(world: World, amount_minor: int = 1, sender: str = "buyer") -> ReceivedTransaction:
    """A payment to the merchant."""
    op = operation("pay.transfer", PayTransfer(account("merchant"), "CNY", amount_minor, None))
    return world.signed(sender, op)


def forged(received: ReceivedTransaction) -> bytes:
    """The same bytes with the last bit of the last signature flipped: well-formed and not valid."""
    return received.raw[:-1] + bytes([received.raw[-1] ^ 1])


def proposed(
    world: World,
    *transactions: ReceivedTransaction,
    bodies: tuple[bytes, ...] | None = None,
    sources: tuple[bytes, ...] = (),
) -> CheckRequest:
    """To check a proposal of these at the next height; `bodies` came with it."""
    header = world.header(transactions)
    hashes = tuple(received.body_hash for received in transactions)
    return CheckRequest(0, header.digest(), header, hashes, bodies, sources, certified=False)


@asynccontextmanager
async def verifying(world: World) -> AsyncIterator[TransactionVerifier]:
    """A verifier of this world's transactions."""
    verifier = TransactionVerifier(world.rules, 2)
    try:
        yield verifier
    finally:
        verifier.close()
