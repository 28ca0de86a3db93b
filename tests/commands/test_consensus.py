"""`hushang consensus why` on a running network: all nodes, one node, none, and as it goes on."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import IO

import pytest

from tests.commands.command_line import ROOT, inside
from tests.commands.conftest import Shop
from tests.ports import free_port


def test_all_nodes_are_asked_and_one_is_heard_out(shop: Shop) -> None:
    told = shop.ok("consensus", "why").json
    assert [entry["name"] for entry in told["nodes"]] == [n.name for n in shop.network.nodes]
    assert {entry["verdict"] for entry in told["nodes"]} <= {"rest", "voting", "checking"}
    lines = shop.run("consensus", "why").out.decode().splitlines()
    assert sum(line.startswith("  ") for line in lines) >= 1
    assert any(line.startswith("  last decided: height ") for line in lines)


def test_one_node_speaks_for_itself(shop: Shop) -> None:
    told = shop.ok("consensus", "why", "--node", "2").json
    assert told["together"] == ""
    place = told["nodes"][0]["place"]
    assert place["name"] == shop.network.nodes[1].name
    assert len(place["members"]) == 4
    assert sum(member["is_self"] for member in place["members"]) == 1


def test_where_nobody_answers_it_exits_5() -> None:
    ran = inside("consensus", "why", "--node", f"http://127.0.0.1:{free_port()}", "-o", "json")
    assert (ran.code, ran.error["code"]) == (5, "NodeUnreachable")


@pytest.mark.parametrize("form", ["table", "ndjson"])
def test_follow_goes_on_and_tells_what_changes(shop: Shop, form: str) -> None:
    command = [sys.executable, str(ROOT / "cli.py"), "--context", str(shop.network.directory)]
    command += ["consensus", "why", "--node", "1", "--follow", "--every", "0.1", "-o", form]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=dict(os.environ))
    assert process.stdout is not None
    try:
        heights = told_heights(process.stdout, form)
        first = next(heights)
        shop.ok("pay", "transfer", "merchant", "CNY 0.01", "--as", "buyer")
        assert any(height > first for height in heights)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def told_heights(stream: IO[bytes], form: str) -> Iterator[int]:
    """The decided height of each look, as it is told."""
    for raw in stream:
        if form == "ndjson":
            yield int(json.loads(raw)["nodes"][0]["place"]["decided"]["height"])
        elif raw.split()[:2] == [b"last", b"decided:"]:
            yield int(raw.split()[3])
