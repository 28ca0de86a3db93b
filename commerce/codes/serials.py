"""What a code is called, and what stands for it: identity, leaf of its batch, seal of a claim.

A code is a product's GTIN and a serial. Its claim code is known to the chain by a hash only; the
leaf of its batch binds both, and the place in the batch is the leaf's place in the tree.
"""

import re
from dataclasses import dataclass
from typing import Annotated

from chain.codec import Hash, Size, encode
from chain.crypto import tagged_hash
from commerce.codes.errors import LotMalformed, SerialMalformed
from commerce.epcis.digital_link import DOMAIN, is_value
from commerce.products import Gtin

# GS1 General Specifications §3.5.2: up to 20 characters. Of their set only what needs no escape in
# a path, so that a code has one spelling.
SERIAL_MAX = 20
_SERIAL = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]*")
# 96 bits at least: nobody finds a claim code from its hash.
CLAIM_CODE_MIN = 12
CLAIM_CODE_MAX = 32

Serial = Annotated[str, Size(min=1, max=SERIAL_MAX)]
ClaimCode = Annotated[bytes, Size(min=CLAIM_CODE_MIN, max=CLAIM_CODE_MAX)]


@dataclass(frozen=True, slots=True)
class Leaf:
    """What one leaf of a batch's tree holds: the serial and the hash of its claim code."""

    serial: Serial
    claim_hash: Hash


@dataclass(frozen=True, slots=True)
class ClaimSeal:
    """What a claimant commits to. The account is in it, so that a copied commitment opens for
    nobody else; `salt` is 32 random bytes.
    """

    gtin: Gtin
    serial: Serial
    code: ClaimCode
    account: Hash
    salt: Hash


def check_serial(serial: str) -> None:
    """`SerialMalformed` for a serial that no code has."""
    if _SERIAL.fullmatch(serial) is None:
        msg = f"{serial!r} is no serial of a code"
        raise SerialMalformed(msg)


def check_lot(lot: str) -> None:
    """`LotMalformed` for what can't be a lot: its link wouldn't name one."""
    if not is_value("10", lot):
        msg = f"{lot!r} is no lot number"
        raise LotMalformed(msg)


def link_of(gtin: str, serial: str) -> str:
    """The identity of the thing: its canonical GS1 Digital Link."""
    return f"{DOMAIN}01/{gtin}/21/{serial}"


def code_id(gtin: str, serial: str) -> bytes:
    """The id of a code, under which its row and its deadline stand."""
    return tagged_hash("code-item", f"{gtin}/{serial}".encode())


def claim_code_hash(code: bytes) -> bytes:
    """What a leaf says of a claim code."""
    return tagged_hash("claim-code", code)


def leaf_bytes(leaf: Leaf) -> bytes:
    """A leaf's data, which RFC 6962 hashes under its own prefix."""
    return encode(leaf)


def seal_of(seal: ClaimSeal) -> bytes:
    """The commitment to a claim."""
    return tagged_hash("code-claim", encode(seal))
