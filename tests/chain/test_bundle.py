"""The file of a proof bundle: one form for one set of claims, and its size."""

from dataclasses import replace

import pytest

from chain import merkle
from chain.block import Receipt, receipts_root
from chain.bundle import (
    BUNDLE_FORMAT,
    BUNDLE_SIZE_MAX,
    Bundle,
    Proven,
    encode_bundle,
    read_bundle,
    receipt_claim,
    transaction_claim,
)
from chain.codec import encode
from chain.errors import (
    BundleDamaged,
    BundleMalformed,
    EncodingInvalid,
    LedgerError,
    TooLarge,
    VersionUnknown,
)
from chain.transaction import body_hash
from tests.bench.bundle_size import sizes
from tests.chain.bundles import (
    ABSENT,
    BUSY,
    PRESENT,
    SEAL,
    content_of,
    packed,
    plain,
    resealed,
    small_chain,
)

CHAIN = small_chain()
GOOD = {name: data for name, (data, _) in CHAIN.good().items()}
VALUE = GOOD["a value, first epoch"]


def refused(data: bytes, rule: type[LedgerError]) -> None:
    with pytest.raises(rule):
        read_bundle(data)


def encoded_as_given(bundle: Bundle) -> bytes:
    """Without `encode_bundle`'s putting claims in order."""
    return packed((BUNDLE_FORMAT, 1, *plain(packed_fields(bundle))))


def packed_fields(bundle: Bundle) -> bytes:
    return resealed(encode(bundle))


@pytest.mark.parametrize("name", GOOD)
def test_a_bundle_is_read_as_it_was_written(name: str) -> None:
    assert encode_bundle(read_bundle(GOOD[name])) == GOOD[name]


def test_claims_are_written_in_one_order_whatever_order_they_come_in() -> None:
    entry = CHAIN.merged(CHAIN.receipts(BUSY, 0, 1, 2), CHAIN.states(SEAL, PRESENT, ABSENT))
    turned = replace(entry, states=entry.states[::-1], receipts=entry.receipts[::-1])
    assert encode_bundle(CHAIN.bundle(entry)) == encode_bundle(CHAIN.bundle(turned))
    read_bundle(encode_bundle(CHAIN.bundle(turned)))


def test_what_is_out_of_order_repeated_or_empty_is_refused() -> None:
    states, bodies = CHAIN.states(BUSY, PRESENT, ABSENT), CHAIN.transactions(BUSY, 0, 1)
    receipts = CHAIN.receipts(BUSY, 0, 1)
    low, high = sorted(states.states, key=lambda claim: claim.key)
    first, second = sorted(receipts.receipts, key=lambda claim: claim.receipt.id)
    wrong: list[tuple[Proven, ...]] = [
        (replace(states, states=(high, low)),),
        (replace(states, states=(low, low)),),
        (replace(bodies, transactions=bodies.transactions[::-1]),),
        (replace(bodies, transactions=bodies.transactions[:1] * 2),),
        (replace(receipts, receipts=(second, first)),),
        (replace(receipts, receipts=(first, first)),),
        (replace(states, states=()),),
        (CHAIN.states(SEAL, ABSENT), CHAIN.states(BUSY, ABSENT)),
        (CHAIN.states(BUSY, ABSENT), CHAIN.states(BUSY, PRESENT)),
    ]
    for proven in wrong:
        refused(encoded_as_given(CHAIN.bundle(*proven)), BundleMalformed)
    read_bundle(encoded_as_given(CHAIN.bundle(replace(states, states=(low, high)))))


@pytest.mark.parametrize(
    ("head", "rule"),
    [
        (("hushang-prooF", 1), BundleMalformed),
        ((b"hushang-proof", 1), BundleMalformed),
        ((1, "hushang-proof"), BundleMalformed),
        (("hushang-proof", 2), VersionUnknown),
        (("hushang-proof", 0), VersionUnknown),
        (("hushang-proof", True), VersionUnknown),
        (("hushang-proof", "1"), VersionUnknown),
    ],
)
def test_another_format_and_another_version_are_named(
    head: tuple[object, ...], rule: type[LedgerError]
) -> None:
    refused(packed((*head, *plain(VALUE)[2:])), rule)


