"""Taps of NFC tags: what a brand's verifier says of one, and that its counter only grows.

A tag (NTAG 424 DNA) makes a message anew at each tap, under a symmetric key that never reaches the
chain. The brand's verifier checks it (`hushang code sun-verify`) and signs what it found; the chain
knows the verifier's key from the batch. A copied address is an old tap: its counter is used up.
"""

from dataclasses import dataclass
from typing import Annotated

from chain.codec import Hash, Range, Signature, encode
from chain.context import Context
from chain.crypto import tagged_hash
from chain.state import StateReader, Table
from commerce.codes.batch import Batch
from commerce.codes.errors import TagElsewhere, TapReplayed, TapUnsigned, VerifierMissing
from commerce.codes.items import Code, Uid
from commerce.codes.serials import Serial, code_id
from commerce.codes.signals import TAG, with_signals
from commerce.products import Gtin
from commerce.records import altered

# AN12196: the tag counts its taps in three bytes.
Counter = Annotated[int, Range(0, 2**24 - 1)]


@dataclass(frozen=True, slots=True)
class Tap:
    """A verdict on one tap; `mac_right` says that the tag's code was right. `signature` is by the
    batch's verifier, over `tap_message`.
    """

    uid: Uid
    counter: Counter
    mac_right: bool
    signature: Signature


@dataclass(frozen=True, slots=True)
class TapStatement:
    """What the verifier signs, on one chain."""

    genesis_hash: Hash
    gtin: Gtin
    serial: Serial
    uid: Uid
    counter: Counter
    mac_right: bool


@dataclass(frozen=True, slots=True)
class Tag:
    """Whose thing a tag is on, and the highest counter of its taps."""

    code_id: Hash
    counter: Counter


# By brand and uid: no brand speaks for the tags of another.
TAGS: Table[Tag] = Table("code-tag", Tag)


def tap_message(statement: TapStatement) -> bytes:
    """What a verifier's signature is over."""
    return tagged_hash("tag-verdict", encode(statement))


def tag_of(state: StateReader, brand: bytes, uid: bytes) -> Tag | None:
    """What is known of a brand's tag."""
    return TAGS.load(state, brand, uid)


def tapped(context: Context, code: Code, batch: Batch, tap: Tap, seen: tuple[int, str]) -> Code:
    """The code after a tap that was seen at a time, in a cell.

    `VerifierMissing`, `TapUnsigned`, `TagElsewhere` or `TapReplayed`.
    """
    if batch.verifier is None:
        msg = f"no verifier speaks for the tags of {code.gtin} {code.serial}"
        raise VerifierMissing(msg)
    chain = context.chain
    statement = TapStatement(
        chain.genesis_hash, code.gtin, code.serial, tap.uid, tap.counter, tap.mac_right
    )
    if not chain.verify(batch.verifier, tap_message(statement), tap.signature):
        msg = f"the verdict on a tap of {code.gtin} {code.serial} is not the verifier's"
        raise TapUnsigned(msg)
    if not tap.mac_right:
        # What a false tag says of itself, uid and counter, is nothing to remember.
        return with_signals(code, (TAG,), *seen)
    known_id = code_id(code.gtin, code.serial)
    tag = tag_of(context.state, batch.brand, tap.uid)
    if code.tag not in (None, tap.uid) or (tag is not None and tag.code_id != known_id):
        msg = f"tag {tap.uid.hex()} is not the one on {code.gtin} {code.serial}"
        raise TagElsewhere(msg)
    if tag is not None and tap.counter <= tag.counter:
        msg = f"tap {tap.counter} of tag {tap.uid.hex()}, which was at {tag.counter} already"
        raise TapReplayed(msg)
    TAGS.store(context.state, Tag(known_id, tap.counter), batch.brand, tap.uid)
    return altered(code, tag=tap.uid)
