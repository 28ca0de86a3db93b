"""docs/protocol-beacon.md is enough: its example, read by a program that shares nothing with ours.

The curve is that of RFC 8032 in plain integers here, X25519 and HMAC come from other libraries.
`python -m tests.commerce.beacon.test_beacon_page` prints the example as our code makes it.
"""

import hashlib
import hmac
import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from chain.committee import Committee, Member
from chain.crypto import PrivateKey, sha256
from commerce.beacon.dealing import DealName, deal, open_share
from commerce.beacon.draws import seed_of
from commerce.beacon.records import Deal
from commerce.beacon.sharing import fits_degree

PAGE: Final = Path(__file__).parents[3] / "docs" / "protocol-beacon.md"
P: Final = 2**255 - 19
L: Final = 2**252 + 27742317777372353535851937790883648493
D: Final = -121665 * pow(121666, -1, P) % P
Point = tuple[int, int]
NEUTRAL: Final[Point] = (0, 1)


def example() -> dict[str, Any]:
    """As our code makes it."""
    keys = [PrivateKey(sha256(f"hushang beacon: node {i}".encode())) for i in range(4)]
    members = [Member(f"m{i}", bytes([i]) * 32, key.public_key) for i, key in enumerate(keys)]
    name = DealName(sha256(b"hushang beacon: chain"), 0, bytes(32), 3)
    made = deal(keys[0], Committee(0, tuple(members)), name)
    stored = Deal(made.points, made.ephemeral, made.sealed, (0,))
    shares = [open_share(key, seat, name, stored) for seat, key in enumerate(keys)]
    draw_id = sha256(b"hushang beacon: draw")
    secret = recovered([int.from_bytes(share or b"", "little") for share in shares[:2]])
    return {
        "genesis_hash": name.genesis_hash.hex(),
        "epoch": 0,
        "dealer": name.dealer.hex(),
        "number": 3,
        "node_keys": [key.public_key.hex() for key in keys],
        "points": [point.hex() for point in made.points],
        "ephemeral": made.ephemeral.hex(),
        "sealed": [share.hex() for share in made.sealed],
        "shares": [(share or b"").hex() for share in shares],
        "secret": secret.to_bytes(32, "little").hex(),
        "draw_id": draw_id.hex(),
        "seed": seed_of(draw_id, [secret]).hex(),
    }


def tagged(tag: str, data: bytes) -> bytes:
    return hashlib.sha256(b"hushang/1/" + tag.encode() + b"\0" + data).digest()


def plus(a: Point, b: Point) -> Point:
    """RFC 8032 §5.1's curve, the complete affine law."""
    product = D * a[0] * b[0] * a[1] * b[1] % P
    x = (a[0] * b[1] + b[0] * a[1]) * pow(1 + product, -1, P) % P
    y = (a[1] * b[1] + a[0] * b[0]) * pow(1 - product, -1, P) % P
    return x, y


def times(scalar: int, point: Point) -> Point:
    total = NEUTRAL
    for bit in f"{scalar:b}":
        total = plus(total, total)
        if bit == "1":
            total = plus(total, point)
    return total


