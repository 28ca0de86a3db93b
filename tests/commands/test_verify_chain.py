"""`hushang verify-chain` and `state-root` as users run them."""

from contextlib import closing
from pathlib import Path

import pytest

from chain import schema
from chain.store import open_store
from node.genesis_file import genesis_text
from tests.commands.command_line import hushang, inside
from tests.node.audit.chains import founding, history
from tests.node.audit.stores import change, flip, rows_under


@pytest.fixture
def chain(tmp_path: Path) -> tuple[Path, Path]:
    """A stopped node's data, and the genesis file."""
    with closing(open_store(tmp_path / "data" / "db")) as store:
        history(store, 12)
    (tmp_path / "genesis.json").write_text(genesis_text(founding()), "utf-8")
    return tmp_path / "data", tmp_path / "genesis.json"


def test_a_whole_chain_is_told_and_exits_with_0(chain: tuple[Path, Path]) -> None:
    data, genesis = chain
    ran = hushang("verify-chain", str(data), "--genesis", str(genesis), "-o", "json")
    assert ran.code == 0, ran.err
    assert ran.json["height"] == 12
    assert ran.json["replayed"]
    rooted = inside("state-root", str(data), "-o", "json")
    assert rooted.json["state_root"] == ran.json["state_root"]
    assert rooted.json["height"] == 12


def test_damage_is_named_with_its_height_and_rule_and_exits_with_8(
    chain: tuple[Path, Path],
) -> None:
    data, genesis = chain
    key, value = rows_under(data, schema.RECEIPTS)[-1]
    change(data, {key: flip(value, 5)})
    ran = inside("verify-chain", str(data), "--genesis", str(genesis), "-o", "json")
    assert ran.code == 8
    assert ran.out == b""
    error = ran.error
    assert (error["code"], error["rule"]) == ("AuditFailed", "receipts")
    assert error["height"] == int.from_bytes(key[1:9])
    assert "hushang repair" in error["hint"]


def test_a_state_that_is_not_the_roots_exits_with_8(chain: tuple[Path, Path]) -> None:
    data, _ = chain
    key, value = rows_under(data, schema.STATE)[4]
    change(data, {key: flip(value, -1)})
    ran = inside("state-root", str(data))
    assert ran.code == 8
    assert "height 12: state tree" in ran.err


def test_data_in_use_missing_or_of_another_chain_is_refused(
    chain: tuple[Path, Path], tmp_path: Path
) -> None:
    data, genesis = chain
    with closing(open_store(data / "db")):
        ran = inside("verify-chain", str(data), "--genesis", str(genesis))
    assert ran.code == 7
    assert "stop the node first" in ran.err
    assert inside("state-root", str(tmp_path / "nothing")).code == 3
    ran = inside("verify-chain", str(data), "--genesis", "genesis.json")
    assert ran.code == 8
    assert "another genesis" in ran.err
    ran = inside("verify-chain", str(data), "--genesis", str(genesis), "--archive", str(tmp_path))
    assert ran.code == 3
