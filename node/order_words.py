"""Orders, cases and disputes in plain words: what the API tells of them, for people on a terminal.

Pure: the API's document and the time go in, lines of text come out. Every document stays what it is
with `-o json`; a state or transaction that these words don't know is told by its own name.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from node.money_text import format_time

Row = Mapping[str, Any]

STATES: Final = {
    "UNFUNDED": "waits to be paid",
    "HELD": "paid, waits to be shipped",
    "LATE": "paid and late: not shipped in the promised time",
    "IN_TRANSIT": "on its way",
    "DELIVERED": "delivered",
    "RELEASED": "settled, the seller has the money",
    "REFUND_PENDING": "a refund is asked for, the seller has to answer",
    "REJECTED": "the seller has refused",
    "COUNTERED": "the seller has offered something else",
    "RETURNING": "agreed, the goods are to be sent back",
    "RETURN_IN_TRANSIT": "the goods are on their way back",
    "RETURN_DELIVERED": "the goods are back with the seller",
    "EXCHANGING": "the seller has to send other goods",
    "RECALLED": "the goods are recalled",
    "DISPUTED": "before a panel of arbiters",
    "DECIDED": "a panel has ruled, an appeal is possible",
    "REFUNDED": "refunded",
    "SPLIT": "the money was divided as ruled or agreed",
    "CLOSED": "closed",
}
ACTIONS: Final = {
    "order.pay": "pay into escrow",
    "order.cancel": "cancel",
    "order.confirm": "confirm the receipt",
    "order.keep": "keep the recalled goods, or take the refund",
    "shipment.create": "ship",
    "shipment.delivered": "report the delivery",
    "shipment.lost": "report it lost",
    "refund.request": "ask for a refund, return or exchange",
    "refund.withdraw": "take the request back",
    "refund.agree": "agree",
    "refund.reject": "refuse",
    "refund.counter": "offer something else",
    "refund.accept_counter": "accept the offer",
    "return.ship": "send the goods back",
    "return.delivered": "report that they are back",
    "return.receive": "accept what came back",
    "return.contest": "contest what came back",
    "exchange.ship": "send other goods",
    "dispute.open": "take it to a panel",
    "dispute.evidence": "bring evidence",
    "dispute.recuse": "give up a seat",
    "dispute.challenge": "refuse an arbiter",
    "dispute.commit": "commit to a vote",
    "dispute.reveal": "reveal a vote",
    "dispute.appeal": "appeal",
    "dispute.settle": "settle",
    "beacon.reveal": "draw the panel",
}
# Commands whose words aren't those of their transaction.
COMMANDS: Final = {"refund.accept_counter": "refund accept", "beacon.reveal": ""}
MONEY: Final = {
    "payer → escrow": "the money is held in escrow",
    "escrow → seller": "the seller gets the money",
    "escrow → payer": "the money goes back to who paid",
    "escrow → payer and seller": "the money is divided",
}
PARTIES: Final = {
    "B": "buyer",
    "S": "seller",
    "C": "carrier",
    "A": "arbiter",
    "M": "a member's node",
    "R": "brand or regulator",
    "any": "anybody",
    "loser": "whoever didn't get everything",
    "–": "nobody",
}
PHASES: Final = {
    "DRAWING": "the panel is being drawn",
    "EVIDENCE": "evidence is brought",
    "COMMIT": "the arbiters commit to their votes",
    "REVEAL": "the arbiters reveal their votes",
    "COMMIT_AGAIN": "replacements commit to their votes",
    "REVEAL_AGAIN": "replacements reveal their votes",
    "DECIDED": "the panel has ruled, an appeal is possible",
    "SPLIT": "ended",
}
# What the clocks of a dispute do; of goods it is told by where they go.
CLOCKS: Final = {
    "sys.dispute.draw": "the draw is tried again, or without a panel the default rule decides",
    "sys.dispute.evidence": "the arbiters vote",
    "sys.dispute.commit": "whoever committed reveals",
    "sys.dispute.reveal": "the votes that there are count",
    "sys.dispute.appeal": "the ruling holds",
    "sys.dispute.cap": "it ends with the last ruling, or by the default rule",
}
_LETTER: Final = re.compile("|".join(rf"\b{letter}\b" for letter in PARTIES if letter != "–"))
UNITS: Final = (("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1000))


@dataclass(frozen=True, slots=True)
class Told:
    """How things are said: what time it is, whose account one is, what an amount is."""

    now_ms: int
    name: Callable[[str], str]
    amount: Callable[[object, str], str]


def until(time_ms: int, now_ms: int) -> str:
    """`2026-11-26 12:00:00 +08:00, in 3 d 4 h`."""
    clock = format_time(time_ms).replace(f".{time_ms % 1000:03d} ", " ")
    if time_ms <= now_ms:
        return f"{clock}, due now"
    return f"{clock}, in {span(time_ms - now_ms)}"


def span(duration_ms: int) -> str:
    """The two largest units of a duration, rounded down: `3 d 4 h`."""
    parts: list[str] = []
    for unit, size_ms in UNITS:
        count, duration_ms = divmod(duration_ms, size_ms)
        if count or parts:
            parts.append(f"{count} {unit}")
    return " ".join(part for part in parts[:2] if not part.startswith("0 ")) or "0 s"


def who(letters: str) -> str:
    """`S + C` as `seller and carrier together`."""
    told = []
    for alternative in letters.split(" or "):
        named = _LETTER.sub(lambda found: PARTIES[found[0]], alternative)
        together = " together" if " + " in named else ""
        told.append(named.replace(" + ", " and ") + together)
    return " or ".join(told)


def order_words(order: Row, told: Told) -> Iterator[str]:
    """An order: parties, money by line, parcels, cases, what can happen next, also by itself."""
    yield f"order {order['order_id']}"
    yield f"  {_state(order['state'])}"
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
    yield f"  order {case['order_id']}"
    yield f"  buyer {told.name(case['buyer'])}"
    yield f"  seller {told.name(case['seller'])}"
    yield ""
    yield from _next(case["next_steps"], {"cases": [case], "parcels": [], "lines": []}, told)


def dispute_words(dispute: Row, told: Told) -> Iterator[str]:
    """A dispute: what is at stake, panel and votes, rulings, what can happen next."""
    subject = dispute["subject"]
    symbol = subject["symbol"]
    worth = sum(int(entry) for entry in subject["worth_minor"])
    yield f"dispute {dispute['dispute_id']} about a {subject['kind']}"
    yield f"  {PHASES.get(dispute['phase'], dispute['phase'])} ({dispute['phase']})"
    yield f"  round {dispute['round'] + 1}, about {told.amount(worth, symbol)}"
    yield f"  buyer {told.name(subject['buyer'])}"
    yield f"  seller {told.name(subject['seller'])}"
    opener = "buyer" if dispute["opener"] == subject["buyer"] else "seller"
    yield f"  the {opener} asks for {_shares(dispute['claim'])} to the buyer"
    for seat in dispute["seats"]:
        yield f"  arbiter {told.name(seat['arbiter'])}: {_vote(seat)}"
    for number, ruling in enumerate(dispute["rulings"], 1):
        yield f"  ruling {number}: {_shares(ruling['shares'])} to the buyer"
    for stake in dispute["stakes"]:
        bond = told.amount(stake["amount_minor"], symbol)
        yield f"  bond {bond} of {told.name(stake['account'])}"
    if dispute["ending"] is not None:
        ending = dispute["ending"]
        yield f"  ended by {ending['how']}: {_shares(ending['shares'])} to the buyer"
        return
    yield ""
    yield "what can happen next"
    # One line an action, whatever it leads to.
    steps = {step["type"]: step for step in dispute["next_steps"] if step["who"] != "–"}
    for step in steps.values():
        yield _row(_actors(step, subject, told), _action(step["type"]))
    yield "by itself"
    if dispute["clock_ms"] is not None:
        kind = dispute["clock_kind"]
        yield f"  {until(dispute['clock_ms'], told.now_ms)}: {CLOCKS.get(kind, kind)}"
        yield f"  {until(dispute['cap_ms'], told.now_ms)}: it ends at the latest"


def _actors(step: Row, subject: Row, told: Told) -> str:
    """Who can do it now: the arbiters by their accounts, a party by its role."""
    if step["who"] == "A":
        return ", ".join(f"arbiter {told.name(account)}" for account in step["accounts"])
    if step["who"] in ("loser", "B or S"):
        return " or ".join(
            role for role in ("buyer", "seller") if subject[role] in step["accounts"]
        )
    return who(step["who"])


def _state(state: str) -> str:
    return f"{STATES.get(state, state)} ({state})"


def _shares(shares: Sequence[int]) -> str:
    return ", ".join(f"{share} ‰" for share in shares)


def _vote(seat: Row) -> str:
    if seat["revealed"]:
        return f"voted {_shares(seat['vote'])}"
    return "has committed" if seat["committed"] else "has not committed"


def _parties(order: Row, told: Told) -> Iterator[str]:
    yield f"  buyer {told.name(order['buyer'])}"
    yield f"  seller {told.name(order['seller'])}"
    if order["payer"] not in (None, order["buyer"]):
        yield f"  payer {told.name(order['payer'])}"
    yield f"  created {_when(order['created_ms'])}"
    if order["paid_ms"] is not None:
        yield f"  paid {_when(order['paid_ms'])}"
    if order["client_reference"]:
        yield f"  reference {order['client_reference']}"


def _when(time_ms: int) -> str:
    return format_time(time_ms).replace(f".{time_ms % 1000:03d} ", " ")


def _money(order: Row, told: Told) -> Iterator[str]:
    def amount(value: object) -> str:
        return told.amount(value, order["symbol"])

    def parts(record: Row) -> str:
        sums = {name: int(record[f"{name}_minor"]) for name in ("held", "released", "refunded")}
        told_parts = ", ".join(f"{name} {amount(minor)}" for name, minor in sums.items())
        return f"{amount(record['total_minor'])}, paid {amount(sum(sums.values()))}: {told_parts}"

    yield "money"
    yield f"  total {parts(order)}"
    for line in order["lines"]:
        goods = f"{line['quantity']} × {line['gtin']}"
        yield f"  line {line['index']}: {goods}, {parts(line)}"
        yield f"    {_line_state(line)}"
        own = int(line["total_minor"]) - int(line["funded_minor"])
        for entry in line["funding"]:
            funded, funder = amount(entry["amount_minor"]), told.name(entry["funder"])
            yield f"    {funded} from {funder}, coupon {entry['coupon_id']}"
        if line["funding"]:
            yield f"    {amount(own)} from whoever pays"


def _line_state(line: Row) -> str:
    units = {
        "to be shipped": line["unshipped"],
        "shipped": line["shipped"],
        "cancelled": line["cancelled"],
        "in cases": line["in_cases"],
    }
    counted = ", ".join(f"{count} {name}" for name, count in units.items() if count)
    return f"{_state(line['state'])}{': ' if counted else ''}{counted}"


def _parcel(parcel: Row, told: Told) -> Iterator[str]:
    yield f"parcel {parcel['parcel_id']}"
    yield f"  {_state(parcel['state'])}, carrier {told.name(parcel['carrier'])}"
    yield f"  shipped {_when(parcel['shipped_ms'])}"
    if parcel["delivered_ms"] is not None:
        yield f"  delivered {_when(parcel['delivered_ms'])}"
    for entry in parcel["lines"]:
        cases = f", {entry['in_cases']} in cases" if entry["in_cases"] else ""
        yield f"  {entry['quantity']} of line {entry['line']}, {entry['settled']} settled{cases}"


def _case(case: Row, told: Told) -> Iterator[str]:
    symbol = case["symbol"]
    yield f"case {case['case_id']}"
    yield f"  {case['kind']}: {_state(case['state'])}"
    for line in case["lines"]:
        asked = told.amount(line["asked_minor"], symbol)
        worth = told.amount(line["worth_minor"], symbol)
        offered = ""
        if line["offered_minor"] is not None:
            offered = f", offered {told.amount(line['offered_minor'], symbol)}"
        yield f"  {line['quantity']} of line {line['line']}: asked {asked} of {worth}{offered}"
    if case["gives_back"]:
        yield "  the goods go back"
    if case["return_carrier"] is not None:
        yield f"  carried back by {told.name(case['return_carrier'])}"


def _next(steps: Sequence[Row], order: Row, told: Told) -> Iterator[str]:
    # Who of the panel is to act now, and how, its dispute tells.
    panel = ("dispute.reveal", "dispute.appeal")
    acts = [step for step in steps if step["who"] != "–" and step["type"] not in panel]
    clocks = [step for step in steps if step["who"] == "–"]
    yield "what can happen next"
    for step in acts:
        yield _row(who(step["who"]), f"{_action(step['type'])}{_of(step)} → {_then(step)}")
    for case_id in dict.fromkeys(step["case_id"] for step in steps if step["type"] in panel):
        yield _row("arbiters, parties", f"see hushang dispute show {case_id}")
    if not steps:
        yield "  nothing more"
    timed = [(_deadline(step, order), step) for step in clocks]
    running = [(deadline[0], deadline[1], step) for deadline, step in timed if deadline is not None]
    yield "by itself"
    for due_ms, kind, step in sorted(running, key=lambda entry: entry[0]):
        what = CLOCKS.get(kind) or _then(step)
        yield f"  {until(due_ms, told.now_ms)}{_of(step)}: {what}"
    if not running:
        yield "  nothing"


def _row(actor: str, act: str) -> str:
    return f"  {actor}: {act}"


def _action(name: str) -> str:
    command = COMMANDS.get(name, name.replace(".", " "))
    shown = f" (hushang {command})" if command else ""
    return f"{ACTIONS.get(name, name)}{shown}"


def _of(step: Row) -> str:
    """Which units."""
    units = f", {step['units']} unit{'s' if step['units'] != 1 else ''}"
    if step["case_id"] is not None:
        return f"{units} of case {step['case_id'][:8]}…"
    if step["parcel_id"] is not None:
        return f"{units} of parcel {step['parcel_id'][:8]}…"
    return units


def _then(step: Row) -> str:
    """Where the money goes, or else the goods."""
    target = step["target"]
    return f"{MONEY.get(step['money']) or STATES.get(target, target)} ({target})"


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
