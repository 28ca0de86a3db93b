"""The relay on real sockets: two ends that talk through it, and what they notice of its faults."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from node.control_client import ControlFailed, run_job
from node.faults import NONE, Delay, Faults, Loss, OneWay, Rate
from node.relay import Plan, PlanUnreadable, Relay, Way, load_plan, main, serve
from node.testnet_genesis import free_ports
from tests.p2p.net import eventually

PATIENCE_S = 20.0
CUT = Faults(groups=(("a",),))


@dataclass
class Place:
    """A relay with one way, from a to b; b answers each line with the same in capitals."""

    relay: Relay
    way: Way
    served: asyncio.Event = field(default_factory=asyncio.Event)
    hang_up: asyncio.Event = field(default_factory=asyncio.Event)
    heard: asyncio.Queue[bytes] = field(default_factory=asyncio.Queue)
    ends: list["End"] = field(default_factory=list)
    server: asyncio.Server = field(init=False)

    async def faults(self, faults: Faults) -> None:
        await self.relay.apply(Plan(ways=(self.way,), faults=faults))

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.served.set()
        async with asyncio.TaskGroup() as group:
            hung_up = group.create_task(self.hang_up.wait())
            hung_up.add_done_callback(lambda _: writer.transport.abort())
            with contextlib.suppress(ConnectionError):
                while line := await reader.readline():
                    self.heard.put_nowait(line)
                    writer.write(line.upper())
            self.heard.put_nowait(b"")
            hung_up.cancel()

    async def dial(self) -> "End":
        end = End(*await asyncio.open_connection("127.0.0.1", self.way.port))
        self.ends.append(end)
        return end


@dataclass
class End:
    """The dialler's end."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def say(self, line: bytes) -> None:
        self.writer.write(line)

    async def hear(self) -> bytes:
        return await self.reader.readline()

    async def ended(self) -> bool:
        """Wait for the other side's end, gentle or not; was nothing said before?"""
        with contextlib.suppress(ConnectionError):
            return await self.reader.read() == b""
        return True

    async def took_s(self, line: bytes) -> float:
        """A round trip's time."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        self.say(line)
        assert await self.hear() == line.upper()
        return loop.time() - began


@asynccontextmanager
async def place(seed: int = 1) -> AsyncIterator[Place]:
    port, target_port = free_ports(2)
    way = Way(dialler="a", target="b", port=port, target_port=target_port)
    made = Place(Relay(random.Random(seed)), way)
    made.server = await asyncio.start_server(made.answer, "127.0.0.1", target_port)
    try:
        async with asyncio.timeout(PATIENCE_S):
            await made.faults(NONE)
            yield made
    finally:
        await made.relay.close()
        made.server.close()
        for end in made.ends:
            end.writer.close()
        await spins()
    assert made.relay.connections == 0


async def spins() -> None:
    """Let everything that can happen at once happen."""
    for _ in range(50):
        await asyncio.sleep(0)


@pytest.mark.asyncio
async def test_without_faults_bytes_pass_both_ways_until_the_end() -> None:
    async with place() as here:
        end = await here.dial()
        assert await end.took_s(b"hello\n") < 0.1
        end.writer.close()
        assert [await here.heard.get() for _ in range(2)] == [b"hello\n", b""]


@pytest.mark.asyncio
async def test_an_end_of_the_target_reaches_the_dialler() -> None:
    async with place() as here:
        end = await here.dial()
        assert await end.took_s(b"hello\n") < 0.1
        here.hang_up.set()
        assert await end.reader.read() == b""


@pytest.mark.asyncio
async def test_a_dialler_is_turned_away_when_nobody_listens_at_the_other_end() -> None:
    async with place() as here:
        here.server.close()
        end = await here.dial()
        assert await end.ended()


@pytest.mark.asyncio
async def test_what_is_said_while_a_way_is_cut_arrives_when_it_is_lifted() -> None:
    async with place() as here:
        end = await here.dial()
        await end.took_s(b"one\n")
        await here.faults(CUT)
        end.say(b"two\n")
        await spins()
        assert here.heard.get_nowait() == b"one\n"
        assert here.heard.empty()
        await here.faults(NONE)
        assert await end.hear() == b"TWO\n"


@pytest.mark.asyncio
async def test_no_connection_comes_about_while_either_direction_is_cut() -> None:
    for faults in (CUT, *(one_way(*ends) for ends in ("ab", "ba"))):
        async with place() as here:
            await here.faults(faults)
            end = await here.dial()
            end.say(b"hello\n")
            await spins()
            assert not here.served.is_set()
            await here.faults(NONE)
            assert await end.hear() == b"HELLO\n"


def one_way(speaker: str, listener: str) -> Faults:
    return Faults(one_way=(OneWay(speaker=speaker, listener=listener),))


@pytest.mark.asyncio
async def test_a_one_way_cut_leaves_the_other_direction_of_what_stands() -> None:
    async with place() as here:
        end = await here.dial()
        await end.took_s(b"one\n")
        await here.faults(one_way("b", "a"))
        end.say(b"two\n")
        assert [await here.heard.get() for _ in range(2)] == [b"one\n", b"two\n"]
        waiting = asyncio.ensure_future(end.hear())
        await spins()
        assert not waiting.done(), "the answer hangs"
        await here.faults(NONE)
        assert await waiting == b"TWO\n"


@pytest.mark.asyncio
async def test_an_end_is_not_heard_through_a_cut_either() -> None:
    async with place() as here:
        end = await here.dial()
        await end.took_s(b"one\n")
        await here.faults(CUT)
        end.writer.transport.abort()
        await spins()
        assert here.heard.get_nowait() == b"one\n"
        assert here.heard.empty()
        await here.faults(NONE)
        assert await here.heard.get() == b"", "now it is"


@pytest.mark.asyncio
async def test_a_cut_that_resets_ends_what_stands_and_refuses_what_comes() -> None:
    async with place() as here:
        end = await here.dial()
        await end.took_s(b"one\n")
        await here.faults(CUT.model_copy(update={"reset": True}))
        assert await end.ended()
        assert await (await here.dial()).ended()
        assert await here.heard.get() == b"one\n"
        assert await here.heard.get() == b""


@pytest.mark.asyncio
async def test_a_delay_holds_for_each_direction_and_for_connections_that_stand() -> None:
    async with place() as here:
        end = await here.dial()
        await end.took_s(b"one\n")
        await here.faults(Faults(delay=Delay(delay_ms=60)))
        assert 0.12 <= await end.took_s(b"two\n") < 1.0


@pytest.mark.asyncio
async def test_delayed_and_lost_bytes_keep_their_order() -> None:
    async with place(seed=5) as here:
        end = await here.dial()
        await here.faults(Faults(delay=Delay(delay_ms=3, jitter_ms=3), loss=Loss(loss_ppm=100_000)))
        lines = [b"%d\n" % number for number in range(40)]
        for line in lines:
            end.say(line)
            await asyncio.sleep(0)
        assert [await end.hear() for _ in lines] == lines


@pytest.mark.asyncio
async def test_a_rate_holds_for_the_bytes_together() -> None:
    async with place() as here:
        end = await here.dial()
        await here.faults(Faults(rate=Rate(rate=1_000_000)))
        # 60 kB there, and back again.
        assert 0.11 <= await end.took_s(b"." * 59_999 + b"\n") < 2.0


@asynccontextmanager
async def process(directory: Path, plan: Plan) -> AsyncIterator[None]:
    """The relay as its process runs it."""
    plan.save(directory)
    plan_file, listening = directory / "plan.json", directory / "control.sock"
    async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as group:
        running = group.create_task(serve(directory))
        await eventually(listening.exists)
        yield
        plan_file.unlink()
        await running
    assert not listening.exists()


@pytest.mark.asyncio
async def test_a_new_plan_holds_once_the_process_has_answered(tmp_path: Path) -> None:
    port, target_port = free_ports(2)
    way = Way(dialler="a", target="b", port=port, target_port=target_port)
    folder = tmp_path
    async with process(folder, Plan(ways=())):
        with pytest.raises(OSError, match="Connect"):
            await asyncio.open_connection("127.0.0.1", port)
        Plan(ways=(way,), faults=CUT).save(folder)
        assert await asyncio.to_thread(run_job, folder, "/plan", {}) == {"connections": 0}
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        (folder / "plan.json").write_text('{"ways": 3}')
        with pytest.raises(ControlFailed, match="ways"):
            await asyncio.to_thread(run_job, folder, "/plan", {})
        writer.close()


def test_a_plan_is_read_whole_or_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(PlanUnreadable, match="No such file"):
        load_plan(tmp_path)
    (tmp_path / "plan.json").write_text('{"ways": [], "faluts": {}}')
    with pytest.raises(PlanUnreadable, match="faluts"):
        load_plan(tmp_path)
    assert main([str(tmp_path)]) == 1