def test_what_is_no_bundle_at_all_is_refused() -> None:
    for value in (None, 1, "hushang-proof", (), {}, {"format": "hushang-proof"}):
        refused(packed(value), BundleMalformed)
    refused(packed(("hushang-proof",)), VersionUnknown)
    refused(packed(("hushang-proof", 1)), EncodingInvalid)
    refused(packed((*plain(VALUE), None)), EncodingInvalid)
    refused(packed(plain(VALUE)[:-1]), EncodingInvalid)
    for data in (b"", b"\x00" * 31, b"{}", b"\x00" * 200):
        refused(data, BundleDamaged)


def test_a_cut_or_longer_file_is_refused_wherever_it_is_cut() -> None:
    content = content_of(VALUE)
    for size in range(len(VALUE)):
        refused(VALUE[:size], BundleDamaged)
    for size in range(len(content)):
        with pytest.raises(LedgerError):
            read_bundle(resealed(content[:size]))
    for tail in (b"\x00", b"\xc0", b"\n", content):
        refused(VALUE + tail, BundleDamaged)
        refused(resealed(content + tail), EncodingInvalid)


def test_no_other_spelling_of_the_same_values_is_read() -> None:
    content = content_of(VALUE)
    assert content.startswith(b"\x97\xadhushang-proof\x01\xc4\x20")
    longer = [
        b"\xdc\x00\x07" + content[1:],
        content[:1] + b"\xd9\x0d" + content[2:],
        content[:15] + b"\xcc\x01" + content[16:],
        content[:16] + b"\xc5\x00\x20" + content[18:],
    ]
    for other in longer:
        refused(resealed(other), EncodingInvalid)


def test_a_file_beyond_the_cap_is_not_even_hashed() -> None:
    refused(bytes(BUNDLE_SIZE_MAX + 1), TooLarge)
    refused(bytes(BUNDLE_SIZE_MAX), BundleDamaged)


def test_there_is_a_limit_on_each_list() -> None:
    one = CHAIN.states(2, PRESENT)
    bundle = CHAIN.bundle(one)
    step, head = CHAIN.steps()[0], CHAIN.heads(SEAL, [1])[0]
    claims = tuple(replace(one.states[0], key=bytes([i])) for i in range(1, 18))
    heights = [replace(one, header=replace(one.header, height=h)) for h in range(1, 6)]
    for large in (
        replace(bundle, steps=(step,) * 1025),
        replace(bundle, heads=(head,) * 129),
        replace(bundle, proven=tuple(heights)),
        replace(bundle, proven=()),
        replace(bundle, proven=(replace(one, states=claims),)),
        replace(bundle, proven=(replace(one, states=(replace(one.states[0], proof=b""),)),)),
        replace(bundle, proven=(replace(one, states=(replace(one.states[0], key=b""),)),)),
    ):
        refused(encode_bundle(large), EncodingInvalid)
    assert len(read_bundle(encode_bundle(replace(bundle, proven=tuple(heights[:4])))).proven) == 4


@pytest.mark.parametrize("size", [*range(1, 18), 33, 100])
def test_the_path_of_a_receipt_leads_to_the_root_by_its_sides_alone(size: int) -> None:
    receipts = [Receipt(bytes([i]) * 32, "ok", None, ()) for i in range(size)]
    for index in range(size):
        claim = receipt_claim(receipts, index)
        computed = merkle.leaf_hash(encode(claim.receipt))
        for entry in claim.path:
            left, right = (entry[1:], computed) if entry[0] == 0 else (computed, entry[1:])
            computed = merkle.node_hash(left, right)
        assert computed == receipts_root(receipts)


def test_the_path_of_a_transaction_is_that_of_rfc_6962() -> None:
    bodies = CHAIN.at(BUSY).block.bodies
    leaves = [body_hash(raw) for raw in bodies]
    for index, raw in enumerate(bodies):
        claim = transaction_claim(bodies, index)
        assert (claim.index, claim.raw) == (index, raw)
        leaf = merkle.leaf_hash(leaves[index])
        merkle.verify_inclusion(leaf, index, len(bodies), claim.path, merkle.root(leaves))


def test_four_members_and_a_large_state_fit_into_eight_kilobytes() -> None:
    """A smaller state; `python -m tests.bench.bundle_size` prints the sizes for 10^6 keys."""
    found = sizes(keys=20_000, asked=200)
    assert 1_500 < found.smallest <= found.largest <= 8 * 1024
    # Two orders of magnitude more keys make a path two digits longer at most: 192 bytes each.
    assert found.largest + 2 * 192 <= 8 * 1024


def test_an_empty_file_is_called_empty() -> None:
    with pytest.raises(BundleDamaged, match="the file is empty"):
        read_bundle(b"")
