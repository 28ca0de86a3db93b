"""`hushang verify-chain`: replay a stopped node's data from the genesis and check all of it."""

from pathlib import Path
from typing import Annotated

import typer

from node.audit.audit import Options, audit
from node.audit.progress import ProgressLine
from node.commands.options import noun, verb
from node.commands.session import Session
from node.genesis_file import load_genesis

app = noun("Replay a stopped node's data from the genesis and check all of it.", single=True)

DIRECTORY = Annotated[
    Path, typer.Argument(metavar="DIR", help="A stopped node's data_dir, or a copy of it.")
]


@verb(
    app,
    "verify-chain",
    examples=(
        "hushang verify-chain data --genesis genesis.json",
        "hushang verify-chain data --genesis genesis.json --archive /srv/archive",
        "hushang verify-chain data --genesis genesis.json --full -o json",
    ),
)
def verify_chain(
    session: Session,
    directory: DIRECTORY,
    genesis: Annotated[Path, typer.Option(help="The chain's genesis.json: all that is trusted.")],
    archive: Annotated[
        Path | None, typer.Option(help="Where the node filed the blocks that it pruned.")
    ] = None,
    scratch: Annotated[
        Path | None, typer.Option(help="Where the replay may write; default: beside the data.")
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Check the invariants every 10,000 blocks, too.")
    ] = False,
) -> None:
    """Replay every block and compare every row; exit 8 names the first bad height and the rule.

    Checks hashes, signatures, certificates, roots, receipts, state, indexes and the invariants of
    commerce. Where a node has pruned and there is no archive, it checks what is there and says so.
    As a node's start would, this lets the database's engine rewrite files, not rows: for evidence
    work on a copy.
    """
    made = load_genesis(genesis)
    with ProgressLine() as progress:
        options = Options(archive=archive, scratch=scratch, full=full, tell=progress)
        report = audit(directory, made, options)
    record = {
        "height": report.height,
        "block_hash": report.block_hash.hex(),
        "state_root": report.state_root.hex(),
        "transactions": report.transactions,
        "signatures": report.signatures,
        "replayed": report.replayed,
        "missing": report.missing or None,
    }
    session.printer.record(record)
    if report.missing:
        session.say("{missing}; with --archive all is replayed", missing=report.missing)
