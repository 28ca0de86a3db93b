"""`hushang upgrade`: protocol versions: what governs, which nodes speak it, a quorum's word."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

import typer

from chain.errors import HushangError
from commerce.registry import operation
from commerce.upgrades import ProtocolUpgrade
from node.client import NodeFailed, NodeRefused, NodeUnreachable
from node.commands.failures import UsageWrong
from node.commands.options import noun, verb
from node.commands.quorum import OutOption, signed_by_quorum
from node.commands.session import Session
from node.words import listed, said

app = noun("Protocol versions: rules that a quorum puts in force at a height.")


class NodesBehind(HushangError):
    """Nodes that were asked don't have the rules of the protocol version."""

    hint = "install newer software on them first (hushang upgrade show), or say --force"


HEIGHTS_AHEAD: Final = 1_000
ASK_TIMEOUT_S: Final = 3.0


@verb(app, "show", examples=("hushang upgrade show", "hushang upgrade show -o json"))
def show(session: Session) -> None:
    """Show which version governs, what is planned, and what each node speaks.

    In a test network, or with a context of several nodes, all of them are asked.
    """
    nodes = ask_all(session)
    plan = next(
        (entry["protocol"] for entry in nodes if entry["protocol"]),
        None,
    )
    if plan is None:
        raise NodeUnreachable("; ".join(str(entry["words"]) for entry in nodes))
    if not session.printer.is_table:
        session.printer.document({"protocol": plan, "nodes": nodes})
        return
    session.say(
        "version {version} governs, since height {since_height}",
        version=plan["version"],
        since_height=plan["since_height"],
    )
    planned = plan["planned"]
    session.say(
        said(
            "version {version} governs from height {height} on",
            version=planned["version"],
            height=planned["height"],
        )
        if planned
        else said("no other is planned")
    )
    session.printer.records([row(entry, planned) for entry in nodes])


@verb(
    app,
    "propose",
    sends=True,
    examples=(
        "hushang upgrade propose 2",
        "hushang upgrade propose 2 --height 250000 --key a.key --cosign b.key --cosign c.key",
        "hushang upgrade propose 2 --after 5000 --key a.key --out upgrade.json",
    ),
)
def propose(
    session: Session,
    version: Annotated[int, typer.Argument(metavar="VERSION", min=1, help="The next version.")],
    height: Annotated[
        int | None, typer.Option(min=1, help="The first height that it governs.")
    ] = None,
    after: Annotated[
        int, typer.Option(min=1, help="Without --height: so many heights from now.")
    ] = HEIGHTS_AHEAD,
    force: Annotated[
        bool, typer.Option("--force", help="Although nodes that were asked don't speak it yet.")
    ] = False,
    out: OutOption = None,
) -> None:
    """Put a protocol version in force at a height, by a quorum of the members.

    Replace the nodes first, one after the other: those that don't speak the version when the height
    comes stop there. Until then it can be put off (the same version, another height) or withdrawn.
    """
    asked = ask_all(session)
    _tell_unasked(session, asked)
    behind = [str(entry["node"]) for entry in asked if not speaks(entry, version)]
    if behind:
        words = said(
            "{names} would stop before that height: they don't speak {version}",
            names=listed(behind),
            version=version,
        )
        if not force:
            raise NodesBehind(words)
        session.say("{words}; replace their software before", words=words)
    now = session.client.get("/v1/status")
    planned = height if height is not None else int(now["height"]) + after
    send(session, ProtocolUpgrade(version, planned), out)


def _tell_unasked(session: Session, asked: Sequence[Mapping[str, Any]]) -> None:
    """A member that nobody asked may be one whose node would stop."""
    members = [member["name"] for member in session.client.get("/v1/committee")["members"]]
    unasked = [name for name in members if name not in {entry["node"] for entry in asked}]
    if unasked:
        session.say(
            "not asked whether they speak that version: {names}; name their nodes too, with --node",
            names=listed(unasked),
        )


@verb(
    app,
    "withdraw",
    sends=True,
    examples=(
        "hushang upgrade withdraw",
        "hushang upgrade withdraw --key a.key --cosign b.key --cosign c.key",
    ),
)
def withdraw(session: Session, out: OutOption = None) -> None:
    """Withdraw the version that is planned and doesn't govern yet, by a quorum of the members."""
    plan = session.client.get("/v1/status")["protocol"]
    if plan["planned"] is None:
        raise UsageWrong(f"version {plan['version']} governs, and no other is planned")
    send(session, ProtocolUpgrade(plan["version"], 0), out)


def send(session: Session, made: ProtocolUpgrade, out: Any) -> None:
    """Let a quorum sign, hand it in, and tell what it means."""
    committee = session.client.get("/v1/committee")
    signed = signed_by_quorum(session, [operation("protocol.upgrade", made)], committee, out)
    if signed is None:
        return
    outcome = session.submit(signed, brings=("version", "first_height"))
    told: dict[str, Any] = {}
    if outcome.is_decided and outcome.events:
        data = outcome.events[0]["data"]
        told = {"version": data["version"], "first_height": data["height"]}
    session.report(outcome, told)


def ask_all(session: Session) -> list[dict[str, Any]]:
    """What each node of the command says of protocol versions, or why it says nothing."""
    told = []
    for url, client in session.each_client(ASK_TIMEOUT_S):
        entry: dict[str, Any] = {"node": url, "height": None, "protocol": None, "words": ""}
        try:
            status = client.get("/v1/status")
        except (NodeUnreachable, NodeRefused, NodeFailed) as error:
            entry["words"] = str(error)
        else:
            entry |= {name: status[name] for name in ("height", "protocol")}
            entry["node"] = status["name"]
        told.append(entry)
    return told


def speaks(entry: Mapping[str, Any], version: int) -> bool:
    """Is this node known to have the rules of the version?"""
    return bool(entry["protocol"]) and int(entry["protocol"]["software"]) >= version


def row(entry: Mapping[str, Any], planned: Mapping[str, Any] | None) -> dict[str, Any]:
    """A node's line for people."""
    if not entry["protocol"]:
        return {"node": entry["node"], "height": "", "speaks": "", "": entry["words"]}
    words = ""
    if planned is not None and not speaks(entry, planned["version"]):
        height = planned["height"]
        words = said("stops before height {height}: install newer software", height=height)
    return {
        "node": entry["node"],
        "height": entry["height"],
        "speaks": said("up to {version}", version=entry["protocol"]["software"]),
        "": words,
    }
