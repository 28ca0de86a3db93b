"""`hushang restore`: make a node's data directory from a backup, checked."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from node.commands.byte_progress import ByteProgress
from node.commands.options import noun, verb
from node.commands.session import Session
from node.genesis_file import load_genesis
from node.restore import restore as restore_backup
from node.vote_words import AFTERWARDS

app = noun("Make a data directory of a backup, checked.", single=True)


class Kept(StrEnum):
    """Where a restored chain is kept."""

    AUTO = "auto"
    LEVELDB = "leveldb"
    SQLITE = "sqlite"


@verb(
    app,
    "restore",
    examples=(
        "hushang restore node.backup /srv/hushang/data --genesis /srv/hushang/genesis.json",
        "hushang restore node.backup data -o json",
    ),
)
def restore(
    session: Session,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A backup.")],
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="The node's data_dir, empty or not there yet.")
    ],
    genesis: Annotated[Path, typer.Option(help="The chain's genesis.json.")] = Path("genesis.json"),
    store: Annotated[
        Kept, typer.Option("--store", help="As store in the node's settings.")
    ] = Kept.AUTO,
) -> None:
    """Make the data directory DIR from a backup; exit 8 if the backup is not what it claims.

    Checks every byte, the chain, the state against its root, and the newest block's certificate by
    its committee. Then put node.key and hushang.toml in their places and start the node: it asks
    the others what it has voted for since, keeps silent until that is safe, catches up, and votes.
    """
    with ByteProgress("restore") as told:
        restored = restore_backup(file, directory, load_genesis(genesis), told, kind=store.value)
    head = restored.head
    record = {
        "directory": str(restored.directory),
        "store": restored.kind,
        "height": head.height,
        "block_hash": head.digest.hex(),
        "state_root": restored.state_root.hex(),
        "rows": restored.rows,
        "made_ms": head.made_ms,
        "files": list(restored.files),
    }
    session.printer.record(record, session.readable(record))
    session.say("next: hushang node start; the node asks the others before it votes again")
    session.say(AFTERWARDS)
    if head.genesis.committee().f == 0:
        session.say(
            "where no other member can tell what it voted for, it needs your word first:\n"
            "hushang node accept-loss"
        )
