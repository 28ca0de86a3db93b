"""The prime-order group: what is taken from outside, and its laws; X25519 between node keys."""

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from nacl.bindings import crypto_core_ed25519_add

from chain import group
from chain.crypto import PrivateKey
from chain.group import (
    NEUTRAL,
    ORDER,
    ExchangeRefused,
    PointRefused,
    ScalarRefused,
    add,
    exchange,
    exchange_public,
    exchange_public_of,
    exchange_secret,
    multiply,
    multiply_base,
    read_scalar,
    reduce_scalar,
    require_point,
    write_scalar,
)

P = 2**255 - 19
BASE = multiply_base(1)
# Order 2: (0, -1). Order 4: (sqrt(-1), 0). Order 8 by RFC 8032's curve, as in libsodium's table.
ORDER_2 = (P - 1).to_bytes(32, "little")
ORDER_4 = bytes(32)
ORDER_8 = bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")


def test_the_base_point_is_that_of_rfc_8032() -> None:
    # §5.1: y is 4/5, and x is even.
    assert int.from_bytes(BASE, "little") == 4 * pow(5, -1, P) % P
    require_point(BASE)


@pytest.mark.parametrize(
    "point",
    [
        NEUTRAL,
        ORDER_2,
        ORDER_4,
        ORDER_8,
        (P + 1).to_bytes(32, "little"),
        (2).to_bytes(32, "little"),
        b"",
        BASE[:-1],
        BASE + b"\x00",
    ],
)
def test_no_point_but_those_of_the_group_is_taken(point: bytes) -> None:
    with pytest.raises(PointRefused):
        require_point(point)


@pytest.mark.parametrize("torsion", [ORDER_2, ORDER_4, ORDER_8])
def test_a_point_outside_the_subgroup_is_refused_and_never_multiplied(torsion: bytes) -> None:
    mixed = crypto_core_ed25519_add(multiply_base(7), torsion)
    with pytest.raises(PointRefused):
        require_point(mixed)
    with pytest.raises(PointRefused):
        multiply(2, mixed)


def test_a_library_that_takes_points_of_twice_the_order_decides_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # CVE-2025-69277: is_valid_point said yes, and so did the multiplication.
    mixed = crypto_core_ed25519_add(multiply_base(7), ORDER_2)

    def times(scalar: int, point: bytes) -> bytes:
        assert point == mixed
        product = multiply_base(7 * scalar)
        return crypto_core_ed25519_add(product, ORDER_2) if scalar % 2 else product

    monkeypatch.setattr(group, "crypto_core_ed25519_is_valid_point", lambda _: True)
    monkeypatch.setattr(group, "_times", times)
    with pytest.raises(PointRefused, match="outside the prime-order group"):
        require_point(mixed)


@pytest.mark.parametrize("scalar", [0, ORDER, ORDER + 1, 2**256 - 1])
def test_a_scalar_is_canonical_and_not_zero(scalar: int) -> None:
    with pytest.raises(ScalarRefused):
        read_scalar(scalar.to_bytes(32, "little"))


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_scalar_has_its_size(size: int) -> None:
    with pytest.raises(ScalarRefused):
        read_scalar(b"\x01".ljust(size, b"\x00")[:size])


def test_a_scalar_is_read_as_it_was_written() -> None:
    for scalar in (1, 2**200 + 5, ORDER - 1):
        assert read_scalar(write_scalar(scalar)) == scalar
    assert reduce_scalar(b"\xff" * 64) == (2**512 - 1) % ORDER


def test_multiplication_is_repeated_addition_and_zero_is_neutral() -> None:
    total = NEUTRAL
    for times in range(6):
        assert total == multiply_base(times) == multiply(times, BASE)
        total = add(total, BASE)
    assert multiply(ORDER, BASE) == multiply_base(ORDER) == NEUTRAL
    assert multiply(3, NEUTRAL) == NEUTRAL
    assert add(multiply_base(ORDER - 1), BASE) == NEUTRAL


def test_two_node_keys_share_the_secret_that_another_library_computes() -> None:
    ours, theirs = PrivateKey(bytes([1]) * 32), PrivateKey(bytes([2]) * 32)
    secret = exchange(exchange_secret(ours), exchange_public_of(theirs.public_key))
    assert secret == exchange(exchange_secret(theirs), exchange_public_of(ours.public_key))
    assert exchange_public(exchange_secret(ours)) == exchange_public_of(ours.public_key)
    openssl = X25519PrivateKey.from_private_bytes(exchange_secret(ours))
    other = X25519PublicKey.from_public_bytes(exchange_public_of(theirs.public_key))
    assert openssl.exchange(other) == secret


@pytest.mark.parametrize("public", [bytes(32), (1).to_bytes(32, "little")])
def test_no_secret_comes_of_a_key_of_low_order(public: bytes) -> None:
    with pytest.raises(ExchangeRefused):
        exchange(exchange_secret(PrivateKey(bytes(32))), public)


def test_a_key_outside_the_group_has_no_exchange_key() -> None:
    with pytest.raises(ExchangeRefused):
        exchange_public_of(ORDER_4)
