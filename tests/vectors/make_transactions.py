"""Vectors of transactions: each shape that signers meet, and bytes that no node may take."""

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

from chain.account import SignatureEntry
from chain.codec import encode, pack, to_value
from chain.crypto import PrivateKey, require_valid
from chain.errors import HushangError
from chain.transaction import (
    SignedTransaction,
    Transaction,
    body_hash,
    read_transaction,
    signing_bytes,
    transaction_id,
)
from commerce.registry import Registry
from tests.vectors.make_basics import tagged
from tests.vectors.material import Example, Json, examples, key


def transactions() -> Json:
    """Valid ones, field by field, and refused ones with the refusal's name."""
    return {
        "valid": [_shown(example) for example in examples()],
        "refused": [
            {"name": name, "raw": raw.hex(), "refusal": _refusal(raw)}
            for name, raw in refused().items()
        ],
    }


def _shown(example: Example) -> Json:
    signed = example.signed()
    content, raw = signed.content, encode(signed)
    shown = {
        field.name: tagged(value)
        for field, value in zip(fields(Transaction), to_value(example.content), strict=True)
    }
    return {
        "name": example.name,
        "transaction": shown,
        "content": content.hex(),
        "signing": signing_bytes(content).hex(),
        "signatures": [
            {
                "account": entry.account.hex(),
                "public_key": entry.public_key.hex(),
                "signature": entry.signature.hex(),
            }
            for entry in signed.signatures
        ],
        "raw": raw.hex(),
        "id": transaction_id(content).hex(),
        "body_hash": body_hash(raw).hex(),
    }


def _refusal(raw: bytes) -> str:
    """The name under which a node's door refuses the bytes."""
    try:
        received = read_transaction(raw, Registry())
        for entry in received.signatures:
            require_valid(entry.public_key, received.signing, entry.signature)
    except HushangError as error:
        return error.code
    msg = "a vector that should be refused is not"
    raise AssertionError(msg)


def _with_content(change: Callable[[list[Any]], object]) -> bytes:
    """The first example with a change to its fields, signed as it stands."""
    example = examples()[0]
    values = list(to_value(example.content))
    change(values)
    return _sign(pack(values), key("buyer"), example.content.sender)


def _sign(content: bytes, signer: PrivateKey, account: bytes) -> bytes:
    signature = signer.sign(signing_bytes(content))
    return pack([content, [[account, signer.public_key, signature]]])


def _set(place: int, value: Any) -> bytes:
    return _with_content(lambda values: values.__setitem__(place, value))


def refused() -> dict[str, bytes]:
    """Bytes that break one rule each."""
    return _frames() | _contents() | _signatures()


def _frames() -> dict[str, bytes]:
    signed = examples()[0].signed()
    raw, content = encode(signed), signed.content
    entry = to_value(signed)[1][0]

    def carry(changed: bytes) -> bytes:
        return _sign(changed, key("buyer"), entry[0])

    return {
        "a byte too many": raw + b"\x00",
        "a byte too few": raw[:-1],
        "content with a byte too many": carry(content + b"\x00"),
        "version in a long form": carry(b"\x97\xcc\x01" + content[2:]),
        "content as text": pack([content.hex(), [entry]]),
        "signed as an array of three": pack([content, [], None]),
        "eight fields": carry(pack([*to_value(examples()[0].content), None])),
        "no signatures": pack([content, []]),
    }


def _contents() -> dict[str, bytes]:
    operation = to_value(examples()[0].content)[5][0]
    payload = operation[1]

    def paid(*fields_of_payload: Any) -> bytes:
        return _set(5, [["pay.transfer", [*fields_of_payload]]])

    return {
        "version 2": _set(0, 2),
        "a short genesis hash": _set(1, bytes(31)),
        "a short sender": _set(2, bytes(31)),
        "a nonce of -1": _set(3, -1),
        "a time of 2^53": _set(4, 2**53),
        "a time that is true": _set(4, bool(1)),
        "no operations": _set(5, []),
        "101 operations": _set(5, [operation] * 101),
        "operations as a map": _set(5, {"pay.transfer": None}),
        "an operation of three fields": _set(5, [[*operation, None]]),
        "a memo that is not in NFC": _set(6, "e\u0301"),
        "a memo of 513 code points": _set(6, "茶" * 513),
        "a memo of bytes": _set(6, b"tea"),
        "an unknown type": _set(5, [["pay.steal", payload]]),
        "a payload with a field too few": paid(*payload[:-1]),
        "a payload with a float": paid(*payload[:2], 0.5, None),
        "an amount of 0": paid(*payload[:2], 0, None),
        "an amount of 2^63": paid(*payload[:2], 2**63, None),
    }


def _signatures() -> dict[str, bytes]:
    signed = examples()[0].signed()
    content, entry = signed.content, signed.signatures[0]
    two = next(example for example in examples() if len(example.signers) > 1).signed()

    def listed(*entries: SignatureEntry) -> bytes:
        return encode(SignedTransaction(content, entries))

    def by(signature: bytes) -> bytes:
        return listed(replace(entry, signature=signature))

    flipped = bytes([entry.signature[0] ^ 1]) + entry.signature[1:]
    bad = bytes(64)
    many = _many(content, entry.account, 129)
    one_bad = (two.signatures[0], replace(two.signatures[1], signature=bad))
    return {
        "unsorted signatures": encode(replace(two, signatures=two.signatures[::-1])),
        "a signature twice": listed(entry, entry),
        "a signature of 63 bytes": by(bytes(63)),
        "a signature with a bit changed": by(flipped),
        "a signature of another key": by(key("shop").sign(signing_bytes(content))),
        "a signature over the content without its tag": by(key("buyer").sign(content)),
        "a good signature beside a bad one": encode(replace(two, signatures=one_bad)),
        "128 signatures, the last one bad": listed(*many[:127], replace(many[127], signature=bad)),
        "129 signatures": pack([content, [to_value(each) for each in many]]),
    }


def _many(content: bytes, account: bytes, count: int) -> list[SignatureEntry]:
    """As many keys sign for the account, in order."""
    signers = sorted((key(f"hand {n}") for n in range(count)), key=lambda each: each.public_key)
    message = signing_bytes(content)
    return [SignatureEntry(account, each.public_key, each.sign(message)) for each in signers]
