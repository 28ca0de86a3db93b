"""Where a command stands: how it prints, whom it asks, which chain that is. Made part by part."""

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import BinaryIO, Self

import typer

from chain.codec import decode
from chain.errors import HushangError
from chain.genesis import Genesis
from node import contexts, testnet_layout
from node.client import NodeClient, NodeFailed, UrlRefused
from node.commands.failures import UsageWrong
from node.commands.options import Options, Output
from node.commands.output import Printer
from node.contexts import NamedContext
from node.testnet_layout import LocalNetwork
from node.words import spoken, words


class ChainDiffers(HushangError):
    """The node serves another chain than the context's genesis starts: nothing is signed for it."""

    hint = "hushang context show: are these the nodes of that chain, is this its genesis file?"


class Surroundings:
    """A command's options and what they lead to."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self._opened = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Close what the command kept open; its requests keep nothing."""
        self._opened.close()

    def keep_open(self, stream: BinaryIO) -> BinaryIO:
        """Open until the command ends."""
        return self._opened.enter_context(stream)

    @cached_property
    def printer(self) -> Printer:
        """Where the data goes."""
        known = None if self.named is None else self.named.output
        return Printer(self.options.output or Output(known or Output.TABLE), self.options.field)

    def say(self, english: str, **values: object) -> None:
        """Words for a person, on stderr; what is said in other languages has {placeholders}."""
        self.printer.say(words().text(english, **values))

    def confirm(self, question: str) -> None:
        """Ask, unless --yes says it; `UsageWrong` where nobody is there to answer."""
        if self.options.yes:
            return
        try:
            agreed = typer.confirm(spoken(question), err=True)
        except typer.Abort:
            if sys.stdin is not None and sys.stdin.isatty():
                raise
            raise UsageWrong("nobody answered: --yes answers every question") from None
        if not agreed:
            raise typer.Abort

    # Whom to ask.

    @cached_property
    def named(self) -> NamedContext | None:
        """The context of a real network: that of --context, else the one in use."""
        return contexts.chosen(self.options.context)

    @cached_property
    def testnet(self) -> LocalNetwork | None:
        """The test network that the command means, if there is one."""
        return None if self.named is not None else testnet_layout.find(self.options.context)

    @cached_property
    def client(self) -> NodeClient:
        """The nodes to ask: --node, else the context's, else this machine's."""
        return NodeClient(self._urls(), ca=self.ca)

    @property
    def ca(self) -> Path | None:
        """The file of the CAs that sign the nodes' certificates: --ca, else the context's."""
        known = None if self.named is None else self.named.ca
        return self.options.ca or known

    @cached_property
    def submitter(self) -> NodeClient:
        """As `client`, for handing transactions in: with the token that the nodes may ask for."""
        file = self._token_file()
        if file is None:
            return self.client
        token = import_module("node.commands.submit_token").read_submit_token(file)
        urls = [place.url for place in self.client.places]
        return NodeClient(urls, ca=self.ca, token=token)

    def _token_file(self) -> Path | None:
        """That of --token-file, else the context's: for the context's nodes and nobody else."""
        if self.options.token_file is not None or self.named is None:
            return self.options.token_file
        return self.named.token_file if set(self._urls()) <= set(self.named.nodes) else None

    def each_client(self, timeout_s: float) -> Sequence[tuple[str, NodeClient]]:
        """Each node that the command means with a client of its own, to compare what they say."""
        urls = self._urls()
        return [(url, NodeClient([url], timeout_s=timeout_s, ca=self.ca)) for url in urls]

    def _urls(self) -> Sequence[str]:
        if self.options.node is not None:
            named = (self.options.node, *(self.options.more_nodes or ()))
            return [self._url(node) for node in named]
        if self.named is not None:
            return self.named.nodes
        if self.testnet is not None:
            return [node.api for node in self.testnet.nodes]
        # Settings and genesis files are read by pydantic: only what needs them pays for that.
        fields = import_module("node.config").NodeConfig.model_fields
        return [f"http://127.0.0.1:{fields['api_port'].default}"]

    def _url(self, named: str) -> str:
        if "://" in named:
            return named
        if self.named is not None:
            raise UrlRefused(f"--node {named}: a name is one of a test network's nodes")
        return self.require_testnet().node(named).api

    def require_testnet(self) -> LocalNetwork:
        """The test network, or `NetworkMissing`; a context in use isn't meant."""
        found = self.testnet or testnet_layout.find(self.options.context)
        if found is None:
            return testnet_layout.load(testnet_layout.directory_of(self.options.context))
        return found

    @cached_property
    def genesis(self) -> Genesis:
        """What the asked chain started from; its hash is what transactions name.

        A context with a genesis says which chain that is, whatever a node tells: `ChainDiffers`.
        """
        own = self.own_genesis
        told = self.client.get("/v1/genesis")
        genesis = decode(Genesis, bytes.fromhex(told["raw"]))
        if genesis.hash().hex() != told["hash"]:
            raise NodeFailed("the node's genesis does not have the hash that it tells")
        self.require_own_chain(genesis.hash())
        return own or genesis

    @cached_property
    def own_genesis(self) -> Genesis | None:
        """The genesis of the context's file, if it names one."""
        file = None if self.named is None else self.named.genesis
        if file is None:
            return None
        genesis: Genesis = import_module("node.genesis_file").load_genesis(file)
        return genesis

    def require_own_chain(self, genesis_hash: bytes) -> None:
        """`ChainDiffers` if the context's genesis is another one."""
        own = self.own_genesis
        if own is not None and own.hash() != genesis_hash:
            raise ChainDiffers(
                f"the chain {genesis_hash.hex()} is not the context's, {own.hash().hex()}"
            )
