"""`hushang verify`: what a saved proof says, offline and at once; exit 8 for what doesn't hold."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chain.bundle import Bundle, encode_bundle
from chain.codec import encode
from node.clock import now_ms
from node.genesis_file import genesis_text
from node.proof_file import Question, plain_question
from tests.chain.world import genesis as another_genesis
from tests.commands.command_line import ROOT, Ran, hushang, inside
from tests.vectors.generate import frozen
from tests.vectors.material import genesis
from tests.vectors.proof_chain import ABSENT, BUSY, CAPTURED, PRESENT, SEAL, made_chain

CHAIN = made_chain()
VECTORS = json.loads(frozen("proofs"))


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A directory with the genesis, from which commands are run."""
    (tmp_path / "genesis.json").write_text(genesis_text(genesis()), "utf-8")
    return tmp_path


def saved(place: Path, bundle: Bundle | bytes) -> str:
    file = place / "a.hsproof"
    file.write_bytes(bundle if isinstance(bundle, bytes) else encode_bundle(bundle))
    return str(file)


def verified(place: Path, bundle: Bundle | bytes, *words: str) -> Ran:
    """In this process."""
    file = saved(place, bundle)
    return inside("verify", file, "--genesis", str(place / "genesis.json"), *words)


# What is told.


@pytest.mark.parametrize("row", VECTORS["good"], ids=lambda row: str(row["name"]))
def test_every_good_bundle_is_told_as_json(place: Path, row: Any) -> None:
    words = ["-o", "json"]
    if row["trusted_digest"] is not None:
        words += ["--trusted", f"{row['trusted_height']}:{row['trusted_digest']}"]
    told = verified(place, bytes.fromhex(row["bundle"]), *words).json
    proves = row["proves"]
    assert (told["holds"], told["chain_id"], told["epoch"]) == (
        True,
        "test-vectors",
        proves["epoch"],
    )
    assert told["age"]["as_of_ms"] == proves["as_of_ms"]
    for kind in ("states", "transactions", "receipts"):
        shown = [{name: entry[name] for name in proves[kind][0]} for entry in told[kind]]
        assert shown == proves[kind]


def test_a_balance_and_what_is_absent_are_told_in_words(place: Path) -> None:
    ran = verified(place, CHAIN.bundle(CHAIN.states(SEAL, PRESENT, ABSENT)))
    told = ran.out.decode()
    assert ran.code == 0, ran.err
    assert "on the chain test-vectors" in told
    assert "  available: CNY 0.03" in told
    order = "ee" * 32
    since = "after block 8 and until 2026-01-01 08:00:09.000 +08:00"
    assert f"Absent {since}: the state has no order {order}." in told
    assert "Certified at height 9, epoch 2, by xuhui, jingan, minhang." in told
    assert "What happened since, it can't say" in told


def test_an_event_is_told_as_it_was_captured(place: Path) -> None:
    proven = CHAIN.sent(4, 0), CHAIN.outcomes(4, 0), CHAIN.states(SEAL, CAPTURED)
    told = verified(place, CHAIN.bundle(*proven)).out.decode()
    assert '"bizStep":"commissioning"' in told
    assert "operations: epcis.capture" in told
    assert "In block 4 this succeeded" in told
    event = verified(place, CHAIN.bundle(*proven), "-o", "ndjson").json["states"][0]["event"]
    assert json.loads(event)["type"] == "ObjectEvent"


def test_a_failed_transaction_is_told_by_the_rule_that_it_broke(place: Path) -> None:
    told = verified(place, CHAIN.bundle(CHAIN.outcomes(BUSY, 2))).out.decode()
    assert "this was refused, InsufficientFunds" in told


def test_who_vouched_and_how_old_it_is(place: Path) -> None:
    now = now_ms()
    rest = CHAIN.bundle(CHAIN.states(SEAL, ABSENT))
    bundle = replace(rest, heads=CHAIN.heads(SEAL, now, now))
    told = verified(place, bundle, "--max-age", "10min").out.decode()
    assert "pudong, xuhui signed that nothing newer was decided then (2 are needed)." in told
    stale = verified(place, rest, "--max-age=10min", "-o", "json")
    assert (stale.code, stale.error["code"]) == (8, "ProofStale")
    assert "--heads" in stale.error["hint"]


# What is refused.


@pytest.mark.parametrize(
    "row",
    [row for row in VECTORS["refused"] if row["now_ms"] is None],
    ids=lambda row: str(row["name"]),
)
def test_what_does_not_hold_exits_8_with_the_rules_name(place: Path, row: Any) -> None:
    words = ["-o", "json"]
    if row["trusted_digest"] is not None:
        words += ["--trusted", f"{row['trusted_height']}:{row['trusted_digest']}"]
    ran = verified(place, bytes.fromhex(row["bundle"]), *words)
    assert (ran.code, ran.out) == (8, b"")
    assert (ran.error["code"], ran.error["exit_code"]) == (row["refusal"], 8)


def test_a_trusted_header_that_the_proof_does_not_show_confirms_nothing(place: Path) -> None:
    header = f"90000:{'00' * 32}"
    bundle = CHAIN.bundle(CHAIN.states(SEAL, PRESENT))
    ran = verified(place, bundle, "--trusted", header, "-o", "json")
    assert (ran.code, ran.json["trusted"]) == (0, None)
    assert "no header at height 90000 is in this proof" in ran.err


