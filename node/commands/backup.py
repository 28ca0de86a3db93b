"""`hushang backup`: copy a live or stopped node's chain into one file, and check such a file."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typing_extensions import override

from node.backup import (
    BackupSource,
    NodeRunning,
    Progress,
    check_backup,
    opened,
    refuse_existing,
    write_backup,
)
from node.clock import now_ms
from node.commands.byte_progress import ByteProgress
from node.commands.failures import UsageWrong
from node.commands.options import noun, verb
from node.commands.session import Session
from node.config import FILE_NAME, load_config
from node.control import backup_view
from node.control_client import run_job
from node.control_socket import ControlUnreachable


class CreateByDefault(TyperGroup):
    """`hushang backup FILE` is `hushang backup create FILE`."""

    @override
    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        known = {*self.list_commands(ctx), "-h", "--help"}
        if args and args[0] not in known:
            args = ["create", *args]
        return list(super().parse_args(ctx, args))


app = noun(
    "Copy a live or stopped node's data into one file: hushang backup FILE. "
    "No keys are in it; keep those elsewhere."
)
app.info.cls = CreateByDefault

DataDir = Annotated[
    Path | None, typer.Option("--data-dir", help="The node's data_dir, if not by --config.")
]
ConfigFile = Annotated[
    Path | None, typer.Option("--config", help="The node's settings; ./hushang.toml if it is here.")
]


def data_dir_of(data_dir: Path | None, config: Path | None) -> Path:
    """The data directory that a command line means."""
    if data_dir is not None and config is not None:
        raise UsageWrong("--data-dir or --config, not both")
    if data_dir is not None:
        return data_dir
    file = config or Path(FILE_NAME)
    if config is None and not file.exists():
        raise UsageWrong("name the node: --data-dir DIR or --config hushang.toml")
    return load_config(file, os.environ, {}).data_dir


@verb(
    app,
    "create",
    examples=(
        "hushang backup create node.backup --config /srv/hushang/hushang.toml",
        "hushang backup /srv/backups/monday.backup --data-dir /srv/hushang/data",
        "hushang backup node.backup --force -o json",
    ),
)
def create(
    session: Session,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write the backup.")],
    data_dir: DataDir = None,
    config: ConfigFile = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite FILE.")] = False,
) -> None:
    """Copy the chain and its state, at one block boundary, into FILE.

    A live node writes it itself, in the background, while blocks go on; FILE is on its host. What
    a node has promised (its journal) and its keys are not in it: back up node.key and hushang.toml
    by yourself, once, and never start a copy beside its original.
    """
    directory = data_dir_of(data_dir, config)
    refuse_existing(file, force=force)
    with ByteProgress("backup") as told:
        try:
            form = {"file": str(file.absolute()), "force": force}
            record = run_job(directory, "/backup", form, lambda line: told(progress_of(line)))
        except ControlUnreachable as unreachable:
            record = back_up_stopped(directory, file, told, unreachable, force=force)
    session.printer.record(record, session.readable(record))


def back_up_stopped(
    directory: Path, file: Path, told: ByteProgress, unreachable: Exception, *, force: bool
) -> dict[str, Any]:
    """A backup that this process makes, since no node answers there."""
    try:
        with opened(directory) as ledger:
            source = BackupSource.of(ledger, now_ms(), directory)
            return backup_view(write_backup(source, file.absolute(), told, force=force))
    except NodeRunning as error:
        raise NodeRunning(f"{error}, and does not answer: {unreachable}") from unreachable


def progress_of(line: Mapping[str, Any]) -> Progress:
    """What a node tells of a job."""
    return Progress(int(line.get("rows", 0)), int(line.get("size", 0)))


@verb(
    app,
    "check",
    examples=("hushang backup check node.backup", "hushang backup check node.backup -o json"),
)
def check(
    session: Session,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A backup.")],
) -> None:
    """Check that every byte of a backup is as it was written; exit 8 if not.

    Whether it holds a state of its chain is checked by hushang restore.
    """
    with ByteProgress("check") as told:
        record = backup_view(check_backup(file, told))
    session.printer.record(record, session.readable(record))
