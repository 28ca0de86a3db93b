"""References that work once: a bank's deposit number per asset, an ERP's number per sender."""

from dataclasses import dataclass

from chain.codec import Hash
from chain.context import Context
from chain.crypto import tagged_hash
from chain.state import Table
from commerce.errors import ReferenceUsed


@dataclass(frozen=True, slots=True)
class UsedReference:
    """A reference that can't be used again, and the transaction that used it."""

    transaction_id: Hash


REFERENCES: Table[UsedReference] = Table("reference", UsedReference)


def reference_key(kind: str, owner: bytes, reference: str) -> bytes:
    """The key of a reference of one kind under one owner (of a width fixed by the kind)."""
    return tagged_hash(f"reference-{kind}", owner + reference.encode())


def require_unused(context: Context, key: bytes) -> None:
    """`ReferenceUsed` if the reference worked before."""
    used = REFERENCES.load(context.state, key)
    if used is not None:
        msg = f"the reference was used by transaction {used.transaction_id.hex()}"
        raise ReferenceUsed(msg)


def use(context: Context, key: bytes) -> None:
    """Remember the reference for good."""
    REFERENCES.store(context.state, UsedReference(context.transaction_id), key)
