"""What a clock did, told with what the specification says of it: nobody signed anything."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from node.client import NodeFailed
from node.demo.chronicle import Placed, placed_claims
from node.demo.market import Market


@dataclass(frozen=True, slots=True)
class Clock:
    """The clock of the object at `path` of the API: which system transition it brings (`kind`), by
    which timer, and which timers are sat out until then from wherever the story stands.
    """

    path: str
    kind: str
    timer: str
    waits: tuple[str, ...]


def await_clock(market: Market, clock: Clock, type_: str, **data: Any) -> Placed:
    """The event that a clock brings; it comes no earlier than the clock said before.

    On a slow machine it has come already: then what the clock says is about something later.
    """
    asked_at = int(market.stage.client.get("/v1/status")["height"])
    due_ms = _due_ms(market, clock)
    found = market.await_clock(clock.waits, type_, **data)
    if int(found["height"]) > asked_at + 1 and found["time_ms"] < due_ms:
        raise NodeFailed(f"{clock.kind} at {found['time_ms']}, due at {due_ms}")
    return found


def tell_clock(
    market: Market, words: str, clock: Clock, found: Placed, names: Sequence[str]
) -> None:
    """Tell an event that a clock brought, with claims about these fields of it."""
    market.stage.tell_of(words, clock_facts(market, clock, found), placed_claims(found, *names))


def clock_facts(market: Market, clock: Clock, found: Placed) -> dict[str, str]:
    """Which clock, what the specification says of it, and the receipt that it left."""
    return {
        "clock": f"{clock.kind}: {market.pacing.rule(clock.timer)}",
        "receipt": found["receipt_id"],
        "height": str(found["height"]),
    }


def _due_ms(market: Market, clock: Clock) -> int:
    """When it is due; 0 if it is over already, on a machine that is slower than the clock."""
    told = market.stage.client.get(clock.path)["deadline"]
    if told is None or told["kind"] != clock.kind:
        return 0
    return int(told["time_ms"])
