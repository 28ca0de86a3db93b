"""`hushang node wait`: returns when a node is ready, level with the others, or at a height."""

import time
from typing import Annotated, Any, Final

import typer

from chain.errors import HushangError
from node.commands.failures import UsageWrong
from node.commands.node_noun import app
from node.commands.options import TIMEOUT_MAX_S, verb
from node.commands.own_node import CONFIG, asked_clients, asked_settings
from node.commands.session import Session
from node.commands.surroundings import ChainDiffers
from node.config import NodeConfig
from node.genesis_file import load_genesis
from node.join_follow import Follower, Status
from node.readiness import Lack, lacks_blocks, lacks_height, lacks_readiness
from node.words import said

TIMEOUT_S: Final = 60.0
POLL_S: Final = 0.25
FIELDS: Final = ("name", "chain_id", "genesis_hash", "height", "ready", "role")
# Of one question; the waiting asks again.
ASK_S: Final = 2.0


class NotYet(HushangError):
    """The node answers, and what was waited for hasn't come in time."""

    hint = "nothing is wrong by that alone: wait again, or hushang doctor says what is in its way"


@verb(
    app,
    "wait",
    examples=(
        "hushang node wait",
        "hushang node wait --config /srv/hushang/hushang.toml --synced --timeout 600",
        "hushang node wait --node http://10.0.0.2:26780 --height 1200",
        "hushang node wait --context shanghai --timeout 10 -o json",
    ),
)
def wait(
    session: Session,
    config: CONFIG = None,
    ready: Annotated[bool, typer.Option("--ready", help="Until it serves: the default.")] = False,
    height: Annotated[
        int | None, typer.Option("--height", min=1, help="Until it has decided this height.")
    ] = None,
    synced: Annotated[
        bool, typer.Option("--synced", help="Until it has all blocks that its peers told of.")
    ] = False,
    timeout_s: Annotated[
        float,
        typer.Option("--timeout", min=0, max=TIMEOUT_MAX_S, help="Seconds to wait; 0 looks once."),
    ] = TIMEOUT_S,
) -> None:
    """Wait until a node of this chain is ready; of a context or test network, until all nodes are.

    What it waits for is told on stderr. Exits 5 if it doesn't answer in time, 6 if it answers and
    isn't there yet, and 8 at once if it is a node of another chain than the settings, the context
    or the test network name.
    """
    watch = Watch(_lack(ready=ready, height=height, synced=synced))
    settings = asked_settings(session, config, here=True)
    watch.genesis_hash = known_genesis(session, settings)
    ends = time.monotonic() + timeout_s
    records = []
    for url, client in asked_clients(session, settings, ASK_S):
        follower = Follower(
            client, session.say, POLL_S, watch.read, said("{url} doesn't answer yet", url=url)
        )
        if not follower.follow(max(0.0, ends - time.monotonic())):
            raise follower.silence or NotYet(
                said("{words}, after {seconds} s", words=follower.words, seconds=f"{timeout_s:g}")
            )
        records.append(watch.told)
    shown = map(session.readable, records)
    if len(records) == 1:
        session.printer.record(records[0], next(shown))
    else:
        session.printer.records(records, shown)


class Watch:
    """Reads the answers of nodes that are waited for."""

    def __init__(self, lack: Lack) -> None:
        self._lack = lack
        # Of the chain that they must be of, if that is known.
        self.genesis_hash: str | None = None
        self.told: dict[str, Any] = {}

    def read(self, status: Status) -> tuple[bool, str]:
        """Is the node there, and what it waits for; `ChainDiffers`."""
        name, told = status["name"], status["genesis_hash"]
        if self.genesis_hash not in (None, told):
            raise ChainDiffers(f"{name} is of the chain {told}, not of {self.genesis_hash}")
        self.told = {field: status[field] for field in FIELDS}
        lack = self._lack(status)
        return not lack, said("{name} waits: {lack}", name=name, lack=lack) if lack else ""


def _lack(*, ready: bool, height: int | None, synced: bool) -> Lack:
    if ready + synced + (height is not None) > 1:
        raise UsageWrong("one of --ready, --synced, --height")
    if height is not None:
        return lacks_height(height)
    return lacks_blocks if synced else lacks_readiness


def known_genesis(session: Session, settings: NodeConfig | None) -> str | None:
    """The hash that names the chain of the nodes: by the settings, the context or test network."""
    if settings is not None:
        # A newcomer fetches it first.
        return load_genesis(settings.genesis).hash().hex() if settings.genesis.exists() else None
    if session.own_genesis is not None:
        return session.own_genesis.hash().hex()
    by_url = "://" in (session.options.node or "")
    return None if by_url or session.testnet is None else session.testnet.genesis_hash
