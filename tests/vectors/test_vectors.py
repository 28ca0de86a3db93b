"""The frozen vectors: the code makes them, the independent reader takes them, or notices."""

import ast
import dataclasses
import json
import re
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from chain.account import KeyPolicy, check_policy
from chain.bech32m import decode_account
from chain.block import Certificate, VoteType, check_certificate
from chain.codec import decode, from_value, pack, unpack
from chain.committee import Committee
from chain.crypto import enrollable, verify
from chain.errors import (
    AddressMalformed,
    CertificateInvalid,
    EvidenceMalformed,
    HushangError,
    KeyRefused,
)
from chain.evidence import culprit, decode_evidence, proves
from chain.genesis import ConsensusParameters
from consensus.messages import decode_message, encode_message
from consensus.records import decode_record, encode_record
from tests.vectors import reader, state_page
from tests.vectors.generate import FOLDER, MAKERS, PAGE, frozen, text_of, with_example
from tests.vectors.reader_bytes import RefusedError

ROOT = FOLDER.parent.parent
PROTOCOL = PAGE.read_text(encoding="utf-8")


def page(name: str) -> str:
    """One of the protocol's pages."""
    return (PAGE.parent / f"protocol-{name}.md").read_text(encoding="utf-8")


def vectors(name: str) -> Any:
    return json.loads(frozen(name))


@pytest.mark.parametrize("name", MAKERS)
def test_the_code_still_makes_the_frozen_bytes(name: str) -> None:
    assert frozen(name) == text_of(name), "a change of the chain: say so in CHANGELOG.md"


def test_the_independent_reader_takes_every_vector(capsys: pytest.CaptureFixture[str]) -> None:
    assert reader.main(FOLDER) == 0
    assert capsys.readouterr().out.count("vectors hold") == len(MAKERS)


