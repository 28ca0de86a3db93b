"""`hushang doctor` beside a running node, from afar, and where there is nothing at all."""

from contextlib import closing
from pathlib import Path

import pytest

from chain.store import open_store
from tests.commands.command_line import Ran, hushang, inside
from tests.commands.conftest import Shop
from tests.node.doctor.patients import Patient, patient
from tests.ports import free_port


def checks(told: object) -> dict[str, str]:
    assert isinstance(told, dict)
    return {entry["name"]: entry["state"] for entry in told["checks"]}


def test_a_running_members_node_fails_at_nothing(shop: Shop) -> None:
    node = shop.network.nodes[0]
    ran = inside("doctor", "--config", str(shop.network.config_file(node)), "-o", "json")
    assert ran.code == 0, ran.out
    found = checks(ran.json)
    assert ran.json["counts"]["failed"] == 0
    fine = {"settings", "genesis", "journal", "p2p port", "api port", "chain", "quorum", "last run"}
    assert {name for name in fine if found[name] != "ok"} == set()
    assert {f"peer {other.name}" for other in shop.network.nodes[1:]} <= set(found)


def test_from_afar_the_nodes_are_compared_and_no_file_is_needed(shop: Shop) -> None:
    ran = shop.run("doctor", "--node", "2", "-o", "json")
    assert ran.code == 0, ran.out
    found = checks(ran.json)
    assert "settings" not in found
    assert found["quorum"] == "ok"
    several = shop.run("doctor", "-o", "json")
    assert checks(several.json)["nodes compared"] == "ok"


def test_people_are_told_what_to_do_and_quiet_leaves_out_what_is_well(shop: Shop) -> None:
    config = str(shop.network.config_file(shop.network.nodes[0]))
    loud, quiet = (inside("doctor", "--config", config, *more) for more in ((), ("-q",)))
    assert len(quiet.out.splitlines()) < len(loud.out.splitlines())
    assert b"WARNING" in quiet.out
    lines = quiet.out.decode().splitlines()
    assert all(line.startswith(("WARNING ", "FAILED ", "– ", "        → ")) for line in lines)
    assert any(line.startswith("        → ") for line in lines), "what to do is below"
    assert "ok, " in loud.err


@pytest.mark.parametrize("words", [(), ("--config", "missing.toml")])
def test_where_nothing_is_it_says_so_and_exits_9(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = inside("doctor", "-o", "json", *words)
    assert ran.code == 9
    assert checks(ran.json)["settings"] == "failed"


def test_a_node_that_does_not_answer_from_afar_exits_5() -> None:
    ran = inside("doctor", "--node", f"http://127.0.0.1:{free_port()}", "-o", "json")
    assert (ran.code, checks(ran.json)["node"]) == (5, "failed")


def start(node: Patient) -> Ran:
    """Start it as a user does, its log in a file."""
    return hushang("node", "start", "--config", str(node.file))


def last_run(node: Patient) -> tuple[int, str]:
    """Doctor's exit code, and what it says of the last run."""
    ran = inside("doctor", "--config", str(node.file), "-o", "json")
    words = {entry["name"]: entry["means"] for entry in ran.json["checks"]}
    return ran.code, words["last run"]


def test_starts_that_end_with_the_same_code_are_told_apart(tmp_path: Path) -> None:
    node = patient(tmp_path, peers=0)
    node.write(log_file=Path("node.log"))
    with closing(open_store(tmp_path / "data" / "db", kind="sqlite")):
        assert start(node).code == 1
    code, words = last_run(node)
    assert code == 1
    assert words.startswith("another process uses its data: StoreLocked")
    journal = tmp_path / "data" / "journal" / "journal"
    journal.write_bytes(b"not what it was")
    assert start(node).code == 1
    code, words = last_run(node)
    assert code == 8
    assert words.startswith("its data is damaged: JournalDamaged")
