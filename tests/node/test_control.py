"""What an operator asks of a live node: one job of a kind, stopped when nobody waits for it."""

import asyncio
import http.client
import json
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, cast

import pytest

from chain.ledger import Ledger
from chain.store_contract import StorageError, StoreDamaged
from node import backup, control
from node.backup import check_backup
from node.config import ConfigInvalid
from node.control import BODY_SIZE_MAX, ControlServer
from node.control_client import ControlBusy, ControlFailed, ask_status, run_job
from node.control_socket import NAME, ControlUnreachable, connect
from node.service import NodeStatus
from tests.chain.world import World
from tests.node.parts import issue, payment

T = TypeVar("T")
PATIENCE_S = 20.0


@dataclass
class _Node:
    """A node's side of the socket, on a real ledger."""

    world: World
    is_broken: bool = False
    fatal: list[StorageError] = field(default_factory=list)

    @property
    def ledger(self) -> Ledger:
        return self.world.ledger

    def status(self) -> NodeStatus:
        @dataclass
        class Named:
            name: str = "m0"

        return cast("NodeStatus", Named())

    async def look(self, job: Callable[[Ledger], T]) -> T:
        return job(self.ledger)


def made_world() -> World:
    world = World()
    world.decide(issue(world))
    for _ in range(5):
        world.decide(*(payment(world) for _ in range(20)))
    return world


@asynccontextmanager
async def serving(directory: Path, world: World | None = None) -> AsyncIterator[_Node]:
    node = _Node(world or made_world())

    async def snapshot() -> dict[str, Any]:
        return {"height": node.ledger.tip.height}

    def reload() -> dict[str, Any]:
        if node.is_broken:
            raise ConfigInvalid("loglevel: unknown")
        return {"changed": {}, "needs_restart": []}

    server = ControlServer(directory, node, node.fatal.append, snapshot, reload)
    await server.start()
    try:
        async with asyncio.timeout(PATIENCE_S):
            yield node
    finally:
        await server.stop()


async def backed_up(directory: Path, file: Path, **form: object) -> dict[str, Any]:
    made: dict[str, object] = {"file": str(file), "force": False}
    return await asyncio.to_thread(run_job, directory, "/backup", made | form)


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


