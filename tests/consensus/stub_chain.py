"""A chain of stubs for consensus tests: genesis, keys, signatures, a ledger; all cost nothing."""

from collections.abc import Iterable
from dataclasses import replace

from chain.block import NO_HASH, Header
from chain.committee import Committee, Member
from chain.crypto import domain, sha256, tagged_hash
from chain.merkle import EMPTY_ROOT
from consensus.era import Era
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
    return committee_of(range(n), epoch)


def committee_of(indexes: Iterable[int], epoch: int) -> Committee:
    """The committee of the nodes with these numbers, in this order."""
    members = (Member(f"m{i}", sha256(b"a%d" % i), key(i)) for i in indexes)
    return Committee(epoch, tuple(members))


def change_to(*indexes: int) -> bytes:
    """A transaction that makes these nodes the next committee."""
    return b"committee " + bytes(indexes)


def key(member: int) -> bytes:
    return sha256(b"key %d" % member)


def keys(*members: int) -> tuple[bytes, ...]:
    return tuple(key(member) for member in members)


def era(n: int, index: int | None = 0) -> Era:
    """The first era of a chain of n members, as this one lives it."""
    return Era(committee(n), 1, index)


def sign_as(member: int, message: bytes) -> bytes:
    """A stub of a signature: whoever knows the public key can make it."""
    return tagged_hash("stub", key(member) + message) * 2


def vote_parts(message: bytes) -> tuple[int, int, int, int, bytes]:
    """(epoch, kind, view, height, body) of what a vote signs."""
    start = len(domain("vote")) + 32
    epoch, view = message[start : start + 8], message[start + 9 : start + 17]
    height, body = message[start + 17 : start + 25], message[start + 25 :]
    numbers = [int.from_bytes(part, "big") for part in (epoch, view, height)]
    return numbers[0], message[start + 8], numbers[1], numbers[2], body


def verify_stub(public_key: bytes, message: bytes, signature: bytes) -> bool:
    return signature == tagged_hash("stub", public_key + message) * 2


def execute(parent: Results, header: Header, bodies: tuple[bytes, ...]) -> Results | None:
    """A ledger of sorts: roots depend on everything before; a body that begins with "bad" isn't
    allowed, an empty block fires nothing. One change of the committee may be pending.
    """
    if any(body.startswith(b"bad") for body in bodies):
        return None
    seed = parent.state_root + header.time_ms.to_bytes(8, "big") + b"".join(bodies)
    results = Results(tagged_hash("state", seed), tagged_hash("receipts", seed), bool(bodies))
    changes = [body for body in bodies if body.startswith(b"committee ")]
    if not changes or parent.next_committee is not None:
        return results
    indexes = changes[0].removeprefix(b"committee ")
    return replace(results, next_committee=committee_of(indexes, header.epoch + 1))
