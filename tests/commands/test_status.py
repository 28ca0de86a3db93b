"""`hushang status`: what a node says of itself, and what a person must know at once."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from node import processes
from node.commands.testnet import headline, node_row
from node.service import CertificateState
from node.testnet_genesis import Plan, create
from tests.commands.command_line import inside
from tests.node.api.service import PEER, served


@pytest.mark.asyncio
async def test_peers_are_told_and_one_key_on_two_hosts_is_called_out() -> None:
    async with served() as node:
        words = ("status", "--node", f"http://127.0.0.1:{node.port}")
        quiet = await asyncio.to_thread(inside, *words)
        assert "m1 at 7, m2 away" in quiet.out.decode()
        assert quiet.err == ""
        node.service.peers = (replace(PEER, on_two_hosts=True), node.service.peers[1])
        told = await asyncio.to_thread(inside, *words)
        assert "m1 at 7 (on two hosts?), m2 away" in told.out.decode()
        assert "m1 runs on two hosts? Two processes use its node key: stop one now" in told.err
        _, status = await node.get("/v1/status")
        assert [peer["on_two_hosts"] for peer in status["peers"]] == [True, False]
        assert (status["role"], status["epoch"]) == ("member", 0)
        async with node.http.get("/metrics") as answer:
            assert "hushang_peers_on_two_hosts 1.0" in await answer.text()


@pytest.mark.asyncio
async def test_certificates_end_at_a_date_that_people_read() -> None:
    async with served() as node:
        held = CertificateState(
            "api", ("a.example", "10.0.0.1"), 1_767_225_600_000, 1_767_225_601_000
        )
        node.service.certificates = (held, replace(held, use="peers", names=("localhost",)))
        told = await asyncio.to_thread(inside, "status", "--node", f"http://127.0.0.1:{node.port}")
        shown = told.out.decode()
        until = "until 2026-01-01 08:00:01.000 +08:00"
        assert f"for api/a.example/10.0.0.1 {until}, for peers/localhost {until}" in shown
        fields = dict([*line.split(), ""][:2] for line in shown.splitlines())
        assert fields["withheld"] == fields["snapshots"] == fields["refused_connections"] == "–"


SILENT = "its journal was lost: silent up to height 1553; new blocks end it"
WARNED = f"serves, doesn't vote yet: {SILENT}: stop no other node until then"


@pytest.mark.asyncio
async def test_a_member_that_serves_and_does_not_vote_is_called_out() -> None:
    async with served() as node:
        words = ("status", "--node", f"http://127.0.0.1:{node.port}")
        node.service.withheld, node.service.first_block = SILENT, 12
        told = await asyncio.to_thread(inside, *words)
        assert WARNED in told.err
        assert SILENT in told.out.decode()
        (line,) = (at for at in told.out.decode().splitlines() if "first_block" in at)
        assert line.split()[-1] == "12"


@pytest.mark.asyncio
async def test_testnet_start_and_status_tell_a_silent_member_from_one_that_votes(
    tmp_path: Path,
) -> None:
    network = create(Plan(tmp_path / "net", "x", 1))
    async with served() as node:
        place = replace(network.nodes[0], api_port=node.port)
        said: list[str] = []

        def wait() -> None:
            processes.wait_until_ready(network, [place], 30, said.append)

        await asyncio.to_thread(wait)
        node.service.withheld = SILENT
        await asyncio.to_thread(wait)
        assert said == [f"{place.name} is ready", f"{place.name} {WARNED}"]
        _, status = await node.get("/v1/status")
    entry = {"number": 1, "name": "m", "pid": 1, "api": place.api, "status": status}
    assert node_row(entry)["state"] == WARNED
    assert node_row(entry | {"status": {**status, "withheld": ""}})["state"] == "running"
    assert node_row(entry)["height"] == status["height"]
    other = {**status, "height": status["height"] + 3, "primary": "m2", "ready": False}
    nodes = [entry, entry | {"status": other}, entry | {"status": None}]
    assert headline(nodes) == f"1 of 3 nodes ready, height {other['height']}, primary m2"
    assert headline(nodes[2:]) == "0 of 1 nodes ready"
    asking = {"ready": False, "not_ready_because": [SILENT, "1 of 3"]}
    said_once = node_row(entry | {"status": {**status, **asking}})["state"]
    assert said_once == f"1 of 3; {WARNED.removeprefix('serves, ')}"
