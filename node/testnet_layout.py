"""What a test network is on disk: one directory, its manifest, and a folder for each node.

`testnet.json` names the nodes with their addresses and the accounts with their key files; paths in
it are relative to its directory, so that the whole can be moved while it is stopped.
"""

import errno
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from chain.errors import HushangError
from node.plain_text import shortened
from node.strict_json import JsonRefused, read_json
from node.validation import did_you_mean

FORMAT: Final = "hushang-testnet"
FORMAT_VERSION: Final = 1
MANIFEST: Final = "testnet.json"
ABSENT: Final = (errno.ENOENT, errno.ENAMETOOLONG)
GENESIS: Final = "genesis.json"
HOME_VARIABLE: Final = "HUSHANG_HOME"
HOME: Final = ".hushang"
NAME_DEFAULT: Final = "local"
LOOPBACK: Final = "127.0.0.1"
# Whoever tries webhooks on this machine has their receiver on it too.
WEBHOOK_NETWORKS: Final = ("127.0.0.0/8",)


class NetworkMissing(HushangError):
    """There is no test network here."""

    hint = "hushang testnet up -n 4"


class NetworkExists(HushangError):
    """A test network of this name exists already."""

    hint = (
        "use it (hushang testnet status), begin anew (hushang testnet reset), or choose "
        "another name"
    )


class DirectoryNotEmpty(HushangError):
    """The directory for a new test network holds something else, which is left alone."""

    hint = "name an empty directory, or one that doesn't exist yet"


class NetworkBroken(HushangError):
    """The manifest of a test network can't be read."""

    hint = "hushang testnet up makes a new network in another directory; remove this one by hand"


class NodeUnnamed(HushangError):
    """No node of the test network has this name or number."""

    hint = "hushang testnet status lists names and numbers"


class AccountUnnamed(HushangError):
    """No account has this name, in the test network or the context."""

    hint = "name one of those that the message lists, or an hs1… id"


@dataclass(frozen=True, slots=True)
class NodePlace:
    """One node: its number from 1, its member's name, its two ports."""

    number: int
    name: str
    p2p_port: int
    api_port: int

    @property
    def api(self) -> str:
        """URL of its API."""
        return f"http://{LOOPBACK}:{self.api_port}"

    @property
    def p2p(self) -> str:
        """Where its peers reach it."""
        return f"{LOOPBACK}:{self.p2p_port}"


@dataclass(frozen=True, slots=True)
class AccountPlace:
    """An account of the network: its role (`member` for a member's own), id and key file."""

    name: str
    role: str
    account: str
    key_file: str


@dataclass(frozen=True, slots=True)
class LocalNetwork:
    """One test network in `directory`."""

    directory: Path
    name: str
    chain_id: str
    genesis_hash: str
    nodes: tuple[NodePlace, ...]
    accounts: tuple[AccountPlace, ...]

    def folder(self, node: NodePlace) -> Path:
        """Everything of one node."""
        return self.directory / node.name

    def config_file(self, node: NodePlace) -> Path:
        """Its settings; the path also tells its process from all others."""
        return self.folder(node) / "hushang.toml"

    def log_file(self, node: NodePlace) -> Path:
        """What it wrote on stdout and stderr."""
        return self.folder(node) / "node.log"

    def pid_file(self, node: NodePlace) -> Path:
        """Its process, while it runs."""
        return self.folder(node) / "node.pid"

    def data_dir(self, node: NodePlace) -> Path:
        """Its database and journal."""
        return self.folder(node) / "data"

    def node(self, which: str) -> NodePlace:
        """The node of a name or number, or `NodeUnnamed`."""
        for node in self.nodes:
            if which in (node.name, str(node.number)):
                return node
        names = ", ".join(f"{node.number} {node.name}" for node in self.nodes)
        raise NodeUnnamed(f"no node {which} in test network {self.name}; its nodes: {names}")

    def account(self, name: str) -> AccountPlace:
        """The account of a name, or `AccountUnnamed`."""
        for account in self.accounts:
            if account.name == name:
                return account
        known = [account.name for account in self.accounts]
        if meant := did_you_mean(name, known):
            raise AccountUnnamed(f"no account {name} in test network {self.name}{meant}")
        names = ", ".join(known)
        raise AccountUnnamed(f"no account {name} in test network {self.name}; it has {names}")

    def key_file(self, account: AccountPlace) -> Path:
        """The key file of an account."""
        return self.directory / account.key_file

    def save(self) -> None:
        """Write the manifest; it appears whole or not at all."""
        record = {"format": FORMAT, "version": FORMAT_VERSION} | asdict(self)
        del record["directory"]
        path = self.directory / MANIFEST
        draft = path.with_suffix(".new")
        draft.write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n", "utf-8")
        draft.replace(path)


