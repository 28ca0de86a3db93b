"""Where test networks lie and how one is found."""

from pathlib import Path

import pytest

from node.testnet_layout import (
    AccountPlace,
    AccountUnnamed,
    LocalNetwork,
    NetworkBroken,
    NetworkMissing,
    NodePlace,
    NodeUnnamed,
    directory_of,
    find,
    known,
    load,
)


def make(directory: Path, name: str = "local") -> LocalNetwork:
    directory.mkdir(parents=True)
    testnet = LocalNetwork(
        directory=directory.resolve(),
        name=name,
        chain_id=f"test-{name}",
        genesis_hash="ab" * 32,
        nodes=(NodePlace(1, "pudong", 1, 2), NodePlace(2, "xuhui", 3, 4)),
        accounts=(AccountPlace("buyer", "buyer", "hs1x", "keys/buyer.key"),),
    )
    testnet.save()
    return testnet


def test_a_network_survives_its_manifest_wherever_it_is_moved(tmp_path: Path) -> None:
    made = make(tmp_path / "a")
    assert load(tmp_path / "a") == made
    (tmp_path / "a").rename(tmp_path / "b")
    moved = load(tmp_path / "b")
    assert moved.key_file(moved.account("buyer")) == tmp_path.resolve() / "b/keys/buyer.key"
    assert moved.log_file(moved.nodes[0]).parent == tmp_path.resolve() / "b/pudong"


def test_nodes_have_names_and_numbers_from_one(tmp_path: Path) -> None:
    made = make(tmp_path / "a")
    assert made.node("1") == made.node("pudong") == made.nodes[0]
    assert made.nodes[1].api == "http://127.0.0.1:4"
    for wrong in ("0", "3", "", "01"):
        with pytest.raises(NodeUnnamed, match="1 pudong, 2 xuhui"):
            made.node(wrong)
    with pytest.raises(AccountUnnamed, match="buyer"):
        made.account("seller")
    with pytest.raises(AccountUnnamed, match="did you mean buyer"):
        made.account("byuer")


def test_the_named_network_is_meant_then_local_then_the_only_one(tmp_path: Path) -> None:
    environ = {"HUSHANG_HOME": str(tmp_path)}
    assert find(None, environ) is None
    one = make(tmp_path / "one", "one")
    assert find(None, environ) == one
    two = make(tmp_path / "two", "two")
    assert find(None, environ) is None
    assert find("two", environ) == two
    assert find(str(tmp_path / "two"), environ) == two
    local = make(tmp_path / "local")
    assert find(None, environ) == local
    assert [path.name for path in known(environ)] == ["local", "one", "two"]
    with pytest.raises(NetworkMissing):
        find("three", environ)


def test_networks_lie_under_the_current_directory_unless_told_otherwise() -> None:
    assert directory_of(None, {}) == Path(".hushang/local")
    assert directory_of("fast", {}) == Path(".hushang/fast")
    assert directory_of("./fast", {}) == Path("fast")


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"format": "hushang-testnet", "version": 2}', '{"format": "x"}']
)
def test_a_manifest_that_cannot_be_read_is_named(tmp_path: Path, text: str) -> None:
    make(tmp_path / "a")
    (tmp_path / "a" / "testnet.json").write_text(text)
    with pytest.raises(NetworkBroken, match=r"testnet\.json|manifest"):
        load(tmp_path / "a")
