"""`hushang support`: what helps to find a fault, packed without secrets."""

import os
from pathlib import Path
from typing import Annotated, Final

import typer

from node.clock import now_ms
from node.commands.failures import UsageWrong
from node.commands.options import noun, verb
from node.commands.own_node import CONFIG, settings_file
from node.commands.session import Session
from node.config import ConfigInvalid
from node.doctor.examine import Question
from node.own_api import TIMEOUT_S
from node.support.bundle import MIB, gather, write
from node.words import said, series

app = noun("Pack what helps to find a fault, without secrets.")

LOG_MIB_DEFAULT: Final = 8
LOG_MIB_MAX: Final = 256


@verb(
    app,
    "bundle",
    examples=(
        "hushang support bundle --config /srv/hushang/hushang.toml --out fault.tar.gz",
        "hushang support bundle --dry-run",
        "hushang support bundle --out fault.tar.gz --log /var/log/hushang.log --log-mib 32",
    ),
)
def bundle(
    session: Session,
    config: CONFIG = None,
    out: Annotated[Path | None, typer.Option("--out", help="The archive, a .tar.gz.")] = None,
    log: Annotated[
        Path | None, typer.Option(help="The node's log, where the settings don't name it.")
    ] = None,
    log_mib: Annotated[
        int, typer.Option(min=0, max=LOG_MIB_MAX, help="So much of the log's end.")
    ] = LOG_MIB_DEFAULT,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only list what would be in.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace the file.")] = False,
) -> None:
    """Pack versions, settings, the node's own account, metrics, doctor's report, the log's end.

    Secrets are left out, and whatever is known or looks like one is redacted everywhere. Its
    MANIFEST.json lists each file and why it is there: read it before you hand the bundle on.
    """
    if out is None and not dry_run:
        raise UsageWrong("--out FILE.tar.gz, or --dry-run")
    if config is not None and not config.exists():
        raise ConfigInvalid(f"{config}: no such file")
    named = session.options.node is not None
    node = session.each_client(TIMEOUT_S)[0][0] if named else None
    question = Question(settings_file(config), os.environ, node, log=log, ca=session.ca)
    made = gather(question, log_mib * MIB, now_ms())
    manifest = made.manifest()
    size = None
    if out is not None and not dry_run:
        size = write(made, out, force=force)
    record = {"file": str(out) if size is not None else None, "size": size} | manifest
    if not session.printer.is_table:
        session.printer.document(record)
        return
    session.printer.records(
        [{name: entry[name] for name in ("name", "size", "why")} for entry in manifest["files"]]
    )
    session.say(
        "{redactions} secrets redacted; never in it: {never_in_it}",
        redactions=made.redactions,
        never_in_it=series(manifest["never_in_it"]),
    )
    session.say(
        said("{out}: {size} bytes", out=out, size=size)
        if size is not None
        else said("nothing was written")
    )
