"""Who is connected to whom, of what the nodes say in `GET /v1/status`: a table, a matrix, words."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from node.survey import Heard
from node.words import listed, said, series

Status = Mapping[str, Any]

KEY_DIGITS: Final = 8
SELF, UNKNOWN = "·", "?"
AWAY, DIALLED, ACCEPTED = said("away"), said("out"), said("in")
SECOND_MS: Final = 1000
ROLES: Final = {"member": said("member"), "observer": said("observer")}
MINUTE_MS: Final = 60 * SECOND_MS
HOUR_MS: Final = 60 * MINUTE_MS
DAY_MS: Final = 24 * HOUR_MS


@dataclass(frozen=True, slots=True)
class OneWay:
    """`sees` says that it is connected to `unseen`, which says that it isn't."""

    sees: str
    unseen: str


def peer_row(peer: Mapping[str, Any], now_ms: int) -> dict[str, str]:
    """One peer for people, as its node sees it."""
    return {
        "member": peer["name"],
        "key": peer["public_key"][:KEY_DIGITS],
        "role": _role(peer),
        "address": peer.get("address") or "–",
        "link": _link(peer),
        "since": ago(peer.get("connected_ms"), now_ms),
        "height": "–" if peer["height"] is None else str(peer["height"]),
        "heard": ago(peer["last_seen_ms"], now_ms),
        "queued": str(peer["queued"]),
        "dropped": str(peer["dropped"]),
        "agent": peer.get("agent") or "–",
        "note": series(notes(peer)) or "–",
    }


def _role(peer: Mapping[str, Any]) -> str:
    seat, role = peer.get("seat"), peer.get("role", "member")
    if seat is None:
        return said("observer")
    return said("{role} {seat}", role=ROLES.get(role, role), seat=seat)


def _link(peer: Mapping[str, Any]) -> str:
    if not peer["connected"]:
        return AWAY
    return DIALLED if peer.get("direction") == "outbound" else ACCEPTED


def notes(peer: Mapping[str, Any]) -> Iterator[str]:
    """What is not as it should be with a peer."""
    if peer["on_two_hosts"]:
        yield said("on two hosts: two processes use its key, stop one now")
    if not peer["connected"] and peer["last_error"]:
        yield str(peer["last_error"])
    if not peer["connected"] and not peer.get("address"):
        yield said("no address in the settings: it has to dial")


def ago(moment_ms: int | None, now_ms: int) -> str:
    """How long ago, in one unit: `3 s`."""
    if moment_ms is None:
        return "–"
    passed_ms = max(0, now_ms - moment_ms)
    if passed_ms >= 2 * DAY_MS:
        return said("{count} d", count=passed_ms // DAY_MS)
    if passed_ms >= 2 * HOUR_MS:
        return said("{count} h", count=passed_ms // HOUR_MS)
    if passed_ms >= 2 * MINUTE_MS:
        return said("{count} min", count=passed_ms // MINUTE_MS)
    return said("{count} s", count=passed_ms // SECOND_MS)


def matrix(heard: Sequence[Heard]) -> list[dict[str, str]]:
    """A row for each node that was asked, a column for each node that any of them knows."""
    names = everybody(heard)
    return [_row(entry, names) for entry in heard]


def everybody(heard: Sequence[Heard]) -> list[str]:
    """The names of all nodes that were asked or are known to one of these, each once."""
    names = dict.fromkeys(entry.name for entry in heard if entry.told is not None)
    for entry in heard:
        if entry.told is not None:
            names |= dict.fromkeys(peer["name"] for peer in entry.told["peers"])
    return list(names)


def _row(entry: Heard, names: Sequence[str]) -> dict[str, str]:
    if entry.told is None:
        return {"who sees": entry.name} | dict.fromkeys(names, UNKNOWN) | {"height": "–"}
    seen = {peer["name"]: _link(peer) for peer in entry.told["peers"]} | {entry.name: SELF}
    cells = {name: seen.get(name, UNKNOWN) for name in names}
    return {"who sees": entry.name} | cells | {"height": str(entry.told["height"])}


def one_way(heard: Sequence[Heard]) -> list[OneWay]:
    """Links that one end takes for standing and the other doesn't."""
    sees = {
        entry.name: {peer["name"]: bool(peer["connected"]) for peer in entry.told["peers"]}
        for entry in heard
        if entry.told is not None
    }
    return [
        OneWay(name, other)
        for name, links in sees.items()
        for other, connected in links.items()
        if connected and other in sees and not sees[other].get(name, False)
    ]


def warnings(heard: Sequence[Heard]) -> Iterator[str]:
    """What to look at, a line each."""
    for entry in heard:
        if entry.told is None:
            yield said("{name}: {silence}", name=entry.name, silence=entry.silence)
            continue
        for peer in entry.told["peers"]:
            for note in notes(peer):
                yield said(
                    "{name} on {peer}: {note}", name=entry.name, peer=peer["name"], note=note
                )
        refused = entry.told["refused_connections"]
        if refused:
            counts = listed(f"{count} × {rule}" for rule, count in sorted(refused.items()))
            yield said("{name} has refused strangers: {counts}", name=entry.name, counts=counts)
    for link in one_way(heard):
        yield said(
            "one-way link: {sees} sees {unseen}, {unseen} doesn't see {sees}",
            sees=link.sees,
            unseen=link.unseen,
        )
