"""Transactions: two hashes, what signatures cover, the time window, the caps."""

from dataclasses import fields, replace
from typing import Any

import pytest

from chain.account import SignatureEntry, single_key_policy
from chain.codec import NODES_MAX, decode, encode, pack
from chain.crypto import sha256, verify
from chain.errors import (
    EncodingInvalid,
    LedgerError,
    LifetimeTooLong,
    OperationMalformed,
    OperationUnknown,
    SignaturesUnsorted,
    TooLarge,
    TransactionExpired,
    VersionUnknown,
    WrongChain,
)
from chain.transaction import (
    OPERATIONS_MAX,
    SIGNATURES_MAX,
    TRANSACTION_SIZE_MAX,
    Operation,
    ReceivedTransaction,
    SignedTransaction,
    Transaction,
    body_hash,
    check_window,
    read_transaction,
    sign_transaction,
    signing_bytes,
    transaction_id,
)
from tests.chain.toy import ToyRules, add
from tests.chain.world import account, key

RULES = ToyRules()
CHAIN = sha256(b"a chain")
CONTENT = Transaction(1, CHAIN, account("buyer"), 7, 1_000_000, (add("a"), add("b", 2)), "茶")
SIGNED = sign_transaction(
    CONTENT, [(account("seller"), key("seller")), (account("buyer"), key("buyer"))]
)

OTHER: dict[str, Any] = {
    "version": 2,
    "genesis_hash": sha256(b"another chain"),
    "sender": account("seller"),
    "nonce": 8,
    "valid_until_ms": 1_000_001,
    "operations": (add("a"), add("b", 3)),
    "memo": None,
}


def read(signed: SignedTransaction) -> ReceivedTransaction:
    return read_transaction(encode(signed), RULES)


@pytest.mark.parametrize("field", [field.name for field in fields(Transaction)])
def test_every_field_is_bound_by_the_id_and_by_every_signature(field: str) -> None:
    changed = encode(replace(CONTENT, **{field: OTHER[field]}))
    original = encode(CONTENT)
    assert transaction_id(changed) != transaction_id(original)
    for entry in SIGNED.signatures:
        assert verify(entry.public_key, signing_bytes(original), entry.signature)
        assert not verify(entry.public_key, signing_bytes(changed), entry.signature)


@pytest.mark.parametrize(
    "operations",
    [
        (add("b", 2), add("a")),
        (add("a"),),
        (add("a"), add("b", 2), add("b", 2)),
        (add("a", kind="toy.cancel"), add("b", 2)),
        (add("a", 2), add("b", 2)),
    ],
    ids=["swapped", "one less", "one more", "another type", "another payload"],
)
def test_the_order_number_type_and_payload_of_operations_are_bound(
    operations: tuple[Operation, ...],
) -> None:
    changed = encode(replace(CONTENT, operations=operations))
    assert transaction_id(changed) != transaction_id(encode(CONTENT))


def test_another_pair_of_signatures_over_the_same_content_has_the_same_id_and_another_body() -> (
    None
):
    first, second, third = (key(f"2 of 3, {i}") for i in range(3))
    one = read(sign_transaction(CONTENT, [(CONTENT.sender, first), (CONTENT.sender, second)]))
    two = read(sign_transaction(CONTENT, [(CONTENT.sender, first), (CONTENT.sender, third)]))
    assert one.id == two.id
    assert one.body_hash != two.body_hash


@pytest.mark.parametrize("field", [field.name for field in fields(SignatureEntry)])
def test_the_body_hash_binds_every_field_of_every_signature(field: str) -> None:
    entry = SIGNED.signatures[0]
    value = bytes(len(getattr(entry, field)))
    changed = replace(SIGNED, signatures=(replace(entry, **{field: value}), SIGNED.signatures[1]))
    assert body_hash(encode(changed)) != body_hash(encode(SIGNED))


def test_id_body_hash_and_signing_message_are_of_three_domains() -> None:
    content = encode(CONTENT)
    assert signing_bytes(content) == b"hushang/1/transaction\x00" + content
    assert len({transaction_id(content), body_hash(content), sha256(signing_bytes(content))}) == 3


def test_reading_gives_the_content_the_payloads_and_the_signatures_in_order() -> None:
    received = read(SIGNED)
    assert received.raw == encode(SIGNED)
    assert received.transaction == CONTENT
    assert received.types == ("toy.add", "toy.add")
    assert [RULES.decode(operation) for operation in CONTENT.operations] == [*received.payloads]
    accounts = [entry.account for entry in received.signatures]
    assert accounts == sorted([account("buyer"), account("seller")])


def test_signers_may_be_given_in_any_order() -> None:
    signers = [(account("buyer"), key("buyer")), (account("seller"), key("seller"))]
    assert sign_transaction(CONTENT, signers) == SIGNED
    assert sign_transaction(CONTENT, signers[::-1]) == SIGNED


def carry(content: bytes) -> bytes:
    return encode(replace(SIGNED, content=content))


