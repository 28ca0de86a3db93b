"""`hushang node unit | manifests`: what a node needs to run as a service, written out."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from node import keystore
from node.commands.failures import UsageWrong
from node.commands.node_noun import app
from node.commands.options import verb
from node.commands.own_node import CONFIG, settings_file
from node.commands.session import Session
from node.config import load_config
from node.deploy_files import SETS, write_set
from node.systemd_unit import UnitWish, unit_obstacles, unit_text


@verb(
    app,
    "unit",
    examples=(
        "hushang node unit --config /srv/hushang/hushang.toml --user hushang"
        " > /etc/systemd/system/hushang.service",
        "hushang node unit --config hushang.toml --passphrase-file /etc/hushang/passphrase",
    ),
)
def unit(
    session: Session,
    config: CONFIG = None,
    user: Annotated[str, typer.Option(help="The account that runs the node.")] = "hushang",
    passphrase: Annotated[
        Path | None,
        typer.Option(
            "--passphrase-file", help="What opens the node's key; root alone need read it."
        ),
    ] = None,
) -> None:
    """Print a hardened systemd unit for a node: notify, watchdog, reload, few rights.

    The data directory must exist and be the user's, as its first start needs it:
    install -d -o hushang -m 700 DIR.
    """
    file = settings_file(config)
    if file is None:
        raise UsageWrong("name the node: --config hushang.toml")
    settings = load_config(file, {}, {})
    key = settings.node_key
    if passphrase is None and key.exists() and keystore.show_key(key).sealed:
        session.say("{key} is sealed: the unit needs --passphrase-file FILE", key=key)
    wish = UnitWish(file, user, passphrase)
    text = unit_text(wish, settings)
    for obstacle in unit_obstacles(wish, settings):
        session.say("before it starts: {obstacle}", obstacle=obstacle)
    print(text, end="")


class Kind(StrEnum):
    """What the files are for."""

    COMPOSE = "compose"
    KUBERNETES = "kubernetes"
    MONITORING = "monitoring"


@verb(
    app,
    "manifests",
    examples=(
        "hushang node manifests compose --dir deploy",
        "hushang node manifests kubernetes --dir deploy",
        "hushang node manifests monitoring --dir monitoring",
    ),
)
def manifests(
    session: Session,
    kind: Annotated[Kind, typer.Argument(help="What for.")],
    directory: Annotated[Path, typer.Option("--dir", help="Where to write; may exist.")],
) -> None:
    """Write out the files that come with the software; none that is there already is overwritten.

    compose: an image and a network of four members. kubernetes: one member's node, for kustomize.
    monitoring: alert rules for Prometheus and a dashboard for Grafana.
    """
    written = write_set(SETS[kind.value], directory)
    session.show_list([{"file": str(path)} for path in written])
