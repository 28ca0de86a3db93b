"""Deals of a node: the same each time, readable by each seat alone, wrong shares found out."""

from dataclasses import replace

import pytest

from chain.committee import Committee, Member
from chain.group import ORDER, exchange_public, multiply_base, write_scalar
from commerce.beacon.dealing import DealName, deal, open_share
from commerce.beacon.records import Deal
from commerce.beacon.share import BeaconShare
from commerce.beacon.sharing import fits_degree, recover
from tests.commerce.beacon.ring import member
from tests.commerce.seats import node_of
from tests.commerce.world import account, key, private_key

CHAIN = bytes([3]) * 32
NAME = DealName(CHAIN, 5, account("m0"), 2)


def committee(n: int) -> Committee:
    members = [Member(member(i), account(member(i)), key(node_of(member(i)))) for i in range(n)]
    return Committee(5, tuple(members))


def dealt(n: int = 4, name: DealName = NAME) -> BeaconShare:
    return deal(private_key(node_of("m0")), committee(n), name)


def stored(made: BeaconShare) -> Deal:
    return Deal(made.points, made.ephemeral, made.sealed, (0,))


def opened(made: BeaconShare, seat: int, name: DealName = NAME) -> bytes | None:
    return open_share(private_key(node_of(member(seat))), seat, name, stored(made))


@pytest.mark.parametrize("n", [1, 2, 3, 4, 7])
def test_every_seat_finds_its_share_and_any_f_plus_one_the_secret(n: int) -> None:
    made, known = dealt(n), committee(n)
    assert fits_degree(made.points, known.f)
    shares = {}
    for seat in range(n):
        share = opened(made, seat)
        assert share is not None
        assert multiply_base(int.from_bytes(share, "little")) == made.points[seat]
        shares[seat] = int.from_bytes(share, "little")
    first = {seat: shares[seat] for seat in range(known.f + 1)}
    last = {seat: shares[seat] for seat in range(n - known.f - 1, n)}
    assert recover(first) == recover(last)


def test_the_same_deal_is_made_each_time() -> None:
    assert dealt() == dealt()


@pytest.mark.parametrize(
    "other",
    [
        replace(NAME, number=3),
        replace(NAME, epoch=6),
        replace(NAME, genesis_hash=bytes(32)),
        replace(NAME, dealer=account("m1")),
    ],
)
def test_no_two_deals_have_anything_in_common(other: DealName) -> None:
    one, two = dealt(), dealt(name=other)
    assert not set(one.points) & set(two.points)
    assert not set(one.sealed) & set(two.sealed)
    assert one.ephemeral != two.ephemeral


def test_nodes_with_other_keys_deal_other_secrets() -> None:
    theirs = deal(private_key(node_of("m1")), committee(4), NAME)
    assert not set(theirs.points) & set(dealt().points)


def test_no_seat_reads_the_share_of_another() -> None:
    made = dealt()
    for seat in range(4):
        for other in range(4):
            found = open_share(private_key(node_of(member(seat))), other, NAME, stored(made))
            assert (found is None) == (seat != other)


def test_a_share_that_is_copied_into_another_deal_opens_nowhere() -> None:
    # A dealer that deals another's secret as its own would know what it can't: nobody takes it.
    made = dealt()
    for name in (replace(NAME, dealer=account("m1")), replace(NAME, number=3)):
        assert all(opened(made, seat, name) is None for seat in range(4))


def test_a_wrong_share_is_found_by_the_one_who_got_it() -> None:
    made = dealt()
    flipped = bytes([made.sealed[2][0] ^ 1]) + made.sealed[2][1:]
    lied = replace(made, sealed=(*made.sealed[:2], flipped, made.sealed[3]))
    assert [opened(lied, seat) is None for seat in range(4)] == [False, False, True, False]


@pytest.mark.parametrize("ephemeral", [bytes(32), (1).to_bytes(32, "little"), bytes([255]) * 32])
def test_a_useless_key_of_the_dealer_opens_nothing(ephemeral: bytes) -> None:
    assert opened(replace(dealt(), ephemeral=ephemeral), 1) is None


def test_a_share_that_is_not_canonical_is_none() -> None:
    # The same point, the scalar plus the order: beacon.reveal would refuse it.
    made = dealt()
    share = opened(made, 1)
    assert share is not None
    pad = bytes(a ^ b for a, b in zip(share, made.sealed[1], strict=True))
    above = (int.from_bytes(share, "little") + ORDER).to_bytes(32, "little")
    sealed = bytes(a ^ b for a, b in zip(above, pad, strict=True))
    lied = replace(made, sealed=(made.sealed[0], sealed, *made.sealed[2:]))
    assert opened(lied, 1) is None
    assert write_scalar(int.from_bytes(above, "little")) == share


def test_a_seat_whose_key_takes_no_encryption_gets_nothing_and_stops_nobody() -> None:
    # On the curve and enrollable, with a part of order 2: libsodium makes no X25519 key of it.
    odd = (2**255 - 19 - int.from_bytes(key("node of m2"), "little") % 2**255) % 2**255
    known = committee(4)
    members = list(known.members)
    members[2] = replace(members[2], node_key=odd.to_bytes(32, "little"))
    made = deal(private_key(node_of("m0")), replace(known, members=tuple(members)), NAME)
    assert made.sealed[2] == bytes(32)
    assert opened(made, 3) is not None


def test_the_ephemeral_key_is_an_x25519_key() -> None:
    assert dealt().ephemeral != exchange_public(bytes(32))
    assert len(dealt().ephemeral) == 32
