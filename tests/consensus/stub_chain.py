"""A chain of stubs for consensus tests: genesis, keys, signatures, a ledger; all cost nothing."""

from chain.block import NO_HASH, Header
from chain.committee import Committee, Member
from chain.crypto import sha256, tagged_hash
from chain.merkle import EMPTY_ROOT
from consensus.output import Results

GENESIS_HASH = sha256(b"a test chain")
START_MS = 1_700_000_000_000


def genesis_header() -> Header:
    return Header(
        version=1,
        genesis_hash=GENESIS_HASH,
        height=0,
        parent_hash=NO_HASH,
        view=0,
        parent_view=0,
        time_ms=START_MS - 7_200_000,
        proposer=0,
        epoch=0,
        transactions_root=EMPTY_ROOT,
        transactions_count=0,
        state_root=NO_HASH,
        receipts_root=EMPTY_ROOT,
        next_committee_hash=NO_HASH,
    )


def committee(n: int, epoch: int = 0) -> Committee:
    return Committee(epoch, tuple(Member(f"m{i}", sha256(b"a%d" % i), key(i)) for i in range(n)))


def key(member: int) -> bytes:
    return sha256(b"key %d" % member)


def sign_as(member: int, message: bytes) -> bytes:
    """A stub of a signature: whoever knows the public key can make it."""
    return tagged_hash("stub", key(member) + message) * 2


def verify_stub(public_key: bytes, message: bytes, signature: bytes) -> bool:
    return signature == tagged_hash("stub", public_key + message) * 2


def execute(parent: Results, header: Header, bodies: tuple[bytes, ...]) -> Results | None:
    """A ledger of sorts: roots depend on everything before; a body that begins with "bad" isn't
    allowed, an empty block fires nothing.
    """
    if any(body.startswith(b"bad") for body in bodies):
        return None
    seed = parent.state_root + header.time_ms.to_bytes(8, "big") + b"".join(bodies)
    return Results(tagged_hash("state", seed), tagged_hash("receipts", seed), bool(bodies))
