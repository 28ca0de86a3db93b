"""`hushang context`: name the networks that you use."""

from pathlib import Path
from typing import Annotated, Any

import typer

from node import contexts, testnet_layout
from node.commands.failures import UsageWrong
from node.commands.options import noun, verb
from node.commands.session import Session
from node.context_names import composed
from node.contexts import ContextNameTaken, Contexts, NamedContext

app = noun("Name the networks that you use: their nodes, your key, their chain, your language.")

NAME = Annotated[
    str, typer.Argument(metavar="NAME", help="Its name: letters and digits of any script, . _ -")
]


@verb(
    app,
    "add",
    examples=(
        "hushang context add shanghai --node https://node.example:26780 --key merchant.key"
        " --ca ca.pem --genesis genesis.json",
        "hushang context add shanghai --node https://a.example --node https://b.example --lang zh",
    ),
)
def add(
    session: Session,
    name: NAME,
    genesis: Annotated[
        Path | None, typer.Option(help="The chain's genesis.json: nothing is signed for another.")
    ] = None,
    token_file: Annotated[
        Path | None, typer.Option(help="File of the token that these nodes ask of who submits.")
    ] = None,
) -> None:
    """Add a context of these --node; --key, --ca, --lang and -o are kept with it.

    The files stay where they are. The nodes are asked in this order, the next one where one
    doesn't answer.
    """
    options = session.options
    if name == options.context:
        raise UsageWrong("--context names what is there; the new name is the argument")
    network = testnet_layout.home() / name
    if testnet_layout.is_network(network):
        raise ContextNameTaken(f"{name} is the test network in {network}")
    given = [*([options.node] if options.node else []), *(options.more_nodes or ())]
    made = NamedContext(
        nodes=tuple(dict.fromkeys(given)),
        key=_place(options.key),
        ca=_place(options.ca),
        genesis=_place(genesis),
        output=None if options.output is None else options.output.value,
        lang=None if options.lang is None else options.lang.value,
        token_file=_place(token_file),
    )
    path = contexts.save(contexts.load().with_added(name, made))
    session.say("kept in {path}; next: hushang context use {name}", path=path, name=name)
    session.printer.record(_shown(name, made, is_current=False))


def _place(file: Path | None) -> Path | None:
    """An absolute path, of a file that is there."""
    if file is None:
        return None
    if not file.is_file():
        raise UsageWrong(f"{file}: no such file")
    return file.absolute()


@verb(app, "use", examples=("hushang context use shanghai", "hushang context use --none"))
def use(
    session: Session,
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="A context's name.")] = None,
    none: Annotated[
        bool, typer.Option("--none", help="None: test networks and this machine's node again.")
    ] = False,
) -> None:
    """Use a context wherever --context and HUSHANG_CONTEXT name none."""
    if (name is None) != none:
        raise UsageWrong("name a context, or --none")
    contexts.save(contexts.load().using(name))
    session.say("no context is in use" if name is None else "using {name}", name=name)


@verb(app, "list", examples=("hushang context list", "hushang context list -o json"))
def list_contexts(session: Session) -> None:
    """List the contexts, and the test networks that are named like them."""
    known = contexts.load()
    rows: list[dict[str, Any]] = [
        {
            "name": name,
            "kind": "context",
            "current": name == known.current,
            "nodes": list(entry.nodes),
        }
        for name, entry in sorted(known.named.items())
    ]
    for place in testnet_layout.known():
        nodes = [node.api for node in testnet_layout.load(place).nodes]
        rows.append({"name": place.name, "kind": "test network", "current": False, "nodes": nodes})
    session.printer.records(rows)


@verb(app, "show", examples=("hushang context show", "hushang context show shanghai -o json"))
def show(
    session: Session,
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="Default: the one in use.")
    ] = None,
) -> None:
    """Show a context."""
    known = contexts.load()
    wanted = _wanted(session, name, known)
    found = known.get(wanted)
    session.printer.record(_shown(wanted, found, is_current=wanted == known.current))


@verb(
    app,
    "name",
    examples=(
        "hushang context name sf $CARRIER",
        "hushang context name sf --remove",
    ),
)
def name_account(
    session: Session,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What you call the account.")],
    account: Annotated[str | None, typer.Argument(metavar="[ACCOUNT]", help="Its id, hs1…")] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Forget the name.")] = False,
) -> None:
    """Name an account in the context: options that take an account's id take the name, too.

    It is a name of yours: nobody else sees it, and no transaction has it. One that means another
    account is taken only with --yes.
    """
    if (account is None) != remove:
        raise UsageWrong("give the account's hs1… id, or --remove")
    known = contexts.load()
    wanted = _wanted(session, None, known)
    made = known.naming(wanted, name, account, anew=session.options.yes is True)
    before = known.get(wanted).accounts.get(composed(name))
    contexts.save(made)
    if account is None:
        session.say("forgot {name}", name=name)
    elif before in (None, account):
        session.say("{name} is {account}", name=name, account=account)
    else:
        session.say("{name} is {account}; was {before}", name=name, account=account, before=before)


@verb(app, "remove", examples=("hushang context remove shanghai",))
def remove(session: Session, name: NAME) -> None:
    """Remove a context; the files that it names stay."""
    contexts.save(contexts.load().without(name))
    session.say("removed {name}", name=name)


def _wanted(session: Session, name: str | None, known: Contexts) -> str:
    wanted = name or session.options.context or known.current
    if wanted is None:
        raise UsageWrong("no context is in use: hushang context use NAME")
    return wanted


def _shown(name: str, made: NamedContext, *, is_current: bool) -> dict[str, Any]:
    places = {part: getattr(made, part) for part in ("key", "ca", "genesis", "token_file")}
    return {
        "name": name,
        "current": is_current,
        "nodes": list(made.nodes),
        **{part: None if place is None else str(place) for part, place in places.items()},
        "output": made.output,
        "lang": made.lang,
        "accounts": dict(made.accounts),
    }