def home(environ: Mapping[str, str] = os.environ) -> Path:
    """Where test networks lie: `./.hushang`, or HUSHANG_HOME."""
    return Path(environ.get(HOME_VARIABLE) or HOME)


def directory_of(context: str | None, environ: Mapping[str, str] = os.environ) -> Path:
    """The directory of a context: a name under `home`, or a path with a slash or a manifest."""
    name = context or NAME_DEFAULT
    if "/" in name or is_network(Path(name)):
        return Path(name)
    return home(environ) / name


def is_network(directory: Path) -> bool:
    """Does a test network lie there?"""
    try:
        return (directory / MANIFEST).exists()
    except OSError:
        # Longer than a file's name can be, for one.
        return False


def load(directory: Path) -> LocalNetwork:
    """The test network in a directory, or `NetworkMissing`."""
    path = directory / MANIFEST
    try:
        data = path.read_bytes()
    except OSError as error:
        if error.errno in ABSENT:
            raise NetworkMissing(f"no test network in {shortened(str(directory))}") from None
        raise NetworkBroken(f"{path}: {error.strerror}") from error
    try:
        return _from_record(directory.resolve(), read_json(data))
    except (JsonRefused, KeyError, TypeError, ValueError, AttributeError) as error:
        raise NetworkBroken(f"{path}: {type(error).__name__} {error}") from error


def find(context: str | None, environ: Mapping[str, str] = os.environ) -> LocalNetwork | None:
    """The test network that a command means: the named one, `local`, or the only one there is."""
    if context is not None:
        return load(directory_of(context, environ))
    if (directory_of(None, environ) / MANIFEST).exists():
        return load(directory_of(None, environ))
    found = known(environ)
    return load(found[0]) if len(found) == 1 else None


def known(environ: Mapping[str, str] = os.environ) -> Sequence[Path]:
    """The directories of all test networks under `home`, by name."""
    return sorted(path.parent for path in home(environ).glob(f"*/{MANIFEST}"))


def _from_record(directory: Path, record: Mapping[str, Any]) -> LocalNetwork:
    if (record["format"], record["version"]) != (FORMAT, FORMAT_VERSION):
        raise NetworkBroken(f"{directory}: not a manifest of version {FORMAT_VERSION}")
    network = LocalNetwork(
        directory=directory,
        name=str(record["name"]),
        chain_id=str(record["chain_id"]),
        genesis_hash=str(record["genesis_hash"]),
        nodes=tuple(NodePlace(**entry) for entry in record["nodes"]),
        accounts=tuple(AccountPlace(**entry) for entry in record["accounts"]),
    )
    places = [network.folder(node) for node in network.nodes]
    places += [network.key_file(account) for account in network.accounts]
    for place in places:
        # `reset` removes them: a manifest must not name what is outside.
        inside = Path(os.path.normpath(place)).relative_to(directory).parts
        if not inside or place.is_symlink():
            raise NetworkBroken(f"{place} is no part of the network")
    return network
