"""Signed head statements: a member says which header was its newest, and when.

On a resting chain yesterday's proof still verifies, so that "not recalled" could be kept and shown
again after a recall. f+1 members that name the proof's own header as their newest include one that
is correct (docs/adr/0070). A statement is about one header of one epoch of one chain and is signed
with the node key; no vote is one, and it is none (its own domain).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from chain.block import Header, SignatureVerifier
from chain.codec import U16, Signature, TimeMs
from chain.committee import Committee
from chain.crypto import domain
from chain.errors import HeadInvalid
from chain.state import u64

_HEAD_DOMAIN = domain("head")


@dataclass(frozen=True, slots=True)
class HeadStatement:
    """A member's index in the committee of the header's epoch, its clock, its signature.

    The member signs only what needs no seal: then nothing above the header was decided there at
    `time_ms`, and nothing that the header's state doesn't show.
    """

    member: U16
    time_ms: TimeMs
    signature: Signature


def head_bytes(genesis_hash: bytes, epoch: int, height: int, digest: bytes, time_ms: int) -> bytes:
    """What a node key signs: at `time_ms` the newest decided header was this one."""
    return _HEAD_DOMAIN + genesis_hash + u64(epoch) + u64(height) + digest + u64(time_ms)


def check_heads(
    heads: Sequence[HeadStatement], header: Header, committee: Committee, verify: SignatureVerifier
) -> None:
    """Raise `HeadInvalid` unless all are valid statements about this header, each member once.

    `committee` is that of the header's epoch. One bad statement voids them all.
    """
    members = [entry.member for entry in heads]
    if sorted(set(members)) != members:
        msg = "head statements ascend by member, each member once"
        raise HeadInvalid(msg)
    if members and members[-1] >= committee.n:
        msg = f"no member {members[-1]} in a committee of {committee.n}"
        raise HeadInvalid(msg)
    digest = header.digest()
    for entry in heads:
        message = head_bytes(
            header.genesis_hash, header.epoch, header.height, digest, entry.time_ms
        )
        if not verify(committee.members[entry.member].node_key, message, entry.signature):
            msg = f"the head statement of member {entry.member} does not verify"
            raise HeadInvalid(msg)