def read_point(data: bytes) -> Point:
    """RFC 8032 §5.1.3."""
    encoded = int.from_bytes(data, "little")
    y, sign = encoded % 2**255, encoded >> 255
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * pow(2, (P - 1) // 4, P) % P
    assert x * x % P == square
    return (P - x if x % 2 != sign else x), y


BASE: Final = read_point((4 * pow(5, -1, P) % P).to_bytes(32, "little"))


def recovered(shares: Sequence[int]) -> int:
    """From seats 0 and 1, which stand at 1 and 2: P(0) = 2·P(1) - P(2)."""
    return (2 * shares[0] - shares[1]) % L


@pytest.fixture(name="told")
def page_example() -> dict[str, Any]:
    found = re.search(r"```json\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert found is not None
    read: dict[str, Any] = json.loads(found[1])
    return read


def name_of(told: dict[str, Any]) -> bytes:
    chain, dealer = bytes.fromhex(told["genesis_hash"]), bytes.fromhex(told["dealer"])
    return chain + int(told["epoch"]).to_bytes(8) + dealer + int(told["number"]).to_bytes(8)


def test_the_example_is_what_our_code_makes(told: dict[str, Any]) -> None:
    assert told == example()


def test_a_stranger_deals_the_same(told: dict[str, Any]) -> None:
    seed = hashlib.sha256(b"hushang beacon: node 0").digest()
    coefficients = [
        int.from_bytes(
            hmac.digest(
                seed,
                b"hushang/1/beacon-coefficient\0" + name_of(told) + bytes([k]),
                "sha512",
            ),
            "little",
        )
        % L
        for k in range(2)
    ]
    shares = [(coefficients[0] + coefficients[1] * (seat + 1)) % L for seat in range(4)]
    assert [share.to_bytes(32, "little").hex() for share in shares] == told["shares"]
    assert coefficients[0].to_bytes(32, "little").hex() == told["secret"]
    made = hmac.digest(seed, b"hushang/1/beacon-ephemeral\0" + name_of(told), "sha512")[:32]
    public = X25519PrivateKey.from_private_bytes(made).public_key().public_bytes_raw()
    assert public.hex() == told["ephemeral"]


def test_a_stranger_opens_each_share_and_checks_it(told: dict[str, Any]) -> None:
    ephemeral = bytes.fromhex(told["ephemeral"])
    for seat, (sealed, share) in enumerate(zip(told["sealed"], told["shares"], strict=True)):
        seed = hashlib.sha256(f"hushang beacon: node {seat}".encode()).digest()
        key = X25519PrivateKey.from_private_bytes(hashlib.sha512(seed).digest()[:32])
        z = key.exchange(X25519PublicKey.from_public_bytes(ephemeral))
        node_key = bytes.fromhex(told["node_keys"][seat])
        data = z + ephemeral + node_key + name_of(told) + bytes([seat])
        pad = tagged("beacon-pad", data)
        opened = bytes(a ^ b for a, b in zip(bytes.fromhex(sealed), pad, strict=True))
        assert opened.hex() == share
        point = read_point(bytes.fromhex(told["points"][seat]))
        assert times(int.from_bytes(opened, "little"), BASE) == point


def degree_sum(points: Sequence[str]) -> Point:
    """Of four points, for f = 1: m has degree 1."""
    encoded = [bytes.fromhex(point) for point in points]
    t = tagged("beacon-points", b"".join(encoded))
    m = [int.from_bytes(tagged("beacon-degree", t + bytes([k])), "little") % L for k in range(2)]
    total = NEUTRAL
    for i, point in enumerate(encoded):
        below = 1
        for j in range(4):
            below = below * (i - j if j != i else 1) % L
        scalar = pow(below, -1, L) * (m[0] + m[1] * (i + 1)) % L
        total = plus(total, times(scalar, read_point(point)))
    return total


def test_a_stranger_finds_that_the_points_fit_and_others_do_not(told: dict[str, Any]) -> None:
    points = told["points"]
    assert degree_sum(points) == NEUTRAL
    exchanged = [points[1], points[0], *points[2:]]
    assert degree_sum(exchanged) != NEUTRAL
    assert not fits_degree([bytes.fromhex(point) for point in exchanged], 1)


def test_a_stranger_computes_the_seed(told: dict[str, Any]) -> None:
    shares = [int.from_bytes(bytes.fromhex(share), "little") for share in told["shares"]]
    secret = recovered(shares[:2]).to_bytes(32, "little")
    assert secret.hex() == told["secret"]
    assert tagged("beacon-seed", bytes.fromhex(told["draw_id"]) + secret).hex() == told["seed"]


if __name__ == "__main__":
    sys.stdout.write(json.dumps(example(), indent=1) + "\n")
