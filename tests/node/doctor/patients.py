"""A stopped node's folder for the doctor to look at: whole, until a test breaks a part of it."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from chain.genesis import Genesis
from chain.ledger import Ledger
from chain.store import open_store
from commerce.registry import Registry
from node import keystore
from node.config import NodeConfig, PeerAddress, to_toml
from node.damage import NodeData
from node.doctor.examine import Question, examine
from node.doctor.report import Check, State
from node.genesis_file import genesis_text
from node.journal import Journal, journal_owner
from tests.chain.world import genesis, key
from tests.ports import free_port

WORDS = "open sesame"


@dataclass(frozen=True)
class Patient:
    """Its folder, settings and chain."""

    place: Path
    config: NodeConfig
    genesis: Genesis

    @property
    def file(self) -> Path:
        """The settings."""
        return self.place / "hushang.toml"

    @property
    def data(self) -> NodeData:
        """Whose data it is."""
        public_key = key("node of m0").public_key
        return NodeData(self.place / "data", self.genesis, public_key, "sqlite")

    def write(self, **changes: Any) -> None:
        """Write the settings, with changes."""
        self.file.write_text(to_toml(self.config.model_copy(update=changes)))

    def look(self, **environ: str) -> dict[str, Check]:
        """What the doctor finds, by the checks' names."""
        return {check.name: check for check in examine(Question(self.file, environ))}


def patient(place: Path, *, sealed: bool = False, peers: int = 1) -> Patient:
    """A member of four that has run once: key, genesis, journal, database, log."""
    made = replace(genesis(4), time_ms=1)
    (place / "genesis.json").write_text(genesis_text(made))
    node_key = key("node of m0")
    words = WORDS.encode() if sealed else None
    keystore.write_key(place / "node.key", node_key.seed, passphrase=words)
    config = NodeConfig(
        name="m0",
        data_dir=Path("data"),
        genesis=Path("genesis.json"),
        node_key=Path("node.key"),
        p2p_port=free_port(),
        api_port=free_port(),
        store="sqlite",
        peers=tuple(
            PeerAddress(name=f"m{number + 1}", host="127.0.0.1", port=free_port())
            for number in range(peers)
        ),
    )
    owner = journal_owner(made.hash(), node_key.public_key)
    Journal(place / "data" / "journal", owner).close()
    store = open_store(place / "data" / "db", kind="sqlite")
    Ledger(store, made, Registry())
    store.close()
    (place / "node.log").write_text('{"level": "info", "message": "stopped by a signal at 0"}\n')
    found = Patient(place, config, made)
    found.write()
    return found


def states(checks: dict[str, Check], state: State) -> set[str]:
    """The names of those that ended so."""
    return {name for name, check in checks.items() if check.state is state}