def plain(transaction: Transaction) -> list[Any]:
    """The transaction as a list of values, to be damaged and packed."""
    values = [getattr(transaction, field.name) for field in fields(Transaction)]
    values[5] = [[operation.type, operation.payload] for operation in transaction.operations]
    return values


def damaged(place: int, value: Any) -> bytes:
    values = plain(CONTENT)
    values[place] = value
    return carry(pack(values))


MINIMAL = encode(CONTENT)
REFUSED: dict[str, tuple[bytes, type[LedgerError]]] = {
    "nothing": (b"", EncodingInvalid),
    "one byte more": (encode(SIGNED) + b"\x00", EncodingInvalid),
    "one byte less": (encode(SIGNED)[:-1], EncodingInvalid),
    "content with one byte more": (carry(MINIMAL + b"\x00"), EncodingInvalid),
    "content with a long integer": (
        carry(MINIMAL.replace(b"\x97\x01\xc4\x20", b"\x97\xcc\x01\xc4\x20", 1)),
        EncodingInvalid,
    ),
    "no operation": (damaged(5, []), EncodingInvalid),
    "too many operations": (damaged(5, [["toy.add", None]] * 101), EncodingInvalid),
    "an operation without a type": (damaged(5, [["", None]]), EncodingInvalid),
    "an unknown type": (damaged(5, [["toy.fly", None]]), OperationUnknown),
    "a payload that doesn't fit": (damaged(5, [["toy.add", [1, 2]]]), OperationMalformed),
    "a negative nonce": (damaged(3, -1), EncodingInvalid),
    "a time beyond 2^53": (damaged(4, 2**53), EncodingInvalid),
    "a memo not in NFC": (damaged(6, "e\u0301"), EncodingInvalid),
    "a long memo": (damaged(6, "x" * 513), EncodingInvalid),
    "a field more": (carry(pack([*plain(CONTENT), None])), EncodingInvalid),
    "another version": (damaged(0, 2), VersionUnknown),
    "no signatures": (encode(replace(SIGNED, signatures=())), EncodingInvalid),
    "unsorted signatures": (
        encode(replace(SIGNED, signatures=SIGNED.signatures[::-1])),
        SignaturesUnsorted,
    ),
    "a signature twice": (
        encode(replace(SIGNED, signatures=(SIGNED.signatures[0],) * 2)),
        SignaturesUnsorted,
    ),
    "a short signature": (
        encode(replace(SIGNED, signatures=(SignatureEntry(CHAIN, CHAIN, bytes(63)),))),
        EncodingInvalid,
    ),
}


@pytest.mark.parametrize(("raw", "error"), REFUSED.values(), ids=REFUSED.keys())
def test_malformed_bytes_are_refused_by_name(raw: bytes, error: type[LedgerError]) -> None:
    with pytest.raises(error):
        read_transaction(raw, RULES)


def test_a_hundred_operations_are_read() -> None:
    many = replace(CONTENT, operations=(add("a"),) * OPERATIONS_MAX)
    received = read(sign_transaction(many, [(CONTENT.sender, key("buyer"))]))
    assert len(received.payloads) == OPERATIONS_MAX


def test_sixty_four_signatures_are_read_and_one_more_is_refused() -> None:
    signers = [(account(f"s{i}"), key(f"s{i}")) for i in range(SIGNATURES_MAX)]
    assert len(read(sign_transaction(CONTENT, signers)).signatures) == SIGNATURES_MAX
    with pytest.raises(EncodingInvalid):
        read(sign_transaction(CONTENT, [*signers, (account("s"), key("s"))]))


def test_a_transaction_above_its_size_is_refused_before_it_is_read() -> None:
    with pytest.raises(TooLarge):
        read_transaction(b"\xc1" * (TRANSACTION_SIZE_MAX + 1), RULES)


def test_a_bomb_of_nodes_inside_the_content_is_refused() -> None:
    bomb = [[0] * 60_000] * (NODES_MAX // 60_000 + 1)
    with pytest.raises(TooLarge):
        read_transaction(carry(pack([1, CHAIN, CHAIN, 1, 1, [["toy.add", bomb]], None])), RULES)


def test_the_window_is_inclusive_at_both_ends() -> None:
    for time_ms in (CONTENT.valid_until_ms, CONTENT.valid_until_ms - 600):
        check_window(CONTENT, CHAIN, time_ms, 600)


@pytest.mark.parametrize(
    ("chain", "time_ms", "error"),
    [
        (sha256(b"another chain"), CONTENT.valid_until_ms, WrongChain),
        (CHAIN, CONTENT.valid_until_ms + 1, TransactionExpired),
        (CHAIN, CONTENT.valid_until_ms - 601, LifetimeTooLong),
    ],
)
def test_another_chain_a_late_and_an_early_transaction_are_refused(
    chain: bytes, time_ms: int, error: type[LedgerError]
) -> None:
    with pytest.raises(error):
        check_window(CONTENT, chain, time_ms, 600)


def test_a_transaction_round_trips_through_its_canonical_bytes() -> None:
    assert decode(Transaction, encode(CONTENT)) == CONTENT
    assert single_key_policy(key("buyer").public_key).account_id() == CONTENT.sender