def test_a_proof_about_another_chain_is_refused(place: Path) -> None:
    (place / "genesis.json").write_text(genesis_text(another_genesis()), "utf-8")
    ran = verified(place, CHAIN.bundle(CHAIN.states(SEAL, PRESENT)), "-o", "json")
    assert (ran.code, ran.error["code"]) == (8, "WrongChain")


def test_a_genesis_of_another_hash_than_the_known_one_is_refused(place: Path) -> None:
    bundle, known = CHAIN.bundle(CHAIN.states(SEAL, PRESENT)), genesis().hash().hex()
    assert verified(place, bundle, "--genesis-hash", known).code == 0
    ran = verified(place, bundle, "--genesis-hash", "00" * 32, "-o", "json")
    assert (ran.code, ran.error["code"]) == (8, "WrongChain")


def test_every_form_of_the_genesis_is_taken(place: Path) -> None:
    raw = encode(genesis())
    api = json.dumps({"hash": genesis().hash().hex(), "raw": raw.hex(), "chain_id": "x"})
    for data in (raw, api.encode()):
        (place / "genesis.json").write_bytes(data)
        assert verified(place, CHAIN.bundle(CHAIN.states(SEAL, PRESENT))).code == 0
    (place / "genesis.json").write_bytes(encode(another_genesis()))
    assert verified(place, CHAIN.bundle(CHAIN.states(SEAL, PRESENT))).code == 8


def test_files_that_are_missing_or_no_genesis_have_codes_of_their_own(place: Path) -> None:
    known = str(place / "genesis.json")
    assert inside("verify", str(place / "none.hsproof"), "--genesis", known).code == 3
    file = saved(place, CHAIN.bundle(CHAIN.states(SEAL, PRESENT)))
    assert inside("verify", file, "--genesis", str(place / "none.json")).code == 9
    (place / "genesis.json").write_text("{}")
    assert inside("verify", file, "--genesis", known).code == 9


@pytest.mark.parametrize(
    "words",
    [
        ["--trusted", "5"],
        ["--trusted", "5:00"],
        ["--trusted", "05:" + "00" * 32],
        ["--genesis-hash", "00"],
        ["--max-age", "soon"],
        ["--max-age", "10"],
        ["--max-age"],
        ["--what"],
        ["-o", "xml"],
        ["another.hsproof"],
    ],
)
def test_a_question_that_makes_no_sense_exits_2(place: Path, words: list[str]) -> None:
    ran = verified(place, CHAIN.bundle(CHAIN.states(SEAL, PRESENT)), *words)
    assert (ran.code, ran.out) == (2, b"")
    assert inside("verify", "a.hsproof").code == 2


# How it is run.


@pytest.mark.parametrize(
    "words",
    [["--help"], ["a"], ["a", "--genesis"], ["a", "--genesis="], ["a", "b", "--genesis", "g"]],
)
def test_what_is_not_plain_is_left_to_the_command_line_proper(words: list[str]) -> None:
    assert plain_question(words) is None


def test_a_plain_question_has_its_words_in_any_order() -> None:
    asked = Question("-", "g", None, "1:ab", "10 min", "json")
    words = ["--max-age", "10 min", "-o", "json", "-", "--trusted=1:ab", "--genesis", "g"]
    assert plain_question(words) == asked


def test_both_ways_to_the_command_say_the_same(place: Path) -> None:
    file = saved(place, CHAIN.bundle(CHAIN.states(SEAL, PRESENT)))
    words = ("verify", file, "--genesis", str(place / "genesis.json"))
    plain, proper = inside(*words, "-o", "json").json, inside("-o", "json", *words).json
    for told in (plain, proper):
        told["age"] = None
    assert plain == proper
    by_variable = hushang(*words, HUSHANG_OUTPUT="ndjson")
    assert by_variable.out.count(b"\n") == 1


def test_a_bundle_is_read_from_standard_input(place: Path) -> None:
    data = encode_bundle(CHAIN.bundle(CHAIN.states(SEAL, PRESENT)))
    known = str(place / "genesis.json")
    ran = hushang("verify", "-", "--genesis", known, stdin=data)
    assert (ran.code, b"CNY 0.03" in ran.out) == (0, True)
    cut = hushang("verify", "-", "--genesis", known, "-o", "json", stdin=data[:-1])
    assert (cut.code, cut.error["code"]) == (8, "BundleDamaged")


def test_a_plain_verification_imports_little(place: Path) -> None:
    """How long it takes, `python -m tests.bench.verify_time` prints: imports are most of it."""
    file, known = saved(place, CHAIN.bundle(CHAIN.states(SEAL, PRESENT))), place / "genesis.json"
    heavy = ("typer", "pydantic", "aiohttp", "cryptography", "rich", "plyvel", "asyncio")
    script = (
        "import sys, cli\n"
        f"try:\n    cli.main(['verify', {file!r}, '--genesis', {str(known)!r}])\n"
        "except SystemExit as end:\n    assert end.code == 0\n"
        f"print([name for name in {heavy!r} if name in sys.modules], file=sys.stderr)"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stderr.strip() == "[]"
    assert "CNY 0.03" in done.stdout
