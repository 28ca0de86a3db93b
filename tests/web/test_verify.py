"""node/web/verify.js in a real Chromium: it accepts and refuses what chain.bundle_check does.

Each test hands its bundles to the page in one go.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from chain.bundle import encode_bundle
from chain.bundle_check import TrustedHeader
from chain.codec import decode, encode
from chain.crypto import verify as verify_signature
from chain.genesis import Genesis
from chain.unicode14 import _RANGES, is_agreed_text
from tests.chain.bundles import (
    ABSENT,
    BUSY,
    PRESENT,
    SEAL,
    changed_bytes,
    content_of,
    packed,
    plain,
    resealed,
    small_chain,
)
from tests.chain.world import genesis, key
from tests.web.browser import ORIGIN, WEB, Answer, browser, site
from tests.web.judging import JUDGE, Case

CHAIN = small_chain()
GOOD = CHAIN.good()
Json = Any


Judge = Callable[[Sequence[Case]], list[Json]]
Run = Callable[[str, Json], Json]
VECTORS = json.loads((Path(__file__).parent.parent / "vectors" / "proofs.json").read_text("utf-8"))


def case(
    data: bytes,
    trusted: TrustedHeader | None = None,
    now_ms: int | None = None,
    max_age_ms: int | None = None,
) -> Case:
    """On the chain of these tests."""
    return Case(data, CHAIN.genesis, trusted, now_ms, max_age_ms)


def frozen(row: Json) -> Case:
    """A row of the vectors."""
    trusted = None
    if row["trusted_digest"] is not None:
        trusted = TrustedHeader(row["trusted_height"], bytes.fromhex(row["trusted_digest"]))
    made = decode(Genesis, bytes.fromhex(VECTORS["genesis"]))
    data = bytes.fromhex(row["bundle"])
    return Case(data, made, trusted, row["now_ms"], row["max_age_ms"])


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    """Runs a function of JavaScript in a page that has the module."""
    answers = {
        "/": Answer(b"<!doctype html>", "text/html"),
        "/verify.js": Answer((WEB / "verify.js").read_bytes(), "text/javascript"),
    }
    with browser() as chrome, site(chrome, answers) as opened:
        opened.page.goto(ORIGIN + "/")
        yield opened.page.evaluate
        assert opened.complaints == []


@pytest.fixture(scope="module")
def judge(run: Run) -> Judge:
    """What the browser says to each case."""
    return lambda cases: list(run(JUDGE, [asked.for_page() for asked in cases]))


def agree(judge: Judge, cases: Sequence[Case]) -> list[Json]:
    """Both verifiers say the same; what it is."""
    verdicts = judge(cases)
    for asked, verdict in zip(cases, verdicts, strict=True):
        assert verdict == asked.by_python()
    return verdicts


def rules(verdicts: Sequence[Json]) -> list[str | None]:
    return [verdict.get("rule") for verdict in verdicts]


def test_every_good_bundle_tells_the_browser_what_it_tells_python(judge: Judge) -> None:
    cases = [case(data, trusted) for data, trusted in GOOD.values()]
    assert set(rules(agree(judge, cases))) == {None}


def test_every_frozen_bundle_is_told_or_refused_as_written_down(judge: Judge) -> None:
    rows = [*VECTORS["good"], *VECTORS["refused"]]
    verdicts = agree(judge, [frozen(row) for row in rows])
    assert rules(verdicts) == [row.get("refusal") for row in rows]
    for row, verdict in zip(VECTORS["good"], verdicts, strict=False):
        wanted = row["proves"]
        assert verdict["asOfMs"] == f"#{wanted['as_of_ms']}"
        states = [fact for header in verdict["headers"] for fact in header["states"]]
        assert [fact["key"] for fact in states] == [f"0x{fact['key']}" for fact in wanted["states"]]


def test_a_thousand_single_byte_changes_are_all_refused(judge: Judge) -> None:
    random, cases = Random(1), []
    for _ in range(1_000):
        data, trusted = random.choice([*GOOD.values()])
        places, flips = [random.randrange(len(data))], iter([random.randrange(1, 256)])
        cases += [case(changed, trusted) for changed in changed_bytes(data, places, flips)]
    assert set(rules(judge(cases))) == {"BundleDamaged"}


def test_changes_of_a_liar_who_mends_the_check_sum_meet_the_same_rules(judge: Judge) -> None:
    """All bytes of heads and roots count by themselves; what they break has one name."""
    random, cases = Random(2), []
    for data, trusted in GOOD.values():
        content = content_of(data)
        places = [random.randrange(len(content)) for _ in range(75)]
        flips = iter([random.randrange(1, 256) for _ in places])
        changed = changed_bytes(content, places, flips)
        cases += [case(resealed(entry), trusted) for entry in changed]
    found = set(rules(agree(judge, cases)))
    assert found > {"EncodingInvalid", "CertificateInvalid", "ProofInvalid", "HeadersContradict"}


def test_cut_and_stretched_files_are_refused_alike(judge: Judge) -> None:
    data, _ = GOOD["an event"]
    content = content_of(data)
    cut = [data[:0], data[:31], data[:32], data[:-1], data + b"\0", b"\0" * (2**21 + 1)]
    cut += [resealed(content[:size]) for size in range(0, len(content), 97)]
    cut += [resealed(content + b"\xc0"), resealed(b"\xc0"), resealed(b"\x90"), resealed(b"")]
    assert None not in rules(agree(judge, [case(entry) for entry in cut]))


def test_what_no_writer_writes_is_refused_alike(judge: Judge) -> None:
    fields = list(plain(GOOD["a value, first epoch"][0]))
    content = content_of(GOOD["a value, first epoch"][0])
    name = b"\xadhushang-proof"
    values = [
        [],
        ["hushang-proof"],
        [b"hushang-proof", *fields[1:]],
        ["hushang-prooF", *fields[1:]],
        [fields[0], 2, *fields[2:]],
        [fields[0], True, *fields[2:]],
        fields[:-1],
        [*fields, None],
        [*fields[:5], [], []],
        [*fields[:5], [fields[5][0]] * 5, []],
    ]
    cases = [case(packed(entry)) for entry in values]
    assert content.startswith(b"\x97" + name)
    # Longer forms, floats, extensions, what msgpack never uses, a number too wide for its value.
    rest, head = content[1 + len(name) :], b"\x97" + name + b"\x01"
    starts = (b"\xdc\x00\x07" + name, b"\x97\xd9\x0dhushang-proof")
    cases += [case(resealed(start + rest)) for start in starts]
    odd = ["ca00000000", "cb0000000000000000", "d40000", "c70000", "c1", "d001", "cc01", "c40100"]
    cases += [case(resealed(head + bytes.fromhex(value) + rest[35:])) for value in odd]
    assert None not in rules(agree(judge, cases))


def test_free_values_of_a_receipt_are_read_under_the_same_rules(judge: Judge) -> None:
    """Texts, map keys, depth: whatever the proof says, the form is asked first."""
    fields = list(plain(GOOD["a receipt"][0]))
    texts = ["茶\n250 g", "e\u0301", "\u212b", "\ufffe", "a\x00", "\x7f", "\U000e0080", "\u0870"]
    texts += ["\u1c8a", "\ufeff", "\U0001f979", "\U0001fae8", "a" * 300, "x"]
    deep: Json = []
    for _ in range(18):
        deep = [deep]
    data: list[Json] = [{"a": text} for text in texts] + [{text: 1} for text in texts]
    data += [{"a": {"c": 1, "b": 2}}, {"b": 1, "a": 2}, {"\U0001f979": 1, "\uffee": 2}]
    data += [{"\uffee": 1, "\U0001f979": 2}, {"a": deep}, {"a": deep[0][0]}, {"a": {1: 2}}]
    data += [{"a": [-(2**63), 2**64 - 1, -33, -128, -129, True, None, b"", 0.5]}, {"a": 0.5}]
    data += [{f"{number:03}": 1 for number in range(65)}, {"a": [1] * 65_536}, {"a": [1] * 65_537}]
    data += [{"a": -1}, {"a": [-(2**31), -(2**31) - 1, -(2**15) - 1, 2**32, 2**16, 255]}]
    cases = []
    for entry in data:
        header, certificate, _, _, ((receipt, path),) = fields[5][0]
        made_up = ((receipt[0], "ok", None, (("made.up", entry),)), path)
        proven = (header, certificate, (), (), (made_up,))
        cases.append(case(packed([*fields[:5], [proven], fields[6]])))
    found = set(rules(agree(judge, cases)))
    assert found == {"EncodingInvalid", "TextNotCanonical", "TooLarge", "ProofInvalid"}


def test_a_changed_committee_is_followed_and_no_step_can_be_left_out(judge: Judge) -> None:
    proven = CHAIN.states(SEAL, PRESENT)
    first, second = CHAIN.steps()
    whole = CHAIN.bundle(proven)
    fewer = replace(first.certificate, signatures=first.certificate.signatures[1:])
    lies = [
        replace(whole, steps=steps)
        for steps in ((), (first,), (second,), (second, first), (first, first, second))
    ]
    lies += [replace(whole, steps=(first, replace(second, committee=first.committee)))]
    lies += [replace(whole, steps=(replace(first, certificate=fewer), second))]
    lies += [CHAIN.bundle(CHAIN.states(2, PRESENT), steps=(first,))]
    verdicts = agree(judge, [case(encode_bundle(entry)) for entry in (whole, *lies)])
    assert verdicts[0]["committee"]["epoch"] == "#2"
    assert set(rules(verdicts[1:])) == {
        "EpochUnexpected",
        "CommitteeUnproven",
        "CertificateInvalid",
        "StepUnneeded",
    }


def test_a_trusted_header_counts_only_if_it_is_the_one_that_is_trusted(judge: Judge) -> None:
    data, trusted = GOOD["from a header"]
    assert trusted is not None
    wrong = [None, CHAIN.trusted(6), TrustedHeader(5, bytes(32)), TrustedHeader(9, bytes(32))]
    cases = [case(data, entry) for entry in (trusted, *wrong)]
    assert rules(agree(judge, cases)) == [
        None,
        "AnchorUntrusted",
        "AnchorUntrusted",
        "HeadersContradict",
        "HeadersContradict",
    ]


def test_a_proof_of_another_chain_is_refused(judge: Judge) -> None:
    other = genesis(time_scale=2)
    cases = [Case(data, other, trusted) for data, trusted in GOOD.values()]
    assert set(rules(agree(judge, cases))) == {"WrongChain"}


def test_a_stale_head_is_refused_and_the_word_of_one_member_is_not_enough(judge: Judge) -> None:
    """Head statements of the fixture are 1, 2 and 3 ms after the header."""
    data, _ = GOOD["vouched for"]
    silent = encode_bundle(CHAIN.bundle(CHAIN.states(SEAL, ABSENT)))
    alone = replace(
        CHAIN.bundle(CHAIN.states(SEAL, ABSENT)),
        heads=CHAIN.heads(SEAL, [None, CHAIN.at(SEAL).header.time_ms + 60_000]),
    )
    busy = replace(
        CHAIN.bundle(CHAIN.states(BUSY, ABSENT)),
        heads=CHAIN.heads(BUSY, [CHAIN.at(BUSY).header.time_ms + 60_000] * 3),
    )
    time_ms = CHAIN.at(SEAL).header.time_ms
    asked = [
        (data, time_ms + 1_000, 1_000, None),
        (data, time_ms + 1_000, 998, None),
        (data, time_ms + 1_000, 997, "ProofStale"),
        (data, time_ms - 5_000, 0, None),
        (data, time_ms - 5_001, 0, "ProofStale"),
        (silent, time_ms, 0, None),
        (silent, time_ms + 1, 0, "ProofStale"),
        (encode_bundle(alone), time_ms + 60_000, 1_000, "ProofStale"),
        (encode_bundle(busy), time_ms + 60_000, 1_000, "ProofStale"),
    ]
    cases = [case(data, None, now_ms, age_ms) for data, now_ms, age_ms, _ in asked]
    assert rules(agree(judge, cases)) == [rule for *_, rule in asked]


def test_a_head_statement_that_does_not_hold_voids_the_bundle(judge: Judge) -> None:
    whole = CHAIN.bundle(CHAIN.states(SEAL, ABSENT))
    time_ms = CHAIN.at(SEAL).header.time_ms
    first, second, third, fourth = CHAIN.heads(SEAL, [time_ms] * 4)
    below = CHAIN.heads(BUSY, [time_ms])
    wrong = [
        (second, first),
        (first, first),
        (replace(first, time_ms=time_ms + 1), second),
        (first, replace(second, member=2)),
        (third, replace(fourth, member=4)),
        below,
    ]
    cases = [case(encode_bundle(replace(whole, heads=heads))) for heads in wrong]
    assert set(rules(agree(judge, cases))) == {"HeadInvalid"}


def test_the_trusted_hash_of_the_genesis_is_compared(run: Run) -> None:
    data, _ = GOOD["an absent key"]
    script = """
    async ([data, genesis, hashes]) => {
      const { verifyBundle, fromHex } = await import("/verify.js");
      const found = [];
      for (const genesisHash of hashes) {
        const options = { genesis: fromHex(genesis), genesisHash };
        const wait = verifyBundle(fromHex(data), options);
        found.push(await wait.then(() => null, (error) => error.rule));
      }
      return found;
    }
    """
    right = CHAIN.genesis.hash().hex()
    hashes = [None, right, right.upper(), right[:-1] + "?", "", right[:-2], "00" * 32]
    found = run(script, [data.hex(), encode(CHAIN.genesis).hex(), hashes])
    assert found == [None, None, None, *["WrongChain"] * 4]


def test_what_is_no_genesis_is_refused_by_name(run: Run) -> None:
    script = """
    async (files) => {
      const { readGenesis, fromHex } = await import("/verify.js");
      return Promise.all(files.map((file) => readGenesis(fromHex(file)).then(
        ({ hash }) => hash.length, (error) => error.rule)));
    }
    """
    good = encode(CHAIN.genesis)
    wrong = [b"", good[:-1], good + b"\0", good.replace(b"m0", b"m\0"), b"\x9a\x02" + good[2:]]
    found = run(script, [entry.hex() for entry in (good, *wrong)])
    assert found == [32, *["GenesisInvalid"] * len(wrong)]


# The points whose order divides 8, in all encodings that 32 bytes have (libsodium's list).
LOW_ORDER = (
    "00" * 32,
    "01" + "00" * 31,
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "ec" + "ff" * 30 + "7f",
    "ed" + "ff" * 30 + "7f",
    "ee" + "ff" * 30 + "7f",
)
# Key and signature of b"msg" with a part of order 8 in R, in the key, in the key where it cancels
# out: the equation without cofactor takes the last only, one with cofactor all three.
MIXED_ORDER = (
    (
        "8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c",
        "cdbc161be64c4302f56443ff29ccf36a2075be1a1fa67ff126b56315f5681c38"
        "082c22be56990ea83f4c21b65b8ec195c214a1356a77e714b9547ad48d93920a",
    ),
    (
        "3bcfb78c4ad06f9b8d7e8c50e37e33dd40042a7805f5df945fbf33620745bc68",
        "5866666666666666666666666666666666666666666666666666666666666666"
        "099f40537ac87726e96631df5be7fb4471e223f52f8a9be38c56638c3dccdf05",
    ),
    (
        "3bcfb78c4ad06f9b8d7e8c50e37e33dd40042a7805f5df945fbf33620745bc68",
        "2f1132ca61ab38dff00f2fea3228f24c6c71d58085b80e47e19515cb27e8d047"
        "f962e7ec22247a0cad783ef1061e38a54f0ae0db1b5652ca63b1d71102f88e07",
    ),
)
GROUP_ORDER = 2**252 + 27742317777372353535851937790883648493


def test_signatures_hold_in_the_browser_if_they_hold_for_libsodium(run: Run) -> None:
    """WebCrypto alone takes a signature of a low-order key that holds for every message."""
    low = [bytes.fromhex(entry) for entry in LOW_ORDER]
    low += [entry[:-1] + bytes([entry[-1] | 0x80]) for entry in low]
    private, message = key("node of m0"), b"message"
    good, public = private.sign(message), private.public_key
    raised = int.from_bytes(good[32:], "little") + GROUP_ORDER
    attempts = [(public, message, good), (public, b"other", good), (low[1], message, good)]
    attempts += [(public, message, good[:32] + raised.to_bytes(32, "little"))]
    attempts += [(entry, message, r + bytes(32)) for entry in low for r in low]
    attempts += [(public, message, r + good[32:]) for r in low]
    attempts += [(bytes([number]) + bytes(31), message, good) for number in range(2, 12)]
    attempts += [(bytes.fromhex(a), b"msg", bytes.fromhex(b)) for a, b in MIXED_ORDER]
    script = """
    async (attempts) => {
      const { verifySignature, fromHex } = await import("/verify.js");
      return Promise.all(attempts.map((parts) => verifySignature(...parts.map(fromHex))));
    }
    """
    found = run(script, [[part.hex() for part in attempt] for attempt in attempts])
    assert found == [verify_signature(*attempt) for attempt in attempts]
    assert [number for number, held in enumerate(found) if held] == [0, len(attempts) - 1]


def test_the_browser_takes_the_texts_that_python_takes(run: Run) -> None:
    script = """
    async (texts) => {
      const { UNICODE_14, isAgreedText } = await import("/verify.js");
      return [UNICODE_14, texts.map(isAgreedText)];
    }
    """
    random = Random(3)
    codes = [
        random.choice((random.randrange(0x3000), random.randrange(0x110000))) for _ in range(8_000)
    ]
    texts = [chr(code) for code in codes if not 0xD800 <= code < 0xE000]
    texts += ["".join(random.choices(texts, k=2)) for _ in range(500)]
    texts += ["", "\t\n", "\r", "e\u0301", "\u00e9", "\ufeff"]
    table, found = run(script, texts)
    assert table == _RANGES.strip()
    assert found == [is_agreed_text(text) for text in texts]
    assert 1_000 < found.count(True) < 8_000


def test_the_browser_can_check_and_says_so(run: Run) -> None:
    support = "async () => (await import('/verify.js')).requireSupport().then(() => 'yes', String)"
    assert run(support, None) == "yes"
