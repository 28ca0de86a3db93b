"""`hushang demo`: every height, id and amount that it prints is what another node says."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from node import processes, testnet
from node.client import NodeClient
from node.demo.play import Wish, stage_place
from node.demo.stage import DECIMALS, SYMBOL
from node.demo.story import Claim, Step, as_text, at_pointer
from node.demo.tales import TALES
from node.money_text import parse_amount
from node.testnet_genesis import Plan, create
from node.testnet_layout import load
from tests.commands.command_line import ROOT, hushang, inside

HEX_ID = re.compile(r"\b[0-9a-f]{64}\b")
AMOUNT = re.compile(rf"\b{SYMBOL} [0-9]+\.[0-9]{{2}}\b")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """The story as machines read it; its network still runs."""
    place = tmp_path_factory.mktemp("demo") / "net"
    try:
        ran = hushang("demo", "-o", "json", "--keep", "--dir", str(place))
        assert ran.code == 0, ran.err
        yield ran.json
    finally:
        testnet.reset(load(place))


def steps_of(told: dict[str, Any]) -> list[Step]:
    return [
        Step(s["step"], s["words"], s["facts"], [Claim(**c) for c in s["claims"]])
        for s in told["steps"]
    ]


def test_every_id_amount_and_height_that_is_printed_rests_on_a_claim(told: dict[str, Any]) -> None:
    counted = 0
    for step in steps_of(told):
        printed, values = as_text(step), {str(claim.value) for claim in step.claims}
        heights = {step.facts["height"]} if "height" in step.facts else set()
        minors = {
            str(parse_amount(text, DECIMALS).amount_minor) for text in AMOUNT.findall(printed)
        }
        wanted = {*HEX_ID.findall(printed), *minors, *heights}
        assert wanted <= values, f"step {step.number}: {wanted - values}"
        counted += len(wanted)
    assert counted > 40


def test_every_claim_is_what_each_node_says(told: dict[str, Any]) -> None:
    nodes = told["network"]["nodes"]
    assert len({node["pid"] for node in nodes}) == 4
    claims = [claim for step in steps_of(told) for claim in step.claims]
    for node in nodes:
        client, known = NodeClient([node["api"]]), dict[str, Any]()
        for claim in claims:
            if claim.path not in known:
                known[claim.path] = client.get(claim.path)
            assert at_pointer(known[claim.path], claim.pointer) == claim.value, claim


def test_the_story_is_a_whole_trade_with_its_history(told: dict[str, Any]) -> None:
    words = " ".join(step["words"] for step in told["steps"])
    parts = ("killed", "registers", "offers", "orders", "escrow", "carrier", "confirms", "genesis")
    for part in parts:
        assert part in words
    kinds = [
        claim.value
        for step in steps_of(told)
        for claim in step.claims
        if claim.pointer.endswith("/eventList/0/type")
    ]
    assert len(kinds) >= 4
    assert len(set(kinds)) >= 2


def test_its_nodes_are_four_processes_that_run(told: dict[str, Any]) -> None:
    for node in told["network"]["nodes"]:
        os.kill(node["pid"], 0)


def test_a_demo_that_is_told_to_end_leaves_no_process(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "cli.py"), "demo", "-o", "ndjson", "--dir", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=60)
    assert b"separate processes" in first
    assert process.returncode == 130
    assert b"stopped" in err
    assert not processes.running(load(tmp_path))


@pytest.mark.parametrize("interruption", [signal.SIGTERM, signal.SIGINT])
def test_a_demo_that_is_stopped_leaves_no_temporary_directory(
    tmp_path: Path, interruption: signal.Signals
) -> None:
    command = [sys.executable, str(ROOT / "cli.py"), "demo", "-o", "ndjson"]
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    with subprocess.Popen(command, stderr=subprocess.PIPE, env=environment) as process:
        assert process.stderr is not None
        # It ends at the end of what the demo says: a demo that doesn't begin fails the test below.
        assert any(b"pid" in line for line in process.stderr)
        assert list(tmp_path.iterdir())
        process.send_signal(interruption)
        process.communicate(timeout=60)
    assert process.returncode == 130
    assert not list(tmp_path.iterdir())


def test_a_demo_that_fails_keeps_what_the_nodes_wrote(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(RuntimeError), stage_place(Wish()) as place:
        raise RuntimeError
    assert place.is_dir()
    with stage_place(Wish()) as other:
        assert other.is_dir()
    assert not other.exists()


def test_a_network_that_cannot_miss_a_node_is_refused() -> None:
    assert hushang("demo", "-n", "3").code == 2


def test_the_stories_are_listed_with_what_they_show() -> None:
    listed = inside("demo", "--list", "-o", "json")
    assert listed.code == 0, listed.err
    assert {row["story"] for row in listed.json} == set(TALES)
    assert all(row["about"] for row in listed.json)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("nothing-of-this-name",), "there are happy, partial"),
        (("--time-scale", "9"), "name one of them"),
        (("happy", "--time-scale", "0"), "--time-scale"),
        (("happy", "-n", "3"), "at least 4"),
    ],
)
def test_a_wish_that_makes_no_sense_says_why(words: tuple[str, ...], why: str) -> None:
    ran = inside("demo", *words)
    assert ran.code == 2
    assert why in ran.err


def test_a_story_is_not_begun_on_a_network_that_stands_still(tmp_path: Path) -> None:
    create(Plan(tmp_path / "net", "x", 4))
    ran = inside("demo", "happy", "--dir", str(tmp_path / "net"), "-o", "json")
    assert (ran.code, ran.error["code"]) == (5, "NetworkStopped")
