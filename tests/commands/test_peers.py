"""`hushang peers`: the matrix of all nodes, the table of one."""

from tests.commands.command_line import inside
from tests.commands.conftest import Shop
from tests.ports import free_port


def test_without_a_node_everybody_sees_everybody(shop: Shop) -> None:
    told = shop.ok("peers").json
    assert [len(entry["peers"]) for entry in told["nodes"]] == [3, 3, 3, 3]
    assert told["one_way"] == []
    out = shop.run("peers").out.decode()
    rows = [line.split() for line in out.splitlines() if line.split()[0] in shop_names(shop)]
    assert len(rows) == 4
    assert all("·" in row and "away" not in row for row in rows)


def shop_names(shop: Shop) -> set[str]:
    return {node.name for node in shop.network.nodes}


def test_one_nodes_peers_have_an_address_a_direction_and_a_height_that_rises(shop: Shop) -> None:
    shop.ok("pay", "transfer", "merchant", "CNY 0.01", "--as", "buyer")
    entry = shop.ok("peers", "--node", "1").json["nodes"][0]
    ports = {node.p2p_port for node in shop.network.nodes[1:]}
    for peer in entry["peers"]:
        assert int(peer["address"].rpartition(":")[2]) in ports
        assert peer["direction"] in {"inbound", "outbound"}
        assert (peer["role"], peer["agent"]) == ("member", f"hushang/{version(shop)}")
        # The greeting was at the genesis: what it has decided since was heard from its votes.
        assert peer["height"] >= entry["height"] - 2 > 0
        assert peer["connected_ms"] <= entry["time_ms"]
    table = shop.run("peers", "--node", "1").out.decode()
    assert table.split()[:4] == ["member", "key", "role", "address"]


def test_a_leaders_clock_is_known_to_whom_it_proposed_a_block(shop: Shop) -> None:
    shop.ok("pay", "transfer", "merchant", "CNY 0.01", "--as", "buyer")
    nodes = shop.ok("peers").json["nodes"]
    skews = [peer["clock_skew_ms"] for entry in nodes for peer in entry["peers"]]
    known = [skew for skew in skews if skew is not None]
    # One machine has one clock; what is left is the way of a proposal.
    assert known
    assert max(map(abs, known)) < 5_000


def version(shop: Shop) -> str:
    return str(shop.ok("status", "--node", "1").json["version"])


def test_where_nobody_answers_it_exits_5() -> None:
    ran = inside("peers", "--node", f"http://127.0.0.1:{free_port()}", "-o", "json")
    assert (ran.code, ran.error["code"]) == (5, "NodeUnreachable")
