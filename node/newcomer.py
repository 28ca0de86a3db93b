"""A newcomer to a chain that runs: what it takes from others' nodes before it has its own."""

from collections.abc import Callable, Iterator, Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from chain.codec import decode
from chain.errors import HushangError
from chain.genesis import Genesis
from node.client import NodeClient, NodeFailed
from node.config import PeerAddress
from node.genesis_file import genesis_text
from node.words import said

Say = Callable[[str], None]


class GenesisExists(HushangError):
    """There is a genesis already where a fetched one would be written."""

    hint = "leave out --join, or name another --genesis"


class GenesisDisputed(HushangError):
    """The nodes that were asked tell different chains."""

    hint = "ask the members which of them is right, and name only nodes of theirs"


def ask_genesis(urls: Sequence[str]) -> Genesis:
    """The genesis that all these nodes tell; people must make sure that it is the right one."""
    told: dict[str, Genesis] = {}
    for url in urls:
        answer = NodeClient([url]).get("/v1/genesis")
        genesis = decode(Genesis, bytes.fromhex(answer["raw"]))
        if genesis.hash().hex() != answer["hash"]:
            raise NodeFailed(f"{url}: its genesis does not have the hash that it tells")
        told[answer["hash"]] = genesis
    if len(told) > 1:
        raise GenesisDisputed(", ".join(told))
    return next(iter(told.values()))


def fetch_genesis(say: Say, urls: Sequence[str], file: Path) -> Genesis:
    """As `ask_genesis`, written to a file that isn't there yet."""
    if file.exists():
        raise GenesisExists(f"{file} exists")
    genesis = ask_genesis(urls)
    keep_genesis(genesis, file)
    say(
        said(
            "{file}: chain {chain_id}, genesis hash {genesis}",
            file=file,
            chain_id=genesis.chain_id,
            genesis=genesis.hash().hex(),
        )
    )
    say(said("compare this hash with what a member tells you: all that follows rests on it"))
    return genesis


def keep_genesis(genesis: Genesis, file: Path) -> None:
    """Write a genesis that was fetched."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(genesis_text(genesis), "utf-8")


def peers_at(url: str) -> list[PeerAddress]:
    """The node behind a URL as a peer, and those that it knows itself where it is reached.

    Its own host is the URL's. Addresses on its own machine mean nothing elsewhere.
    """
    told: dict[str, Any] = NodeClient([url]).get("/v1/status")
    host = urlsplit(url).hostname
    if host is None:
        raise NodeFailed(f"{url} names no host")
    try:
        own = PeerAddress(
            name=told["name"], host=host, port=told["p2p_port"], node_key=told["node_key"]
        )
        return [own, *_others(told, is_local=_is_local(host))]
    except (KeyError, TypeError, ValueError) as error:
        msg = f"{url} doesn't tell where other nodes reach it: it is another release, or joins"
        raise NodeFailed(msg) from error


def _others(told: dict[str, Any], *, is_local: bool) -> Iterator[PeerAddress]:
    for peer in told["peers"]:
        if peer["address"] is None:
            continue
        host, _, port = peer["address"].rpartition(":")
        host = host.strip("[]")
        if is_local or not _is_local(host):
            key = peer["public_key"]
            yield PeerAddress(name=peer["name"], host=host, port=int(port), node_key=key)


def _is_local(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