def test_the_reader_imports_nothing_of_ours() -> None:
    own = {"chain", "commerce", "consensus", "node", "p2p", "cli"}
    for path in FOLDER.glob("reader*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            for name in names:
                top = name.split(".")[0]
                assert top not in own, path
                assert (
                    top in sys.stdlib_module_names
                    or top == "cryptography"
                    or name.startswith("tests.vectors.reader_")
                ), name


def leaves(value: Any) -> Iterator[tuple[Any, Any, str]]:
    """(container, place, hex text) of every hex string that the reader recomputes."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for place, entry in pairs:
        if isinstance(entry, (dict, list)):
            yield from leaves(entry)
        elif isinstance(entry, str) and re.fullmatch(r"(?:[0-9a-f]{2}){8,}", entry):
            yield value, place, entry


@pytest.mark.parametrize(
    "name",
    [
        *("accounts", "merkle", "state_tree", "blocks", "votes", "certificates", "chain"),
        *("genesis", "epcis", "committees", "evidence", "records", "proofs", "snapshot"),
    ],
)
def test_the_reader_notices_a_changed_bit_wherever_it_is(name: str) -> None:
    made = vectors(name)
    places = [row for row in leaves(made) if not _unread(name, row)]
    step = max(1, len(places) // 60)
    for container, place, text in places[::step]:
        flipped = f"{int(text[-1], 16) ^ 1:x}"
        container[place] = text[:-1] + flipped
        with pytest.raises((reader.MismatchError, RefusedError, ValueError)):
            reader.CHECKS[name](made)
        container[place] = text
    reader.CHECKS[name](made)


def _unread(name: str, row: tuple[Any, Any, str]) -> bool:
    """Vectors of refusals stay refused with one bit more wrong; `signed` only helps to debug."""
    container, place, _ = row
    marks = {"shown_before", "refusal"}
    is_refused = isinstance(container, dict) and not marks.isdisjoint(container)
    is_debug = place == "signed" and name != "committees"
    return (
        place in ("policies_refused", "address")
        or is_debug
        or is_refused
        or (
            isinstance(container, dict)
            and name in ("accounts", "certificates")
            and ("account" not in container if name == "accounts" else container in _invalid())
        )
    )


def _invalid() -> list[Any]:
    invalid: list[Any] = vectors("certificates")["invalid"]
    return invalid


@dataclasses.dataclass(frozen=True, slots=True)
class Free:
    """A structure of one free value."""

    value: Any


def test_the_codec_takes_and_refuses_the_same_values_as_the_reader() -> None:
    made = vectors("canonical")
    for row in made["plain"]:
        data = bytes.fromhex(row["bytes"])
        assert pack(from_value(Free, (unpack(data),)).value) == data
    for row in made["refused"]:
        tail = bytes.fromhex(row.get("then", "")) * row.get("times", 0)
        with pytest.raises(HushangError):
            from_value(Free, (unpack(bytes.fromhex(row["bytes"]) + tail),))


def test_keys_policies_and_addresses_that_are_refused_are_refused_by_the_code() -> None:
    for row in vectors("keys")["keys_refused"]:
        with pytest.raises(KeyRefused):
            enrollable(bytes.fromhex(row["public_key"]))
    for row in vectors("keys")["signatures"]:
        parts = [bytes.fromhex(row[name]) for name in ("public_key", "message", "signature")]
        assert verify(*parts) == row["valid"]
    for row in vectors("accounts")["policies_refused"]:
        with pytest.raises(HushangError):
            check_policy(decode(KeyPolicy, bytes.fromhex(row["bytes"])))
    for row in vectors("accounts")["addresses_refused"]:
        with pytest.raises(AddressMalformed):
            decode_account(row["address"])


def test_certificates_hold_or_not_as_the_vectors_say() -> None:
    made = vectors("certificates")
    committee = decode(Committee, bytes.fromhex(made["committee"]))
    chain = bytes.fromhex(made["genesis_hash"])
    for row in made["valid"]:
        check_certificate(
            decode(Certificate, bytes.fromhex(row["bytes"])), committee, chain, verify
        )
    for row in made["invalid"]:
        certificate = decode(Certificate, bytes.fromhex(row["bytes"]))
        with pytest.raises(CertificateInvalid):
            check_certificate(certificate, committee, chain, verify)


def test_evidence_convicts_or_not_as_the_vectors_say() -> None:
    made = vectors("evidence")
    committee = decode(Committee, bytes.fromhex(made["committee"]))
    chain = bytes.fromhex(made["genesis_hash"])
    for row in made["convicting"]:
        proof = decode_evidence(bytes.fromhex(row["bytes"]))
        assert proves(proof, committee, chain, verify)
        assert culprit(proof) == row["member"]
    for row in made["refused"]:
        data = bytes.fromhex(row["bytes"])
        if row["refusal"] == "EvidenceMalformed":
            with pytest.raises(EvidenceMalformed):
                decode_evidence(data)
        else:
            assert not proves(decode_evidence(data), committee, chain, verify), row["name"]


def test_the_records_of_a_journal_round_trip() -> None:
    made = vectors("records")["records"]
    for row in made:
        data = bytes.fromhex(row["bytes"])
        assert encode_record(decode_record(data)) == data
    assert {row["bytes"][:2] for row in made} == {f"{code:02x}" for code in range(1, 9)}


def test_there_is_a_message_of_every_type() -> None:
    shown = {int(row["bytes"][:2], 16) for row in vectors("votes")["messages"]}
    assert shown == {int(kind) for kind in VoteType}


def test_messages_round_trip() -> None:
    for row in vectors("votes")["messages"]:
        data = bytes.fromhex(row["bytes"])
        assert encode_message(decode_message(data)) == data


# The page says what the code does.


def test_the_page_shows_the_worked_example_of_the_vectors() -> None:
    assert with_example(PROTOCOL) == PROTOCOL
    first = vectors("transactions")["valid"][0]
    assert first["id"] in PROTOCOL
    assert first["content"][:2] == "97"
    assert first["raw"].startswith(f"92c493{first['content']}")


def test_the_page_names_every_domain_tag() -> None:
    said = set(re.findall(r"`([a-z-]+)`", PROTOCOL))
    call = re.compile(r"(?:tagged_hash|domain|new_id|commit)\(\s*f?\"([a-z-]+)")
    used = {
        tag
        for package in ("chain", "consensus", "commerce", "node")
        for path in (ROOT / package).rglob("*.py")
        for tag in call.findall(path.read_text(encoding="utf-8"))
    }
    assert {"account", "vote", "order", "status"} <= used
    assert sorted(used - said) == []


def test_the_page_of_events_shows_every_event_with_its_fields() -> None:
    rows = re.findall(r"^\| (`[^|]+) \| [^|]+ \| ([^|]+) \|$", page("events"), re.MULTILINE)
    said = {name: data for names, data in rows for name in re.findall(r"`([a-z._]+)`", names)}
    inner = {name: re.sub(r"\{.*?\}", "", data) for name, data in said.items()}
    shown = {name: set(re.findall(r"(\w+): ", data)) for name, data in inner.items()}
    made: set[str] = set()
    for path in (ROOT / "commerce").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "event":
                fields = {keyword.arg for keyword in node.keywords}
                if isinstance(node.args[0], ast.Constant):
                    names = {str(node.args[0].value)}
                    assert fields == shown[str(node.args[0].value)], names
                else:
                    # A few events of one form have names that are made.
                    names = {name for name, known in shown.items() if known == fields}
                    if None in fields:
                        # Some fields of it depend on the name, too.
                        fields -= {None}
                        names = {name for name, known in shown.items() if fields <= known}
                    assert names, ast.unparse(node)
                made |= names
    assert made == said.keys() - {"order.closed"}


def test_the_page_of_epcis_events_shows_the_first_prehash() -> None:
    shown = page("epcis").partition("```text\n")[2].partition("```")[0]
    assert "".join(shown.splitlines()) == vectors("epcis")[0]["prehash"]


def test_the_page_names_every_consensus_parameter_in_order() -> None:
    names = ", ".join(field.name for field in dataclasses.fields(ConsensusParameters))
    assert names in PROTOCOL


def test_the_page_of_state_tables_is_up_to_date() -> None:
    assert state_page.PAGE.read_text(encoding="utf-8") == state_page.page(), (
        "python -m tests.vectors.state_page --write"
    )
