"""`hushang snapshot`: what a node offers to new ones; made by a live node, looked at offline."""

from pathlib import Path
from typing import Annotated, Any

import typer

from chain.snapshot import Manifest, PartKind
from node.backup import Progress
from node.commands.backup import ConfigFile, DataDir, data_dir_of
from node.commands.byte_progress import ByteProgress
from node.commands.failures import UsageWrong
from node.commands.options import noun, verb
from node.commands.session import Session
from node.control_client import run_job
from node.genesis_file import load_genesis
from node.snapshot_files import (
    FOLDER_NAME,
    HeldSnapshot,
    SnapshotMissing,
    check_folder,
    found_in,
    held_of,
    manifest_in,
)
from node.snapshots import snapshot_view

app = noun("Snapshots of the state, from which new nodes start: make, list, show, check.")

Folder = Annotated[
    Path, typer.Argument(metavar="DIR", help="A snapshot: DATA_DIR/snapshots/HEIGHT.")
]


@verb(
    app,
    "create",
    examples=(
        "hushang snapshot create --config /srv/hushang/hushang.toml",
        "hushang snapshot create --data-dir /srv/hushang/data -o json",
    ),
)
def create(session: Session, data_dir: DataDir = None, config: ConfigFile = None) -> None:
    """Have a live node make a snapshot now, in the background, while blocks go on.

    Where the newest block still waits for the one that certifies its results, the snapshot waits
    for that too. Ctrl-C stops the waiting, not the snapshot.

    One node's snapshot brings a new node the state. The same one on f + 1 members' nodes (make it
    on each before the next block with transactions) brings the index of past transactions too.
    """
    directory = data_dir_of(data_dir, config)
    session.say("the node makes a snapshot; it waits for the next block if it needs one")
    record = run_job(directory, "/snapshot", {})
    session.printer.record(record, session.readable(record))


@verb(
    app,
    "list",
    examples=(
        "hushang snapshot list --config /srv/hushang/hushang.toml",
        "hushang snapshot list --data-dir /srv/hushang/data -o json",
    ),
)
def list_snapshots(session: Session, data_dir: DataDir = None, config: ConfigFile = None) -> None:
    """List the complete snapshots in a node's data directory, newest first."""
    found = [snapshot_view(held) for held in found_in(data_dir_of(data_dir, config) / FOLDER_NAME)]
    columns = ("height", "time_ms", "parts", "size", "block_hash")
    rows = [session.readable({name: entry[name] for name in columns}) for entry in found]
    session.printer.records(found, rows)


@verb(
    app,
    "show",
    examples=(
        "hushang snapshot show /srv/hushang/data/snapshots/81240",
        "hushang snapshot show data/snapshots/81240 -o json",
    ),
)
def show(session: Session, folder: Folder) -> None:
    """Show what a snapshot's manifest says; hushang snapshot check proves it."""
    held = _held(folder)
    record = {**snapshot_view(held), **_manifest_view(manifest_in(folder))}
    session.printer.record(record, session.readable(record))


@verb(
    app,
    "check",
    examples=(
        "hushang snapshot check data/snapshots/81240 --genesis genesis.json",
        "hushang snapshot check data/snapshots/81240 -o json",
    ),
)
def check(
    session: Session,
    folder: Folder,
    genesis: Annotated[Path, typer.Option(help="The chain's genesis.json.")] = Path("genesis.json"),
) -> None:
    """Prove every part of a snapshot from the genesis, without a node; exit 8 if one is wrong.

    The secondary index is compared with the manifest alone: nothing that members sign covers it.
    """
    held = _held(folder)
    done = size = 0
    with ByteProgress("check") as told:

        def tell(_: object, part_size: int) -> None:
            nonlocal done, size
            done, size = done + 1, size + part_size
            told(Progress(done, size, held.size))

        manifest = check_folder(folder, load_genesis(genesis), tell)
    record = {**snapshot_view(held), **_manifest_view(manifest), "proven": True}
    session.printer.record(record, session.readable(record))


def _held(folder: Path) -> HeldSnapshot:
    if not folder.is_dir():
        raise UsageWrong(f"{folder} is no directory; hushang snapshot list names the heights")
    try:
        return held_of(folder)
    except SnapshotMissing as error:
        raise UsageWrong(f"no complete snapshot: {error}") from error


def _manifest_view(manifest: Manifest) -> dict[str, Any]:
    kinds = [part.kind for part in manifest.parts()]
    return {
        "genesis_hash": manifest.genesis_hash.hex(),
        "state_root": manifest.header.state_root.hex(),
        "epoch": manifest.header.epoch,
        "committee_steps": len(manifest.steps),
        "parts_by_kind": {
            kind.name.lower(): kinds.count(kind) for kind in PartKind if kind in kinds
        },
        "remembered_ids": sum(minute.remembered.count for minute in manifest.minutes),
    }
