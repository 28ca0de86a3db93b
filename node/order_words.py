"""Orders and their cases in plain words: what the API tells of them, for people on a terminal.

Pure: the API's document and the time go in, lines of text come out. Every document stays what it is
with `-o json`; a state or transaction that these words don't know is told by its own name.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from node.trade_words import (
    CLOCKS,
    MONEY,
    STATES,
    Row,
    Told,
    act_words,
    action_words,
    state_words,
    until,
    when,
    who,
)
from node.words import clauses, said

KINDS: Final = {
    "unshipped": said("unshipped"),
    "not_received": said("not_received"),
    "no_reason": said("no_reason"),
    "quality": said("quality"),
    "allowance": said("allowance"),
    "exchange": said("exchange"),
}


def order_words(order: Row, told: Told) -> Iterator[str]:
    """An order: parties, money by line, parcels, cases, what can happen next, also by itself."""
    yield said("order {id}", id=order["order_id"])
    yield said("  {state}", state=state_words(order["state"]))
    yield from _parties(order, told)
    yield ""
    yield from _money(order, told)
    for parcel in order["parcels"]:
        yield ""
        yield from _parcel(parcel, told)
    for case in order["cases"]:
        yield ""
        yield from _case(case, told)
    yield ""
    yield from _next(order["next_steps"], order, told)


def case_words(case: Row, told: Told) -> Iterator[str]:
    """A case: what is asked, by whom, what can happen next, when the clock acts."""
    yield from _case(case, told)
    yield said("  order {id}", id=case["order_id"])
    yield said("  buyer {name}", name=told.name(case["buyer"]))
    yield said("  seller {name}", name=told.name(case["seller"]))
    yield ""
    yield from _next(case["next_steps"], {"cases": [case], "parcels": [], "lines": []}, told)


def _parties(order: Row, told: Told) -> Iterator[str]:
    yield said("  buyer {name}", name=told.name(order["buyer"]))
    yield said("  seller {name}", name=told.name(order["seller"]))
    if order["payer"] not in (None, order["buyer"]):
        yield said("  payer {name}", name=told.name(order["payer"]))
    yield said("  created {time}", time=when(order["created_ms"]))
    if order["paid_ms"] is not None:
        yield said("  paid {time}", time=when(order["paid_ms"]))
    if order["client_reference"]:
        yield said("  reference {reference}", reference=order["client_reference"])


def _money(order: Row, told: Told) -> Iterator[str]:
    def amount(value: object) -> str:
        return told.amount(value, order["symbol"])

    def parts(record: Row) -> str:
        sums = [int(record[f"{name}_minor"]) for name in ("held", "released", "refunded")]
        held, released, refunded = map(amount, sums)
        return said(
            "{total}, paid {paid}: held {held}, released {released}, refunded {refunded}",
            total=amount(record["total_minor"]),
            paid=amount(sum(sums)),
            held=held,
            released=released,
            refunded=refunded,
        )

    yield said("money")
    yield said("  total {parts}", parts=parts(order))
    for line in order["lines"]:
        goods = f"{line['quantity']} × {line['gtin']}"
        index = line["index"]
        yield said("  line {index}: {goods}, {parts}", index=index, goods=goods, parts=parts(line))
        yield said("    {state}", state=_line_state(line))
        own = int(line["total_minor"]) - int(line["funded_minor"])
        for entry in line["funding"]:
            yield said(
                "    {amount} from {name}, coupon {coupon}",
                amount=amount(entry["amount_minor"]),
                name=told.name(entry["funder"]),
                coupon=entry["coupon_id"],
            )
        if line["funding"]:
            yield said("    {amount} from whoever pays", amount=amount(own))


def _line_state(line: Row) -> str:
    counted = [
        told
        for count, told in (
            (line["unshipped"], said("{count} to be shipped", count=line["unshipped"])),
            (line["shipped"], said("{count} shipped", count=line["shipped"])),
            (line["cancelled"], said("{count} cancelled", count=line["cancelled"])),
            (line["in_cases"], said("{count} in cases", count=line["in_cases"])),
        )
        if count
    ]
    state = state_words(line["state"])
    if not counted:
        return state
    return said("{state}: {units}", state=state, units=clauses(counted))


def _parcel(parcel: Row, told: Told) -> Iterator[str]:
    yield said("parcel {id}", id=parcel["parcel_id"])
    state, name = state_words(parcel["state"]), told.name(parcel["carrier"])
    yield said("  {state}, carrier {name}", state=state, name=name)
    yield said("  shipped {time}", time=when(parcel["shipped_ms"]))
    if parcel["delivered_ms"] is not None:
        yield said("  delivered {time}", time=when(parcel["delivered_ms"]))
    for entry in parcel["lines"]:
        values = {"count": entry["quantity"], "line": entry["line"], "settled": entry["settled"]}
        told_line = said("{count} of line {line}, {settled} settled", **values)
        if entry["in_cases"]:
            told_line = said("{line}, {count} in cases", line=told_line, count=entry["in_cases"])
        yield said("  {line}", line=told_line)


def _case(case: Row, told: Told) -> Iterator[str]:
    symbol = case["symbol"]
    yield said("case {id}", id=case["case_id"])
    kind = KINDS.get(case["kind"], case["kind"])
    yield said("  {kind}: {state}", kind=kind, state=state_words(case["state"]))
    for line in case["lines"]:
        asked = said(
            "{count} of line {line}: asked {asked} of {worth}",
            count=line["quantity"],
            line=line["line"],
            asked=told.amount(line["asked_minor"], symbol),
            worth=told.amount(line["worth_minor"], symbol),
        )
        if line["offered_minor"] is not None:
            offered = told.amount(line["offered_minor"], symbol)
            asked = said("{asked}, offered {offered}", asked=asked, offered=offered)
        yield said("  {line}", line=asked)
    if case["gives_back"]:
        yield said("  the goods go back")
    if case["return_carrier"] is not None:
        yield said("  carried back by {name}", name=told.name(case["return_carrier"]))


def _next(steps: Sequence[Row], order: Row, told: Told) -> Iterator[str]:
    # Who of the panel is to act now, and how, its dispute tells.
    panel = ("dispute.reveal", "dispute.appeal")
    acts = [step for step in steps if step["who"] != "–" and step["type"] not in panel]
    clocks = [step for step in steps if step["who"] == "–"]
    yield said("what can happen next")
    for step in acts:
        act = said(
            "{act}, {units} → {then}",
            act=action_words(step["type"]),
            units=_units(step),
            then=_then(step),
        )
        yield act_words(who(step["who"]), act)
    for case_id in dict.fromkeys(step["case_id"] for step in steps if step["type"] in panel):
        yield said("  arbiters, parties: see hushang dispute show {id}", id=case_id)
    if not steps:
        yield said("  nothing more")
    timed = [(_deadline(step, order), step) for step in clocks]
    running = [(deadline[0], deadline[1], step) for deadline, step in timed if deadline is not None]
    yield said("by itself")
    for due_ms, kind, step in sorted(running, key=lambda entry: entry[0]):
        yield said(
            "  {due}, {units}: {what}",
            due=until(due_ms, told.now_ms),
            units=_units(step),
            what=CLOCKS.get(kind) or _then(step),
        )
    if not running:
        yield said("  nothing")


def _units(step: Row) -> str:
    """How many, and which."""
    count = step["units"]
    units = said("{count} unit", count=count) if count == 1 else said("{count} units", count=count)
    if step["case_id"] is not None:
        return said("{units} of case {id}", units=units, id=f"{step['case_id'][:8]}…")
    if step["parcel_id"] is not None:
        return said("{units} of parcel {id}", units=units, id=f"{step['parcel_id'][:8]}…")
    return units


def _then(step: Row) -> str:
    """Where the money goes, or else the goods."""
    target = step["target"]
    words = MONEY.get(step["money"]) or STATES.get(target, target)
    return said("{words} ({code})", words=words, code=target)


def _deadline(step: Row, order: Row) -> tuple[int, str] | None:
    """When the clock takes a step, and which: of its case, its parcel, or the order's lines."""
    for name in ("case", "parcel"):
        known_id = step[f"{name}_id"]
        if known_id is not None:
            found = [entry for entry in order[f"{name}s"] if entry[f"{name}_id"] == known_id]
            return _clock(found[0], step["type"]) if found else None
    dues = [line["due_ms"] for line in order["lines"] if line["state"] == step["source"]]
    due_ms = min([due_ms for due_ms in dues if due_ms is not None], default=None)
    return None if due_ms is None else (due_ms, step["type"])


def _clock(entry: Row, kind: str) -> tuple[int, str] | None:
    deadline = entry["deadline"]
    # A case before a panel has its dispute's clock.
    if deadline is None or (deadline["kind"] != kind and deadline["kind"] not in CLOCKS):
        return None
    return deadline["time_ms"], deadline["kind"]
