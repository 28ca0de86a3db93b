"""node/web/verify.js where only members who lie together could go: they sign what they like.

What such a bundle claims is false or has two forms; both verifiers must draw the line at one place.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from chain import merkle
from chain.block import Event, Receipt, receipts_root, transactions_root
from chain.bundle import (
    Bundle,
    CommitteeStep,
    Proven,
    ReceiptClaim,
    StateClaim,
    TransactionClaim,
    encode_bundle,
)
from chain.codec import encode, pack
from chain.crypto import sha256
from chain.transaction import body_hash
from chain.tree_node import bucket_hash, path_of, value_hash
from tests.chain.bundles import (
    FIVE,
    FOUR,
    PRESENT,
    SEAL,
    content_of,
    packed,
    plain,
    resealed,
    small_chain,
)
from tests.chain.test_bundle_check import FOUNDERS, resigned
from tests.chain.test_committees import committee
from tests.web.browser import ORIGIN, WEB, Answer, browser, site
from tests.web.judging import JUDGE, Case

CHAIN = small_chain()
GROUND = CHAIN.at(2).header
Json = Any


@pytest.fixture(scope="module")
def agree() -> Iterator[Any]:
    """Asks both verifiers; the rules that they agree on, None for what they take."""
    answers = {
        "/": Answer(b"<!doctype html>", "text/html"),
        "/verify.js": Answer((WEB / "verify.js").read_bytes(), "text/javascript"),
    }
    with browser() as chrome, site(chrome, answers) as opened:
        opened.page.goto(ORIGIN + "/")

        def ask(files: Sequence[bytes], **asked: Any) -> list[str | None]:
            cases = [Case(data, CHAIN.genesis, **asked) for data in files]
            verdicts = opened.page.evaluate(JUDGE, [case.for_page() for case in cases])
            assert verdicts == [case.by_python() for case in cases]
            return [verdict.get("rule") for verdict in verdicts]

        yield ask


def files(*bundles: Bundle) -> list[bytes]:
    return [encode_bundle(entry) for entry in bundles]


def under(proven: Proven) -> Bundle:
    return CHAIN.bundle(proven)


def test_members_stand_in_a_certificate_once_in_order_and_in_the_committee(agree: Any) -> None:
    good = CHAIN.states(2, PRESENT)
    signed = good.certificate.signatures
    wrong = [signed[::-1], (signed[0], *signed), (*signed, replace(signed[-1], member=200))]
    lies = [replace(good, certificate=replace(good.certificate, signatures=s)) for s in wrong]
    assert set(agree(files(*map(under, lies)))) == {"CertificateInvalid"}


def test_a_named_committee_is_of_the_next_epoch_and_steps_go_up(agree: Any) -> None:
    far = committee(3, "m1", "m2", "m3", "m4")
    header = replace(CHAIN.at(3).header, next_committee_hash=far.hash())
    named = resigned(header, FOUNDERS)
    first, *_ = CHAIN.steps()
    step = replace(first, header=header, certificate=named.certificate, committee=far)
    bundle = CHAIN.bundle(CHAIN.states(SEAL, PRESENT), steps=(step,))
    assert agree(files(bundle)) == ["CommitteeUnproven"]


def test_a_step_lies_above_the_header_that_is_trusted(agree: Any) -> None:
    header = replace(CHAIN.at(5).header, next_committee_hash=FOUR.hash(), time_ms=1)
    step = CommitteeStep(header, resigned(header, FIVE).certificate, FOUR)
    bundle = CHAIN.bundle(CHAIN.states(SEAL, PRESENT), steps=(step,))
    anchored = replace(bundle, anchor=CHAIN.anchor(6))
    assert agree(files(anchored), trusted=CHAIN.trusted(6)) == ["HeaderOutdated"]


def entry(key: bytes) -> bytes:
    return path_of(key) + value_hash(b"\x01")


def test_a_bucket_has_one_form_and_lies_on_the_keys_way(agree: Any) -> None:
    """A root that members made up: the proof hashes to it, and still says nothing."""
    keys = sorted((b"k/%d" % number for number in range(17)), key=path_of)
    ascending = b"".join(map(entry, keys[:2]))
    forms = [
        (keys[0], 2, ascending, ()),
        (keys[0], 2, entry(keys[1]) + entry(keys[0]), ()),
        (keys[0], 2, entry(keys[0]) * 2, ()),
        (keys[0], 17, b"".join(map(entry, keys)), ()),
        (keys[0], 1, entry(keys[0]), (b"\x01" * 96,)),
        (keys[0], 1, entry(keys[16]), (b"\x01" * 96, b"\x02" * 96)),
        (keys[0], 2, entry(keys[0]) + entry(keys[16]), (b"\x01" * 96, b"\x02" * 96)),
        (keys[0], 1, entry(keys[0]), (b"\x01" * 96, b"\x02" * 96)),
        (keys[0], 0, b"", (b"\x01" * 96, b"\x02" * 96)),
    ]
    found = []
    for key, count, entries, steps in forms:
        value = b"\x01" if key in keys and entry(key) in entries else None
        root = climbed(path_of(key), entries, steps)
        proof = bytes([count]) + entries + b"".join(steps)
        claim = StateClaim(key, value, proof)
        found += files(under(resigned(replace(GROUND, state_root=root), FOUNDERS, claim)))
    lie = "ProofInvalid"
    assert agree(found) == [None, lie, lie, lie, lie, lie, lie, None, None]


def climbed(path: bytes, entries: bytes, steps: Sequence[bytes]) -> bytes:
    """The root to which a bucket leads, whether or not it may."""
    digest = bucket_hash(entries)
    number = int.from_bytes(path)
    for step, three in enumerate(steps):
        own = 32 * (number >> (256 - 2 * (len(steps) - step)) & 3)
        digest = sha256(b"\x13" + three[:own] + digest + three[own:])
    return digest


def test_a_path_has_the_length_that_the_count_wants(agree: Any) -> None:
    raw = CHAIN.at(2).block.bodies[0]
    leaf, other = merkle.leaf_hash(body_hash(raw)), bytes(32)
    forms: list[tuple[int, int, tuple[bytes, ...], bytes]] = [
        (0, 1, (), leaf),
        (1, 1, (), leaf),
        (0, 4, (), leaf),
        (0, 1, (other,), merkle.node_hash(other, leaf)),
        (0, 2, (other,), merkle.node_hash(leaf, other)),
        (1, 2, (other,), merkle.node_hash(leaf, other)),
        (0, 0, (), leaf),
    ]
    found = []
    for index, count, path, root in forms:
        header = replace(GROUND, transactions_root=root, transactions_count=count)
        claim = TransactionClaim(index, raw, path)
        found += files(under(replace(resigned(header, FOUNDERS), transactions=(claim,))))
    lie = "ProofInvalid"
    assert agree(found) == [None, lie, lie, lie, None, lie, lie]
    assert transactions_root([body_hash(raw)]) == leaf


def outcome(receipt: Receipt) -> Proven:
    """A block that left this receipt alone, as members say."""
    header = replace(GROUND, receipts_root=receipts_root([receipt]))
    return replace(resigned(header, FOUNDERS), receipts=(ReceiptClaim(receipt, ()),))


def test_a_side_is_left_or_right(agree: Any) -> None:
    receipt = Receipt(bytes(32), "ok", None, ())
    leaf, other = merkle.leaf_hash(encode(receipt)), b"\x05" * 32
    found = []
    for side, root in ((0, merkle.node_hash(other, leaf)), (1, merkle.node_hash(leaf, other))):
        header = replace(GROUND, receipts_root=root)
        for shown in (side, side + 2, side + 128):
            claim = ReceiptClaim(receipt, (bytes([shown]) + other,))
            found += files(under(replace(resigned(header, FOUNDERS), receipts=(claim,))))
    assert agree(found) == [None, "ProofInvalid", "ProofInvalid"] * 2


def test_what_a_receipt_says_is_told_to_the_last_character(agree: Any) -> None:
    data = {
        "bom": "\ufeffx",
        "bytes": b"\xff\xfe",
        "list": (-(2**63), 2**64 - 1, 2**53, -1, -32, -33, True, None, {"": ()}),
        "name": "茶\t龙井\n",
    }
    assert agree(files(under(outcome(Receipt(bytes(32), "ok", None, (Event("e", data),)))))) == [
        None
    ]


def test_texts_are_as_long_as_they_may_be_in_code_points(agree: Any) -> None:
    names = ["", "x", "\U0001f375" * 64, "x" * 65, "\U0001f375" * 65]
    found = files(*(under(outcome(Receipt(bytes(32), name, None, ()))) for name in names))
    wrong = "EncodingInvalid"
    assert agree(found) == [wrong, None, None, wrong, wrong]


def test_a_number_has_one_form(agree: Any) -> None:
    """Every width of msgpack with the numbers at its ends, and one too small for it."""
    mark = 123_456_789_012
    (whole,) = files(under(outcome(Receipt(bytes(32), "ok", None, (Event("e", {"a": mark}),)))))
    content = content_of(whole)
    assert content.count(pack(mark)) == 1
    ends = [0, 127, 128, 255, 256, 65_535, 65_536, 2**32 - 1, 2**32, 2**64 - 1]
    ends += [-1, -32, -33, -128, -129, -32_768, -32_769, -(2**31), -(2**31) - 1, -(2**63)]
    widths = {0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8, 0xD0: 1, 0xD1: 2, 0xD2: 4, 0xD3: 8}
    forms = {
        bytes([tag]) + (number % 2 ** (8 * width)).to_bytes(width)
        for tag, width in widths.items()
        for number in ends
    }
    found = [resealed(content.replace(pack(mark), form)) for form in sorted(forms)]
    assert set(agree(found)) == {"EncodingInvalid", "ProofInvalid"}


def test_there_is_a_cap_on_nodes(agree: Any) -> None:
    fields = list(plain(files(under(outcome(Receipt(bytes(32), "ok", None, ()))))[0]))
    header, certificate, _, _, ((receipt, path),) = fields[5][0]
    found = []
    for lists in (3, 4):
        event = ("e", {"a": ((0,) * 60_000,) * lists})
        claim = ((receipt[0], "ok", None, (event,)), path)
        proven = (header, certificate, (), (), (claim,))
        found.append(packed([*fields[:5], [proven], fields[6]]))
    assert agree(found) == ["ProofInvalid", "TooLarge"]


def test_a_header_from_the_future_is_not_made_younger_by_heads(agree: Any) -> None:
    header = CHAIN.at(SEAL).header
    early = CHAIN.heads(SEAL, [header.time_ms - 60_000] * 4)
    bundle = replace(CHAIN.bundle(CHAIN.states(SEAL, PRESENT)), heads=early)
    assert agree(files(bundle), now_ms=header.time_ms - 60_000, max_age_ms=1) == ["ProofStale"]
