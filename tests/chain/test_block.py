"""Headers, receipts, what votes sign, certificates (traps 10 to 13 of the design's list)."""

from collections.abc import Sequence
from dataclasses import fields, replace
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain import block as blocks
from chain.block import (
    NO_HASH,
    Block,
    Certificate,
    CommitSignature,
    Event,
    Header,
    Receipt,
    VoteType,
    check_certificate,
    commit_bytes,
    receipts_root,
    system_receipt_id,
    transactions_root,
    vote_bytes,
)
from chain.codec import decode, encode
from chain.committee import Committee, Member
from chain.crypto import sha256, verify
from chain.errors import CertificateInvalid, EncodingInvalid
from tests.chain.world import account, key

CHAIN = sha256(b"a chain")
HASHES = [sha256(bytes([i])) for i in range(8)]
HEADER = Header(
    1, CHAIN, 5, HASHES[0], 2, 1, 1000, 3, 0, HASHES[1], 2, HASHES[2], HASHES[3], NO_HASH
)


@pytest.mark.parametrize("field", [field.name for field in fields(Header)])
def test_the_digest_binds_every_field_of_the_header(field: str) -> None:
    value: Any = getattr(HEADER, field)
    other: Any = value + 1 if isinstance(value, int) else sha256(value)
    changed = replace(HEADER, **{field: other})
    assert changed.digest() != HEADER.digest()
    assert decode(Header, encode(changed)) == changed


def test_no_two_fields_of_the_header_can_trade_places_unseen() -> None:
    names = [field.name for field in fields(Header)]
    for first, second in combinations(names, 2):
        a: Any = getattr(HEADER, first)
        b: Any = getattr(HEADER, second)
        swapped = replace(HEADER, **{first: b, second: a})
        assert a == b or swapped.digest() != HEADER.digest()


@given(st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=9), st.data())
def test_the_transactions_root_binds_each_body_its_place_and_their_number(
    hashes: list[bytes], data: st.DataObject
) -> None:
    root = transactions_root(hashes)
    place = data.draw(st.integers(0, len(hashes) - 1))
    changed = [*hashes]
    changed[place] = sha256(changed[place])
    assert transactions_root(changed) != root
    assert transactions_root([*hashes, hashes[-1]]) != root
    assert transactions_root(hashes[:-1]) != root
    if hashes != hashes[::-1]:
        assert transactions_root(hashes[::-1]) != root


RECEIPT = Receipt(HASHES[0], "ok", None, (Event("toy.added", {"counter": HASHES[1], "value": 3}),))


@pytest.mark.parametrize(
    "changed",
    [
        replace(RECEIPT, id=HASHES[5]),
        replace(RECEIPT, status="InsufficientFunds"),
        replace(RECEIPT, failed_operation=0),
        replace(RECEIPT, events=()),
        replace(RECEIPT, events=RECEIPT.events * 2),
        replace(RECEIPT, events=(Event("toy.lost", RECEIPT.events[0].data),)),
        replace(RECEIPT, events=(Event("toy.added", {"counter": HASHES[1], "value": 4}),)),
        replace(RECEIPT, events=(Event("toy.added", {"counter": HASHES[1]}),)),
    ],
    ids=["id", "status", "operation", "no event", "two events", "type", "value", "key"],
)
def test_the_receipts_root_binds_every_field_of_every_receipt(changed: Receipt) -> None:
    other = replace(RECEIPT, id=HASHES[6])
    assert receipts_root([other, changed]) != receipts_root([other, RECEIPT])
    assert receipts_root([other, RECEIPT]) != receipts_root([RECEIPT, other])


def test_system_receipts_of_other_kinds_heights_and_places_have_other_ids() -> None:
    rows = [("sys.a", 1, 2), ("sys.b", 1, 2), ("sys.a", 2, 1), ("sys.a", 1, 1), ("sys.a", 2, 2)]
    assert len({system_receipt_id(*row) for row in rows}) == len(rows)


def test_a_block_round_trips_with_its_bodies() -> None:
    block = Block(HEADER, (b"one", b"two"))
    assert decode(Block, encode(block)) == block


slots = st.tuples(
    st.sampled_from([CHAIN, HASHES[0]]),
    st.sampled_from([0, 1, 2**32, 2**53 - 1]) | st.integers(0, 2**53 - 1),
    st.sampled_from(list(VoteType)),
    st.sampled_from([0, 1, 2, 256]) | st.integers(0, 2**53 - 1),
    st.sampled_from([0, 1, 2, 256]) | st.integers(0, 2**53 - 1),
    st.sampled_from([b"", HASHES[0], HASHES[1]]),
)


@given(slots, slots)
def test_a_vote_of_one_chain_epoch_type_view_or_height_is_never_another(
    first: tuple[Any, ...], second: tuple[Any, ...]
) -> None:
    assert (vote_bytes(*first) == vote_bytes(*second)) == (first == second)


def test_no_two_slots_of_a_grid_sign_the_same_bytes() -> None:
    grid = [
        vote_bytes(chain, epoch, kind, view, height, HASHES[4])
        for chain in (CHAIN, HASHES[0])
        for epoch in (0, 1, 256)
        for kind in VoteType
        for view in (0, 1, 256)
        for height in (0, 1, 256)
    ]
    assert len(set(grid)) == len(grid) == 2 * 3 * len(VoteType) * 3 * 3


