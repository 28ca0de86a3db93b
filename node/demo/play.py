"""From a fresh network to its end: raise it, play the scenes, stop it, leave nothing behind."""

import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Final

from chain.errors import HushangError
from node import processes, testnet
from node.demo import money, trade
from node.demo.stage import Stage
from node.demo.story import Claim, Step, Story, as_json
from node.demo.tales import Tale, perform
from node.testnet_genesis import Plan
from node.testnet_layout import MANIFEST, LocalNetwork, load

NAME: Final = "demo"
# With fewer no node can be missed: f = ⌊(n-1)/3⌋.
NODES_MIN: Final = 4
SCENES: Final[tuple[Callable[[Stage], None], ...]] = (money.play, trade.play)


class NetworkStopped(HushangError):
    """The network of this directory doesn't run, so no story can be played on it."""

    hint = "hushang testnet start --dir DIR"


@dataclass(frozen=True, slots=True)
class Wish:
    """How the demo is to run. `directory` None: a temporary one, removed at the end."""

    nodes: int = 4
    store: str = "auto"
    directory: Path | None = None
    keep: bool = False
    time_scale: int = 1


def play(wish: Wish, tell: Callable[[Step], None], say: Callable[[str], None]) -> dict[str, Any]:
    """Play everything; the whole story as machines read it."""
    story = Story(tell)
    with interruptible(), stage_place(wish) as place, raised(wish, place, say) as network:
        stage = Stage(network, story)
        introduce(stage)
        for scene in SCENES:
            scene(stage)
        return {"network": testnet.describe(network), "steps": [as_json(s) for s in story.steps]}


def play_tale(
    wish: Wish, tale: Tale, tell: Callable[[Step], None], say: Callable[[str], None]
) -> dict[str, Any]:
    """Play one story, on a network of its own or on the one that runs in the wished directory."""
    story = Story(tell)
    with interruptible(), stage_place(wish) as place, stage_network(wish, place, say) as network:
        stage = Stage(network, story)
        introduce(stage)
        perform(stage, tale)
        money.all_equal(stage)
        return {"network": testnet.describe(network), "steps": [as_json(s) for s in story.steps]}


@contextmanager
def stage_network(wish: Wish, place: Path, say: Callable[[str], None]) -> Iterator[LocalNetwork]:
    """The network that runs in a place and goes on afterwards; where there is none, a new one."""
    if not has_network(place):
        with raised(wish, place, say) as network:
            yield network
        return
    network = load(place)
    if len(processes.running(network)) < NODES_MIN:
        raise NetworkStopped(f"{place}: fewer than {NODES_MIN} of its nodes run")
    yield network


def has_network(place: Path) -> bool:
    """Is there a test network in this directory, running or not?"""
    return (place / MANIFEST).exists()


@contextmanager
def stage_place(wish: Wish) -> Iterator[Path]:
    """The demo's directory. A temporary one goes at the end and when somebody stops the demo.

    It stays when the demo fails: what the nodes wrote says why.
    """
    if wish.directory is not None:
        yield wish.directory
        return
    place = Path(tempfile.mkdtemp(prefix="hushang-demo-"))
    try:
        yield place
    except KeyboardInterrupt:
        shutil.rmtree(place)
        raise
    if not wish.keep:
        shutil.rmtree(place, ignore_errors=True)


@contextmanager
def raised(wish: Wish, place: Path, say: Callable[[str], None]) -> Iterator[LocalNetwork]:
    """A running network; stopped afterwards whatever happens."""
    network = testnet.up(Plan(place, NAME, wish.nodes, wish.time_scale, wish.store), say)
    try:
        yield network
    except KeyboardInterrupt:
        processes.stop(network, network.nodes)
        say("stopped")
        raise
    except BaseException:
        processes.stop(network, network.nodes)
        say(f"stopped; what the nodes wrote is in {place}")
        raise
    if wish.keep:
        say(f"still running: hushang testnet status --context {place}")
        return
    testnet.reset(network)
    say("all nodes are stopped")


@contextmanager
def interruptible() -> Iterator[None]:
    """SIGTERM ends the demo like Ctrl-C does: with everything stopped."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        with suppress(TypeError):
            signal.signal(signal.SIGTERM, before)


def introduce(stage: Stage) -> None:
    """Who plays."""
    states = processes.running(stage.testnet)
    facts = {s.node.name: f"pid {s.pid}  api {s.node.api}  p2p {s.node.p2p}" for s in states}
    facts |= {"chain": stage.testnet.chain_id, "genesis": stage.testnet.genesis_hash}
    stage.tell_of(
        f"{len(states)} members run a node each: separate processes with their own keys and data.",
        facts,
        [
            Claim("/v1/status", "/chain_id", stage.testnet.chain_id),
            Claim("/v1/status", "/genesis_hash", stage.testnet.genesis_hash),
        ],
    )
