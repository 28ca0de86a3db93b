"""What stays off the chain: addresses and codes, of which the ledger holds salted hashes only."""

import base64
import secrets
from dataclasses import dataclass
from typing import Final

from chain.crypto import tagged_hash
from commerce.shipments import recipient_code_commitment

SALT_SIZE: Final = 32
CODE_BYTES: Final = 15


@dataclass(frozen=True, slots=True)
class Committed:
    """A private text's commitment, and the salt that its owner must keep to prove it."""

    commitment: bytes
    salt: bytes


def commit(kind: str, text: str) -> Committed:
    """Commit to a text under a fresh salt."""
    salt = secrets.token_bytes(SALT_SIZE)
    return Committed(tagged_hash(kind, salt + text.encode()), salt)


def label_of(seed: bytes, order_id: bytes, tracking: str) -> Committed:
    """Commit to a tracking number of an order's parcel; the seller's key tells its salt again."""
    salt = tagged_hash("label-salt", seed + order_id + tracking.encode())
    return Committed(tagged_hash("label", salt + tracking.encode()), salt)


def new_recipient_code() -> str:
    """A code for the recipient to tell the carrier: 120 bits in 24 letters and digits."""
    return base64.b32encode(secrets.token_bytes(CODE_BYTES)).decode()


def code_commitment(code: str) -> bytes:
    """What the order holds of the recipient's code."""
    return recipient_code_commitment(code.encode())
