"""Why the next block isn't decided, in plain words, of one node's `GET /v1/consensus`.

One verdict, by a ladder whose order is that of causes: who is alone can't say more than that it is
alone; who is behind need not wonder who leads; only then the votes matter. The words are about what
this node sees; `node.consensus_together` puts several nodes' words together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from node.heard_words import heard
from node.words import clauses, listed, said, series

Place = Mapping[str, Any]

NAMES_MAX: Final = 8
SECOND_MS: Final = 1000


class Verdict(StrEnum):
    """What keeps a node from deciding, as scripts read it. REST and VOTING keep it from nothing."""

    REST = "rest"
    VOTING = "voting"
    NO_QUORUM = "no quorum"
    CATCHING_UP = "catching up"
    WITHHELD = "withheld"
    PRIMARY_AWAY = "primary away"
    PRIMARY_SILENT = "primary silent"
    VIEW_CHANGE = "view change"
    BODIES_MISSING = "bodies missing"
    CHECKING = "checking"
    REFUSED = "proposal refused"
    BLOCK_MISSING = "block missing"
    RESTARTING = "restarting"


# With these a chain goes on, or has nothing to do.
WELL: Final = frozenset((Verdict.REST, Verdict.VOTING, Verdict.CHECKING))


@dataclass(frozen=True, slots=True)
class Why:
    """The verdict, its sentence, and what else there is to know."""

    verdict: Verdict
    headline: str
    more: tuple[str, ...]


def explain(place: Place) -> Why:
    """What the next decision waits for here."""
    verdict, headline = _judge(place)
    return Why(verdict, headline, tuple(_more(place, verdict)))


def _judge(place: Place) -> tuple[Verdict, str]:
    height, members = place["height"], place["members"]
    connected = [member["name"] for member in members if member["connected"]]
    away = [member["name"] for member in members if not member["connected"]]
    quorum = place["quorum"]
    if len(connected) < quorum:
        return Verdict.NO_QUORUM, said(
            "{count} of the {quorum} members of a quorum are in reach of this node; away: {away}."
            " {then}",
            count=len(connected),
            quorum=quorum,
            away=few(away),
            then=_without_quorum(place, away),
        )
    if place["reached"] > place["decided"]["height"]:
        return Verdict.RESTARTING, said(
            "this node has restarted: blocks up to {reached}, which its journal knows, are being"
            " written",
            reached=place["reached"],
        )
    if place["target"] > height:
        return Verdict.CATCHING_UP, _behind(place)
    if place["phase"] == "certified":
        return Verdict.BLOCK_MISSING, _certified(place)
    if place["withheld"] and _is_member(place):
        silence = heard(place["withheld"])
        return Verdict.WITHHELD, said("this node casts no votes: {silence}", silence=silence)
    return _PHASES[place["phase"]](place)


def _without_quorum(place: Place, away: Sequence[str]) -> str:
    if len(away) >= place["quorum"]:
        return said("Nothing is decided here; the others may go on without this node")
    missing = place["quorum"] - (len(place["members"]) - len(away))
    return said("Nothing is decided until {count} of them can be reached again", count=missing)


def _behind(place: Place) -> str:
    here, target = place["decided"]["height"], place["target"]
    words = said(
        "this node is behind: height {here} of {target} that is certified", here=here, target=target
    )
    if not place["eta_ms"]:
        return words
    return said("{words}, {seconds} s left", words=words, seconds=-(-place["eta_ms"] // 1000))


def _certified(place: Place) -> str:
    height = place["height"]
    if place["wanted"]:
        return said(
            "a quorum has decided block {height}, and the block itself isn't here: it is asked for",
            height=height,
        )
    missing = _missing(place)
    if missing:
        return said(
            "a quorum has decided block {height}; {count} of its transactions are asked for",
            height=height,
            count=missing,
        )
    return said("a quorum has decided block {height}; this node is executing it", height=height)


def _rest(place: Place) -> tuple[Verdict, str]:
    return Verdict.REST, said(
        "nothing is to be decided: the chain rests at height {height}",
        height=place["decided"]["height"],
    )


def _proposal(place: Place) -> tuple[Verdict, str]:
    primary, height = place["primary"], place["height"]
    found = _member(place, primary)
    what = said("a proposal for height {height} in view {view}", height=height, view=place["view"])
    if found is not None and found["is_self"]:
        return Verdict.VOTING, said("this node leads and is making {what}", what=what)
    if found is not None and not found["connected"]:
        return Verdict.PRIMARY_AWAY, said(
            "{primary}, which leads, is away: {what} can't come from it. {next}",
            primary=primary,
            what=what,
            next=_next_view(place),
        )
    if not place["timers"]["complained"]:
        return Verdict.VOTING, said(
            "waits for {what} from {primary}. {next}",
            what=what,
            primary=primary,
            next=_next_view(place),
        )
    return Verdict.PRIMARY_SILENT, said(
        "{primary}, which leads, is connected and has made no proposal for height {height} that"
        " came here. {next}",
        primary=primary,
        height=height,
        next=_next_view(place),
    )


def _view_change(place: Place) -> tuple[Verdict, str]:
    view, primary, quorum = place["view"], place["primary"], place["quorum"]
    changed = [m["name"] for m in place["members"] if m["changed_to"] == view]
    words: str = said(
        "view {view} hasn't begun: {count} of {quorum} members ask for it",
        view=view,
        count=len(changed),
        quorum=quorum,
    )
    if changed:
        words = said("{words} ({names})", words=words, names=few(changed))
    parts = [words]
    if len(changed) >= quorum:
        leader = primary or said("its primary")
        parts.append(said("the NewView of {primary} hasn't come", primary=leader))
    found = _member(place, primary)
    if found is not None and not found["connected"]:
        parts.append(said("{primary}, which would lead it, is away", primary=primary))
    return Verdict.VIEW_CHANGE, _then(series(parts), place)


def _check(place: Place) -> tuple[Verdict, str]:
    missing, proposal = _missing(place), place["proposal"]
    if missing:
        words = said(
            "{count} of the {transactions} transactions that {proposer} proposed for height"
            " {height} aren't here; they are asked for",
            count=missing,
            transactions=proposal["transactions"],
            proposer=proposal["proposer"],
            height=place["height"],
        )
        return Verdict.BODIES_MISSING, _then(words, place)
    return Verdict.CHECKING, said(
        "this node checks the proposal for height {height}: {transactions} transactions",
        height=place["height"],
        transactions=proposal["transactions"],
    )


def _refused(place: Place) -> tuple[Verdict, str]:
    proposal = place["proposal"]
    words = said(
        "this node refused the proposal of {proposer}: {refusal}",
        proposer=proposal["proposer"],
        refusal=proposal["refusal"],
    )
    return Verdict.REFUSED, _then(words, place)


def _prepare(place: Place) -> tuple[Verdict, str]:
    return Verdict.VOTING, _votes(place, "prepared", "Prepares")


def _commit(place: Place) -> tuple[Verdict, str]:
    return Verdict.VOTING, _votes(place, "committed", "Commits")


def _votes(place: Place, field: str, name: str) -> str:
    members = place["members"]
    given = [member["name"] for member in members if member[field]]
    missing = [_state(member) for member in members if not member[field]]
    words = said(
        "{count} of {quorum} {votes} for height {height} are here ({given}); not from {missing}",
        count=len(given),
        quorum=place["quorum"],
        votes=name,
        height=place["height"],
        given=few(given),
        missing=few(missing),
    )
    return _then(words, place)


def _then(words: str, place: Place) -> str:
    return said("{words}. {next}", words=words, next=_next_view(place))


_PHASES: Final = {
    "rest": _rest,
    "recalling": _rest,
    "behind": _rest,
    "view change": _view_change,
    "proposal": _proposal,
    "check": _check,
    "refused": _refused,
    "prepare": _prepare,
    "commit": _commit,
}


def _next_view(place: Place) -> str:
    timers, needed = place["timers"], place["f"] + 1
    view = place["view"]
    against = [m["name"] for m in place["members"] if _is_against(m, view)]
    if against:
        return said(
            "{count} of the {needed} members that it takes want another view ({names})",
            count=len(against),
            needed=needed,
            names=few(against),
        )
    if timers["next_complaint_ms"] is None:
        return said("Nothing is watched yet") if timers["runs"] else said("No timer runs here")
    waits = _seconds(timers["next_complaint_ms"])
    return said("This node asks for another view in {time}", time=waits)


def _is_against(member: Place, view: int) -> bool:
    return member["against"] is not None and member["against"] >= view


def _more(place: Place, verdict: Verdict) -> list[str]:
    """What there is to know besides, each a line."""
    lines = [_last(place)]
    work = place["work"]
    waits = [said("{count} transactions", count=work["pool_count"])] if work["pool_count"] else []
    waits += [said("a block to seal")] if work["seal_due"] else []
    if waits:
        lines.append(said("to do: {work}", work=listed(waits)))
    if place["withheld"] and verdict is not Verdict.WITHHELD:
        silence = heard(place["withheld"])
        lines.append(said("no votes of its own: {silence}", silence=silence))
    if place["writing"]:
        lines.append(said("{count} decided blocks are being written", count=place["writing"]))
    lines += _about_members(place)
    return lines


def _last(place: Place) -> str:
    decided = place["decided"]
    if not decided["height"]:
        return said("nothing is decided yet but the genesis")
    height, view = decided["height"], decided["view"]
    parts = [said("last decided: height {height} in view {view}", height=height, view=view)]
    if decided["took_ms"] is not None:
        parts.append(said("{time} after it was proposed", time=_seconds(decided["took_ms"])))
    changes = decided["view"] - decided["parent_view"]
    if changes == 1:
        parts.append(said("after 1 view change"))
    elif changes > 1:
        parts.append(said("after {count} view changes", count=changes))
    words, signers = clauses(parts), few(decided["signers"])
    if len(place["members"]) > len(decided["signers"]):
        return said("{words}; by {names}", words=words, names=signers)
    return said("{words}; by {names} of all", words=words, names=signers)


def _about_members(place: Place) -> list[str]:
    members = place["members"]
    lines = []
    for words, found in (
        (said("away"), [m["name"] for m in members if not m["connected"]]),
        (said("suspended, votes and never leads"), [m["name"] for m in members if m["suspended"]]),
        (
            said("left out of the lead for a while, blamed for a view change"),
            [m["name"] for m in members if not m["leads"] and not m["suspended"]],
        ),
        (
            said("voted for another block here"),
            [m["name"] for m in members if m["voted_otherwise"]],
        ),
    ):
        if found:
            lines.append(said("{words}: {names}", words=words, names=few(found)))
    return lines


def _is_member(place: Place) -> bool:
    return any(member["is_self"] for member in place["members"])


def _member(place: Place, name: str) -> Place | None:
    return next((member for member in place["members"] if member["name"] == name), None)


def _missing(place: Place) -> int:
    return 0 if place["proposal"] is None else int(place["proposal"]["bodies_missing"])


def _state(member: Place) -> str:
    name = str(member["name"])
    if member["is_self"]:
        return said("{name} (this node)", name=name)
    return name if member["connected"] else said("{name} (away)", name=name)


def few(found: Sequence[str]) -> str:
    """Some names, and how many more there are."""
    shown = listed(found[:NAMES_MAX])
    if len(found) <= NAMES_MAX:
        return shown
    return said("{names} and {count} more", names=shown, count=len(found) - NAMES_MAX)


def _seconds(duration_ms: int) -> str:
    if duration_ms < SECOND_MS:
        return said("{count} ms", count=duration_ms)
    return said("{count:.1f} s", count=duration_ms / SECOND_MS)