def test_a_vote_never_signs_what_a_transaction_or_hash_could_be() -> None:
    signed = vote_bytes(CHAIN, 0, VoteType.COMMIT, 0, 1, HASHES[0])
    assert (
        signed
        == b"hushang/1/vote\x00" + CHAIN + bytes(8) + b"\x03" + bytes(15) + b"\x01" + (HASHES[0])
    )


def committee(n: int) -> Committee:
    members = [Member(f"m{i}", account(f"m{i}"), key(f"n{i}").public_key) for i in range(n)]
    return Committee(0, tuple(members))


def certificate(
    signers: Sequence[int], *, digest: bytes = HASHES[0], view: int = 0, height: int = 7
) -> Certificate:
    bare = Certificate(height, view, digest, ())
    message = commit_bytes(CHAIN, 0, bare)
    entries = [CommitSignature(i, key(f"n{i}").sign(message)) for i in signers]
    return replace(bare, signatures=tuple(entries))


def accepted(made: Certificate, n: int = 4) -> bool:
    try:
        check_certificate(made, committee(n), CHAIN, verify)
    except CertificateInvalid:
        return False
    return True


GOOD = certificate([0, 1, 3])


def with_signature(place: int, entry: CommitSignature) -> Certificate:
    entries = list(GOOD.signatures)
    entries[place] = entry
    return replace(GOOD, signatures=tuple(entries))


def test_every_quorum_of_four_makes_a_certificate_and_so_do_all_four() -> None:
    for signers in combinations(range(4), 3):
        assert accepted(certificate(signers))
    assert accepted(certificate(range(4)))


@pytest.mark.parametrize("n", range(1, 11))
def test_a_certificate_needs_exactly_the_quorum_of_its_committee(n: int) -> None:
    quorum = committee(n).quorum
    assert accepted(certificate(range(quorum)), n)
    assert not accepted(certificate(range(quorum - 1)), n)


STRANGER = CommitSignature(3, key("stranger").sign(commit_bytes(CHAIN, 0, GOOD)))
OTHER_DIGEST = certificate([3], digest=HASHES[1]).signatures[0]
INVALID = {
    "no signatures": replace(GOOD, signatures=()),
    "below the quorum": certificate([0, 1]),
    "a member twice": replace(GOOD, signatures=(*GOOD.signatures[:2], GOOD.signatures[1])),
    "a member twice beside a quorum": replace(
        GOOD, signatures=(*GOOD.signatures, GOOD.signatures[2])
    ),
    "unsorted": replace(GOOD, signatures=GOOD.signatures[::-1]),
    "a member beyond the committee": certificate([0, 1, 4]),
    "a member beyond the committee beside a quorum": certificate([0, 1, 2, 4]),
    "a stranger's key": with_signature(2, STRANGER),
    "a signature of another member": with_signature(
        2, replace(GOOD.signatures[2], signature=GOOD.signatures[1].signature)
    ),
    "a signature on another digest": with_signature(2, OTHER_DIGEST),
    "a signature of another view": with_signature(2, certificate([3], view=1).signatures[0]),
    "a signature of another height": with_signature(2, certificate([3], height=8).signatures[0]),
    "one bad signature beside a quorum": replace(
        certificate(range(4)),
        signatures=(*GOOD.signatures[:2], CommitSignature(2, bytes(64)), GOOD.signatures[2]),
    ),
    "another digest": replace(GOOD, digest=HASHES[1]),
    "another view": replace(GOOD, view=1),
    "another height": replace(GOOD, height=8),
}


@pytest.mark.parametrize("made", INVALID.values(), ids=INVALID.keys())
def test_anything_but_a_quorum_of_valid_commits_is_no_certificate(made: Certificate) -> None:
    with pytest.raises(CertificateInvalid):
        check_certificate(made, committee(4), CHAIN, verify)


def test_a_certificate_holds_in_no_other_chain_epoch_or_committee() -> None:
    check_certificate(GOOD, committee(4), CHAIN, verify)
    later = replace(committee(4), epoch=1)
    moved = replace(committee(4), members=committee(4).members[::-1])
    for group, chain in ((committee(4), HASHES[0]), (later, CHAIN), (moved, CHAIN)):
        with pytest.raises(CertificateInvalid):
            check_certificate(GOOD, group, chain, verify)


@pytest.mark.parametrize(
    "kind", [VoteType.PRE_PREPARE, VoteType.PREPARE, VoteType.VIEW_CHANGE, VoteType.STATUS]
)
def test_another_kind_of_vote_never_counts_as_a_commit(kind: VoteType) -> None:
    message = vote_bytes(CHAIN, 0, kind, GOOD.view, GOOD.height, GOOD.digest)
    vote = CommitSignature(3, key("n3").sign(message))
    assert not accepted(with_signature(2, vote))


def test_a_height_or_view_whose_successor_no_vote_could_sign_is_refused() -> None:
    for beyond in (replace(GOOD, height=2**53), replace(GOOD, view=2**53)):
        with pytest.raises(EncodingInvalid):
            decode(Certificate, encode(beyond))
    largest = replace(GOOD, height=2**53 - 1, view=2**53 - 1)
    assert decode(Certificate, encode(largest)) == largest
    vote_bytes(CHAIN, 0, VoteType.VIEW_CHANGE, largest.view + 1, largest.height + 1, b"")


def test_the_caps_on_blocks_stay_within_a_peers_frame() -> None:
    assert blocks.BLOCK_SIZE_MAX < 4 * 1024 * 1024
