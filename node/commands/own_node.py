"""The node of this machine, as its settings tell: which file they are, and how to ask the node."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from node.client import NodeClient
from node.commands.failures import UsageWrong
from node.commands.session import Session
from node.config import FILE_NAME, NodeConfig, load_config
from node.own_api import TIMEOUT_S, client_of, own_url

CONFIG = Annotated[
    Path | None, typer.Option("--config", help="Settings; ./hushang.toml if there is one.")
]
ASKED = Annotated[
    Path | None, typer.Option("--config", help="Settings of this machine's node: ask that one.")
]


def settings_file(named: Path | None) -> Path | None:
    """The settings that a command line means: --config, HUSHANG_CONFIG, ./hushang.toml or none."""
    variable = os.environ.get("HUSHANG_CONFIG")
    if named is not None or variable:
        return named or Path(str(variable))
    return Path(FILE_NAME) if Path(FILE_NAME).exists() else None


def asked_settings(
    session: Session, named: Path | None, *, here: bool = False
) -> NodeConfig | None:
    """The settings of the node to ask; None where nodes are named otherwise.

    --config counts always, then --node and --context, then HUSHANG_CONFIG. A ./hushang.toml is
    meant where there is no context or test network, or `here`.
    """
    options = session.options
    if named is None and (options.node or options.context):
        return None
    said = named is not None or here or os.environ.get("HUSHANG_CONFIG")
    if not said and (session.named or session.testnet):
        return None
    file = settings_file(named)
    return None if file is None else load_config(file, os.environ, {})


def asked_clients(
    session: Session, config: NodeConfig | None, timeout_s: float = TIMEOUT_S
) -> Sequence[tuple[str, NodeClient]]:
    """The nodes to ask, with their URLs: --node, else that of the settings, else the context's."""
    if config is None or session.options.node is not None:
        return session.each_client(timeout_s)
    url = own_url(config)
    if url is None:
        raise UsageWrong("the settings let the system choose the API's port: give --node URL")
    return [(url, client_of(url, session.ca, config, timeout_s))]
