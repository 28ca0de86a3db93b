"""Ed25519 by RFC 8032's vectors, and the keys that may never be enrolled."""

import pytest
from nacl.bindings import crypto_core_ed25519_add, crypto_core_ed25519_is_valid_point

from chain import crypto
from chain.crypto import PrivateKey, domain, enrollable, require_valid, tagged_hash, verify
from chain.errors import KeyRefused, SignatureInvalid

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493

# RFC 8032 §7.1, tests 1-3: seed, public key, message, signature.
RFC_8032 = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
]


@pytest.mark.parametrize(("seed", "public", "message", "signature"), RFC_8032)
def test_the_vectors_of_rfc_8032_hold(seed: str, public: str, message: str, signature: str) -> None:
    key = PrivateKey(bytes.fromhex(seed))
    assert key.public_key.hex() == public
    assert key.sign(bytes.fromhex(message)).hex() == signature
    assert verify(key.public_key, bytes.fromhex(message), bytes.fromhex(signature))


def test_a_signature_holds_for_no_other_message_key_or_scalar() -> None:
    key, other = PrivateKey(bytes(32)), PrivateKey(bytes([1]) * 32)
    signature = key.sign(b"tea")
    assert verify(key.public_key, b"tea", signature)
    assert not verify(key.public_key, b"tee", signature)
    assert not verify(other.public_key, b"tea", signature)
    scalar = int.from_bytes(signature[32:], "little") + ORDER
    malleable = signature[:32] + scalar.to_bytes(32, "little")
    assert not verify(key.public_key, b"tea", malleable)
    with pytest.raises(SignatureInvalid):
        require_valid(other.public_key, b"tea", signature)


@pytest.mark.parametrize("size", [0, 63, 65])
def test_a_signature_of_another_length_is_invalid_and_never_raises(size: int) -> None:
    assert not verify(PrivateKey(bytes(32)).public_key, b"tea", bytes(size))


def low_order_encodings() -> list[bytes]:
    """All encodings of the points whose order divides 8, canonical or not (14 of them)."""
    order_8 = [
        2707385501144840649318225287225658788936804267575313519463743609750303402022,
        P - 2707385501144840649318225287225658788936804267575313519463743609750303402022,
    ]
    ys = [0, 1, P - 1, *order_8, P, P + 1]
    return [(y | sign << 255).to_bytes(32, "little") for y in ys for sign in (0, 1)]


def test_the_fourteen_low_order_encodings_are_never_enrolled() -> None:
    encodings = low_order_encodings()
    assert len(set(encodings)) == 14
    for encoding in encodings:
        with pytest.raises(KeyRefused):
            enrollable(encoding)


@pytest.mark.parametrize("y", [2, 7, P + 2, 2**255 - 1])
def test_a_key_off_the_curve_or_not_canonical_is_never_enrolled(y: int) -> None:
    with pytest.raises(KeyRefused):
        enrollable(y.to_bytes(32, "little"))


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_key_of_another_length_is_never_enrolled(size: int) -> None:
    with pytest.raises(KeyRefused):
        enrollable(bytes(size))


@pytest.mark.parametrize("is_asked", [True, False])
def test_ordinary_keys_are_enrolled_whether_or_not_the_library_can_be_asked(
    monkeypatch: pytest.MonkeyPatch, *, is_asked: bool
) -> None:
    monkeypatch.setattr(crypto, "has_crypto_core_ed25519", is_asked)
    for number in range(20):
        enrollable(PrivateKey(bytes([number]) * 32).public_key)


def test_a_key_outside_the_prime_order_subgroup_is_enrolled() -> None:
    key = PrivateKey(bytes(32)).public_key
    of_order_2 = (P - 1).to_bytes(32, "little")
    outside = crypto_core_ed25519_add(key, of_order_2)
    assert not crypto_core_ed25519_is_valid_point(outside)
    enrollable(outside)


def test_a_seed_has_32_bytes() -> None:
    with pytest.raises(KeyRefused):
        PrivateKey(bytes(31))


def test_the_domain_tag_keeps_kinds_apart() -> None:
    assert domain("header") == b"hushang/1/header\x00"
    assert tagged_hash("header", b"x") != tagged_hash("transaction", b"x")


def test_a_private_key_never_shows_its_seed() -> None:
    seed = bytes(range(32))
    assert seed.hex() not in repr(PrivateKey(seed))
