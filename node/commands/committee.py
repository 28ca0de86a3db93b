"""`hushang committee`: who votes, who is ready to, and how a quorum changes it."""

from pathlib import Path
from typing import Annotated, Any

import typer

from chain.transaction import SignedTransaction
from commerce.registry import operation
from node import keystore, seats
from node.commands.failures import UsageWrong
from node.commands.options import TIMEOUT_S, Wait, noun, verb
from node.commands.out_file import FORCE, check_out, write_out
from node.commands.quorum import OutOption, signed_by_quorum
from node.commands.session import Session
from node.commands.tx import read_file

app = noun("Who votes on blocks, and how a quorum of the members changes it.")


@verb(
    app,
    "show",
    examples=(
        "hushang committee show",
        "hushang committee show 3 -o json > committee-3.json",
    ),
)
def show(
    session: Session,
    epoch: Annotated[
        int | None, typer.Argument(metavar="[EPOCH]", min=0, help="Default: the one of now.")
    ] = None,
) -> None:
    """Show who votes now and who will if a change is pending; or an epoch's committee.

    With -o json an epoch comes with the certified header that names its committee: a file of each
    epoch after the first lets anybody follow the committees offline, from the genesis alone.
    """
    path = "/v1/committee" if epoch is None else f"/v1/committee/{epoch}"
    told = session.client.get(path)
    if not session.printer.is_table:
        session.printer.document(told)
        return
    shown = told if epoch is None else told["committee"]
    show_members(session, shown)
    pending = shown.get("pending")
    if pending is not None:
        session.say("decided, from height {first_height} on:", first_height=pending["first_height"])
        show_members(session, pending)


def show_members(session: Session, told: dict[str, Any]) -> None:
    """A committee as people see it."""
    session.say(
        "epoch {epoch} from height {height}: {count} members, {quorum} make a quorum, {f} may be"
        " faulty",
        epoch=told["epoch"],
        height=told["first_height"],
        count=told["n"],
        quorum=told["quorum"],
        f=told["f"],
    )
    columns = ("index", "name", "account", "node_key", "suspended")
    session.printer.records([{name: entry[name] for name in columns} for entry in told["members"]])


@verb(
    app,
    "ready",
    examples=(
        "hushang committee ready --node-key node.key > seat.json",
        "hushang committee ready --node-key node.key --account huangpu --node http://127.0.0.1:26780",
    ),
)
def ready(
    session: Session,
    node_key: Annotated[Path, typer.Option(help="The key file of the node that will vote.")],
    account: Annotated[
        str | None,
        typer.Option("--account", "--name", help="Its organisation: hs1… or its registered name."),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Where to write.")] = None,
    force: FORCE = False,
) -> None:
    """Sign with a node's key that it follows the chain and may get a seat; prints the seat as JSON.

    Ask the new node itself (--node): what it signs is the newest block that it has. The seat holds
    for the next committee and for 1,024 blocks; then sign again.
    """
    check_out(out, force=force)
    key = keystore.load_key(node_key, keystore.find_passphrase)
    made = seats.make_ready(session.client, session.genesis, key, account)
    session.say(
        "{name} is ready for epoch {epoch}, by height {ready_height}",
        name=made.name,
        epoch=made.epoch,
        ready_height=made.seat.ready_height,
    )
    if out is None:
        session.printer.document(seats.to_record(made))
    else:
        write_out(out, seats.to_text(made).encode(), force=force)


@verb(
    app,
    "change",
    sends=True,
    examples=(
        "hushang committee change --add seat.json",
        "hushang committee change --remove hongkou",
        "hushang committee change --replace seat.json --key a.key --cosign b.key --cosign c.key",
        "hushang committee change --add seat.json --key a.key --out change.json",
    ),
)
def change(
    session: Session,
    add: Annotated[
        list[Path] | None, typer.Option(help="A new seat: a file of committee ready; repeatable.")
    ] = None,
    remove: Annotated[
        list[str] | None, typer.Option(help="The name or account of who goes; repeatable.")
    ] = None,
    replace: Annotated[
        list[Path] | None, typer.Option(help="A member's seat under a new key; repeatable.")
    ] = None,
    out: OutOption = None,
) -> None:
    """Change the committee by a quorum of its members: they sign with the keys of their accounts.

    In a test network their keys are at hand. Else give --key and --cosign until a quorum has
    signed, or --out, let the others `hushang tx sign` the file in turn, and `hushang tx submit` it.
    Returns when the new committee governs.
    """
    added, replaced = read_seats(add), read_seats(replace)
    if not (added or replaced or remove):
        raise UsageWrong("nothing to change: --add, --remove or --replace")
    made, now = seats.make_change(
        session.client,
        session.genesis.hash(),
        add=added,
        remove=remove or (),
        replace=replaced,
    )
    changed = operation("committee.change", made)
    signed = signed_by_quorum(session, [changed], now, out)
    if signed is not None:
        submit(session, signed)


def submit(session: Session, signed: SignedTransaction) -> None:
    """Hand a change in, print what came of it, and wait until its committee governs."""
    outcome = session.submit(signed, brings=("epoch", "first_height"))
    ids: dict[str, Any] = {}
    if outcome.is_decided:
        told = outcome.event("committee.changed")
        ids = {name: told[name] for name in ("epoch", "first_height")}
    session.report(outcome, ids)
    if outcome.is_decided and session.options.wait in (None, Wait.DECIDED):
        timeout_s = session.options.timeout_s or TIMEOUT_S
        governing = seats.wait_until_governs(session.client, ids["epoch"], timeout_s)
        names = ", ".join(entry["name"] for entry in governing["members"])
        session.say(
            "the committee of epoch {epoch} governs: {names}", epoch=governing["epoch"], names=names
        )


def read_seats(files: list[Path] | None) -> list[seats.ReadySeat]:
    """The seats of these files, each verified."""
    return [seats.from_text(read_file(file), str(file)) for file in files or ()]