class Gate:
    """Holds a backup after its first frame until it is let go."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.reached, self.go = threading.Event(), threading.Event()
        real = backup.write_backup

        def write(
            source: backup.BackupSource, file: Path, told: backup.Told, *, force: bool
        ) -> backup.BackupMade:
            def gated(progress: backup.Progress, worked_s: float) -> None:
                self.reached.set()
                assert self.go.wait(PATIENCE_S)
                told(progress, worked_s)

            return real(source, file, gated, force=force)

        monkeypatch.setattr(control, "write_backup", write)

    async def wait(self) -> None:
        assert await asyncio.to_thread(self.reached.wait, PATIENCE_S)


@pytest.mark.asyncio
async def test_a_node_says_who_it_is(tmp_path: Path) -> None:
    async with serving(tmp_path) as node:
        told = await asyncio.to_thread(ask_status, tmp_path)
        assert (told["name"], told["height"], told["jobs"]) == ("m0", 6, [])
        assert told["block_hash"] == node.ledger.tip.digest.hex()
    with pytest.raises(ControlUnreachable):
        ask_status(tmp_path)
    assert names(tmp_path) == [], "the socket went with the node"


@pytest.mark.asyncio
async def test_a_backup_of_a_live_node_is_whole_and_told(tmp_path: Path) -> None:
    async with serving(tmp_path) as node:
        told = await backed_up(tmp_path, tmp_path / "b")
        made = check_backup(tmp_path / "b")
        assert told == control.backup_view(made)
        assert told["height"] == node.ledger.tip.height
        with pytest.raises(ControlFailed) as refused:
            await backed_up(tmp_path, tmp_path / "b")
        assert refused.value.told_code == "BackupExists"
        assert "--force" in refused.value.told_hint
        await backed_up(tmp_path, tmp_path / "b", force=True)
        with pytest.raises(ControlFailed, match="no such directory"):
            await backed_up(tmp_path, tmp_path / "no" / "b")
        assert node.fatal == []


@pytest.mark.asyncio
async def test_progress_is_told_while_it_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "PROGRESS_S", 0.0)
    told: list[Any] = []
    async with serving(tmp_path):
        form = {"file": str(tmp_path / "b")}
        result = await asyncio.to_thread(run_job, tmp_path, "/backup", form, told.append)
    assert told
    assert told[-1]["rows"] == result["rows"]


@pytest.mark.asyncio
async def test_one_job_of_a_kind_runs_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(monkeypatch)
    async with serving(tmp_path), asyncio.TaskGroup() as group:
        first = group.create_task(backed_up(tmp_path, tmp_path / "a"))
        await gate.wait()
        assert (await asyncio.to_thread(ask_status, tmp_path))["jobs"] == ["backup"]
        with pytest.raises(ControlBusy, match="under way"):
            await backed_up(tmp_path, tmp_path / "b")
        assert await asyncio.to_thread(run_job, tmp_path, "/snapshot", {}) == {"height": 6}
        gate.go.set()
        await first
        await backed_up(tmp_path, tmp_path / "b")


@pytest.mark.asyncio
async def test_a_client_that_goes_away_ends_its_job_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(monkeypatch)
    ended = asyncio.Event()
    real = ControlServer._backup

    async def noted(*arguments: Any) -> dict[str, Any]:
        try:
            return await real(*arguments)
        finally:
            ended.set()

    monkeypatch.setattr(ControlServer, "_backup", noted)
    async with serving(tmp_path):
        client = connect(tmp_path)
        body = json.dumps({"file": str(tmp_path / "b")})
        head = f"POST /backup HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
        client.sendall((head + body).encode())
        await gate.wait()
        client.close()
        gate.go.set()
        await ended.wait()
        assert names(tmp_path) == [NAME]
        await backed_up(tmp_path, tmp_path / "b")


@pytest.mark.asyncio
async def test_a_node_that_stops_stops_its_jobs_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(monkeypatch)
    node = _Node(made_world())
    server = ControlServer(tmp_path, node, node.fatal.append)
    await server.start()
    async with asyncio.TaskGroup() as group:
        job = group.create_task(asyncio.to_thread(_refusal, tmp_path))
        await gate.wait()
        stopping = group.create_task(server.stop())
        await asyncio.sleep(0)
        gate.go.set()
        await stopping
        assert not any(thread.name == "backup" for thread in threading.enumerate())
        node.ledger.store.close()
        assert (await job).told_code == "BackupStopped"
    assert names(tmp_path) == []


def _refusal(directory: Path) -> ControlFailed:
    with pytest.raises(ControlFailed) as refused:
        run_job(directory, "/backup", {"file": str(directory / "b")})
    return refused.value


@pytest.mark.asyncio
async def test_a_storage_error_in_a_backup_is_the_nodes_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise StoreDamaged("a row is damaged")

    monkeypatch.setattr(control, "write_backup", broken)
    async with serving(tmp_path) as node:
        with pytest.raises(ControlFailed, match="damaged"):
            await backed_up(tmp_path, tmp_path / "b")
        assert [type(error) for error in node.fatal] == [StoreDamaged]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"[]", b"{", b'{"file": 5}', b'{"file": "relative"}', b'{"file": "/x", "force": 1}'),
        b"{" + b" " * BODY_SIZE_MAX + b"}",
    ],
    ids=lambda body: body[:20].decode(),
)
async def test_a_request_of_another_form_is_refused_by_name(tmp_path: Path, body: bytes) -> None:
    def ask() -> dict[str, Any]:
        connection = http.client.HTTPConnection("localhost")
        connection.sock = connect(tmp_path)
        connection.request("POST", "/backup", body)
        told: dict[str, Any] = json.loads(connection.getresponse().read())
        connection.close()
        return told

    async with serving(tmp_path):
        assert (await asyncio.to_thread(ask))["error"]["code"] == "ControlRequestInvalid"
        assert names(tmp_path) == [NAME]
        assert (await asyncio.to_thread(ask_status, tmp_path))["jobs"] == []


@pytest.mark.asyncio
async def test_settings_are_read_again_or_it_is_told_why_not(tmp_path: Path) -> None:
    async with serving(tmp_path) as node:
        told = await asyncio.to_thread(run_job, tmp_path, "/reload", {})
        assert told == {"changed": {}, "needs_restart": []}
        node.is_broken = True
        with pytest.raises(ControlFailed, match="loglevel: unknown") as refused:
            await asyncio.to_thread(run_job, tmp_path, "/reload", {})
    assert refused.value.told_code == "ConfigInvalid"


@pytest.mark.asyncio
async def test_without_a_snapshot_maker_the_request_is_refused(tmp_path: Path) -> None:
    node = _Node(made_world())
    server = ControlServer(tmp_path, node, node.fatal.append)
    await server.start()
    try:
        with pytest.raises(ControlFailed, match="no snapshots"):
            await asyncio.to_thread(run_job, tmp_path, "/snapshot", {})
    finally:
        await server.stop()
