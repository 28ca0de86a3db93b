"""`hushang code batch`, `activate`, `decommission`: what a brand does with its codes."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Final

import typer

from chain.bech32m import encode_account
from commerce.codes.batch import BATCH_CODES_MAX
from commerce.codes.batching import (
    DISCLOSED_MAX,
    CodeActivate,
    CodeBatch,
    CodeDecommission,
)
from commerce.epcis.digital_link import DOMAIN
from commerce.registry import operation
from node import keystore
from node.code_files import HIDDEN, LABELS, BatchFiles, has_batch, load_batch_files, new_batch
from node.commands.code_noun import app, read_gtin, read_lot
from node.commands.failures import UsageWrong
from node.commands.options import noun, verb
from node.commands.session import Session
from node.json_values import read_hash

batch_app = noun("Batches of codes: make one, look at them.")
app.add_typer(batch_app, name="batch")

DIRECTORY = Annotated[
    Path, typer.Argument(metavar="DIR", help="Where hushang code batch create put the batch.")
]
FIRST = Annotated[int, typer.Option(min=0, help="The first code's place, from 0.")]
LAST = Annotated[int | None, typer.Option(min=0, help="The last one's; default: the batch's last.")]
# Making a million takes some seconds.
_LOUD_FROM: Final = 100_000


@verb(
    batch_app,
    "create",
    sends=True,
    examples=(
        "hushang code batch create --gtin 06901234000016 --count 1000 --out spring --as merchant",
        "hushang code batch create --gtin 06901234000016 --count 500 --lot L-24 --out l-24"
        " --verifier tags.key --as merchant",
    ),
)
def create(
    session: Session,
    gtin: Annotated[str, typer.Option(help="The product, 8 to 14 digits.")],
    count: Annotated[int, typer.Option(min=1, max=BATCH_CODES_MAX, help="How many codes.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="A new directory for the files.")],
    lot: Annotated[
        str | None, typer.Option(help="The lot that they are for, 1 to 20 characters.")
    ] = None,
    verifier: Annotated[
        Path | None,
        typer.Option(help="Key file of who checks the tags; only its public key is sent."),
    ] = None,
    domain: Annotated[
        str, typer.Option(help="What the labels' addresses begin with, https://…/")
    ] = DOMAIN,
) -> None:
    """Make serials and hidden codes, and tell the chain their tree's root; none is active yet.

    hidden.csv holds the hidden codes: it goes to the printer and nowhere else. The same command
    again goes on where it was interrupted.
    """
    if session.options.dry_run and not has_batch(out):
        # The codes that are tried are others than those which will be made.
        with TemporaryDirectory() as place:
            trial = Path(place) / "batch"
            files = _files(session, trial, read_gtin(gtin), count, lot, verifier, domain)
            session.send(operation("code.batch", _made(files)))
    files = _files(session, out, read_gtin(gtin), count, lot, verifier, domain)
    known = _on_chain(session, files)
    if files.record.batch_id is not None or known is not None:
        batch_id = files.record.batch_id or str(known)
        files.named(read_hash(batch_id, "batch"))
        session.say("the chain has this batch already")
        session.show(f"/v1/code-batches/{batch_id}")
        return
    signed = session.signed(operation("code.batch", _made(files)))
    outcome = session.submit(signed, brings=("batch_id", "directory"))
    ids: dict[str, Any] = {}
    if outcome.is_decided:
        ids = {"batch_id": outcome.event("code.batched")["batch_id"]}
        files.named(read_hash(ids["batch_id"], "batch"))
    session.report(outcome, {**ids, "directory": str(out)})
    session.say(
        "{out} is secret: it goes to the printer; {labels} are the labels",
        out=out / HIDDEN,
        labels=out / LABELS,
    )


def _made(files: BatchFiles) -> CodeBatch:
    record = files.record
    key = None if record.verifier is None else bytes.fromhex(record.verifier)
    return CodeBatch(record.gtin, record.lot, record.count, bytes.fromhex(record.root), key)


def _files(  # one for each option
    session: Session,
    out: Path,
    gtin: str,
    count: int,
    lot: str | None,
    verifier: Path | None,
    domain: str,
) -> BatchFiles:
    """The files of this batch: those that an interrupted command left, or new ones."""
    if has_batch(out):
        files = load_batch_files(out)
        told = (files.record.gtin, files.record.count, files.record.lot)
        if told != (gtin, count, lot):
            raise UsageWrong(f"{out} holds another batch: name a new directory")
        return files
    if not domain.startswith(("https://", "http://")) or not domain.endswith("/"):
        raise UsageWrong(f"{domain!r} is no address that ends in a slash")
    if count >= _LOUD_FROM:
        session.say("making {count} codes ...", count=count)
    checked = None if lot is None else read_lot(lot)
    key = None if verifier is None else keystore.show_key(verifier).public_key
    return new_batch(out, gtin, count, lot=checked, verifier=key, domain=domain)


def _on_chain(session: Session, files: BatchFiles) -> str | None:
    """The batch of this very tree, if an earlier try reached the chain."""
    if files.record.batch_id is not None:
        return files.record.batch_id
    brand = encode_account(session.signer.account)
    pages = session.pages("/v1/code-batches", "batches", {"brand": brand})
    found = [str(batch["batch_id"]) for batch in pages if batch["root"] == files.record.root]
    return found[0] if found else None


@verb(
    batch_app,
    "list",
    examples=(
        "hushang code batch list --gtin 06901234000016",
        "hushang code batch list --brand merchant -o ndjson",
    ),
)
def list_batches(
    session: Session,
    gtin: Annotated[str | None, typer.Option(help="Of this product.")] = None,
    brand: Annotated[str | None, typer.Option(help="hs1… or a name: of this brand.")] = None,
) -> None:
    """List batches, newest first."""
    if (gtin is None) == (brand is None):
        raise UsageWrong("give either --gtin or --brand")
    query = (
        {"gtin": read_gtin(gtin)}
        if gtin is not None
        else {"brand": encode_account(session.account(brand or ""))}
    )
    session.show_list(session.pages("/v1/code-batches", "batches", query))


@verb(batch_app, "show", examples=("hushang code batch show $BATCH",))
def show(
    session: Session,
    batch: Annotated[str, typer.Argument(metavar="BATCH", help="Its id, 64 hex digits.")],
) -> None:
    """Show a batch: its root, and which of its codes are in circulation."""
    session.show(f"/v1/code-batches/{read_hash(batch, 'BATCH').hex()}")


@verb(
    app,
    "activate",
    sends=True,
    examples=(
        "hushang code activate spring --as merchant",
        "hushang code activate spring --first 0 --last 499 --as merchant",
        "hushang code activate spring --undisclosed --as merchant",
    ),
)
def activate(
    session: Session,
    directory: DIRECTORY,
    first: FIRST = 0,
    last: LAST = None,
    undisclosed: Annotated[
        bool,
        typer.Option(
            "--undisclosed",
            help="Don't list the codes on the chain: each is known from its first scan or sale.",
        ),
    ] = False,
) -> None:
    """Bring codes into circulation, with their goods."""
    files = load_batch_files(directory)
    end = _last(files, first, last)
    if undisclosed:
        whole = CodeActivate(files.batch_id, first, end, (), ())
        session.send(operation("code.activate", whole))
        return
    for start in range(first, end + 1, DISCLOSED_MAX):
        stop = min(end, start + DISCLOSED_MAX - 1)
        leaves, path = files.stretch(start, stop)
        part = CodeActivate(files.batch_id, start, stop, tuple(leaves), path)
        signed = session.signed(operation("code.activate", part))
        outcome = session.submit(signed, brings=("first", "last"))
        if stop == end:
            session.report(outcome, {"first": first, "last": end})
        else:
            session.say(
                "codes {first} to {stop} are active; --first {next} goes on from here",
                first=first,
                stop=stop,
                next=stop + 1,
            )


@verb(
    app,
    "decommission",
    sends=True,
    examples=("hushang code decommission spring --first 17 --last 17 --as merchant",),
)
def decommission(
    session: Session,
    directory: DIRECTORY,
    first: Annotated[int, typer.Option(min=0, help="The first code's place, from 0.")],
    last: Annotated[int, typer.Option(min=0, help="The last one's.")],
) -> None:
    """Take codes out of circulation for good: spoilt, lost or stolen labels.

    A claimed thing stays its owner's; whoever scans it is told that its brand withdrew the code.
    """
    files = load_batch_files(directory)
    session.send(
        operation(
            "code.decommission",
            CodeDecommission(files.batch_id, first, _last(files, first, last)),
        )
    )


def _last(files: BatchFiles, first: int, last: int | None) -> int:
    end = files.record.count - 1 if last is None else last
    if not first <= end < files.record.count:
        raise UsageWrong(f"the batch has codes 0 to {files.record.count - 1}")
    return end
