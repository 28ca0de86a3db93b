"""JSON of core values and the schemas derived from the same rules."""

from dataclasses import dataclass, is_dataclass
from enum import Enum, IntEnum, StrEnum
from typing import Annotated, Any, get_args, get_type_hints

import pytest
from pydantic import ValidationError

from chain.bech32m import encode_account
from chain.codec import U64, Amount, Hash, Size, TimeMs
from chain.crypto import PrivateKey, sha256
from chain.transaction import Operation
from commerce.registry import TYPES
from node.api.render import is_account_field, model_of, render, render_fields
from node.json_values import from_json

SENDER = sha256(b"somebody")


class Colour(StrEnum):
    """A word of its own."""

    RED = "deep red"


class Level(IntEnum):
    """Known by its name."""

    HIGH = 3


@dataclass(frozen=True, slots=True)
class Inner:
    """An inner record."""

    key: Hash
    account: Hash


@dataclass(frozen=True, slots=True)
class Outer:
    """A record with one field of each kind."""

    sender: Hash
    digest: Hash
    blob: Annotated[bytes, Size(max=4)]
    amount_minor: Amount
    nonce: U64
    time_ms: TimeMs
    flag: bool
    word: Annotated[str, Size(max=8)] | None
    inner: Inner
    accounts: Annotated[tuple[Hash, ...], Size(max=2)]
    data: Annotated[dict[str, Any], Size(max=4)]
    colour: Colour
    level: Level


OUTER = Outer(
    sender=SENDER,
    digest=bytes(32),
    blob=b"\x00\xff",
    amount_minor=2**63 - 1,
    nonce=2**64 - 1,
    time_ms=1,
    flag=True,
    word=None,
    inner=Inner(bytes(32), SENDER),
    accounts=(SENDER,),
    data={"price_minor": 5, "count": 5, "buyer": SENDER, "hash": SENDER, "list": (b"\x01",)},
    colour=Colour.RED,
    level=Level.HIGH,
)


def test_the_fields_name_decides_how_bytes_and_integers_look() -> None:
    told = encode_account(SENDER)
    assert render_fields(OUTER) == {
        "sender": told,
        "digest": "00" * 32,
        "blob": "00ff",
        "amount_minor": "9223372036854775807",
        "nonce": "18446744073709551615",
        "time_ms": 1,
        "flag": True,
        "word": None,
        "inner": {"key": "00" * 32, "account": told},
        "accounts": [told],
        "data": {
            "price_minor": "5",
            "count": 5,
            "buyer": told,
            "hash": SENDER.hex(),
            "list": ["01"],
        },
        "colour": "deep red",
        "level": "high",
    }


def test_the_derived_model_takes_exactly_what_is_rendered() -> None:
    model = model_of(Outer)
    value = render_fields(OUTER)
    assert model.model_validate(value, strict=True).model_dump() == value
    for name, bad in (
        ("sender", SENDER.hex()),
        ("digest", "00" * 31),
        ("digest", "0G" * 32),
        ("blob", "00" * 5),
        ("amount_minor", 5),
        ("amount_minor", "05"),
        ("amount_minor", "1.0"),
        ("time_ms", -1),
        ("time_ms", "1"),
        ("word", "too long a word"),
        ("accounts", [encode_account(SENDER)] * 3),
        ("colour", "red"),
    ):
        with pytest.raises(ValidationError):
            model.model_validate({**value, name: bad}, strict=True)
    with pytest.raises(ValidationError):
        model.model_validate({**value, "more": 1}, strict=True)


def test_an_amount_is_a_string_also_where_it_is_small() -> None:
    assert render(0, "amount_minor") == "0"
    assert render(0, "count") == 0


def test_a_plain_enum_is_its_name() -> None:
    class Shape(Enum):
        """Has no text of its own."""

        ROUND = object()

    assert render(Shape.ROUND) == "round"


@pytest.mark.parametrize("entry", TYPES, ids=lambda entry: entry.name)
def test_every_payload_has_a_schema_of_its_own_fields(entry: Any) -> None:
    schema = model_of(entry.payload).model_json_schema()
    assert schema["type"] == "object"
    assert schema["required"] == list(schema["properties"]) or not schema.get("properties")
    assert schema["additionalProperties"] is False


def test_what_is_rendered_is_read_back_by_the_command_lines_reader() -> None:
    inner = Inner(PrivateKey(sha256(b"key")).public_key, SENDER)
    assert from_json(Inner, render_fields(inner)) == inner
    operation = Operation("pay.transfer", (1, "a"))
    assert render_fields(operation) == {"type": "pay.transfer", "payload": [1, "a"]}


# 32-byte fields of payloads that name no account. A new name belongs here or in ACCOUNT_FIELDS.
OTHER_HASHES = {
    *("certificate", "code_commitment", "document", "hash", "identity_commitment", "key"),
    *("label_commitment", "listing_id", "memo_commitment", "node_key", "node_keys", "order_id"),
    *("account_commitment", "card_id", "freeze_document", "renews", "request_id", "rules"),
    *("parcel_id", "public_key", "ready_digest", "ship_to_commitment"),
    *("content", "legal_order"),
    *("batch_id", "claim_hash", "path", "report_id", "scanner", "verifier"),
    *("certificate_id", "device_id", "offer_id"),
    *("device", "device_key", "event_key", "penalty_id", "root"),
    *("draw_id", "ephemeral", "points", "sealed", "shares"),
    *("address_commitment", "case_id", "commitment", "coupon_id", "coupons", "dispute_id"),
    *("evidence", "instruction", "listings", "recall_id", "report", "salt", "subject_id"),
}


def hash_fields(annotation: object, name: str) -> set[str]:
    """Names of the 32-byte fields inside an annotation."""
    if annotation == Hash:
        return {name}
    if isinstance(annotation, type) and is_dataclass(annotation):
        return {
            found
            for inner, hint in get_type_hints(annotation, include_extras=True).items()
            for found in hash_fields(hint, inner)
        }
    return {found for inner in get_args(annotation) for found in hash_fields(inner, name)}


def test_every_32_byte_field_of_a_payload_is_known_to_be_an_account_or_not() -> None:
    names = {name for entry in TYPES for name in hash_fields(entry.payload, "")}
    assert {name for name in names if not is_account_field(name)} == OTHER_HASHES
    assert {"to", "holder", "account", "carrier"} <= names
