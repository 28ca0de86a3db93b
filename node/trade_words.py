"""The vocabulary of trades: states, acts, clocks, parties and times, in words for people.

Pure, as everything that tells of trades: the API's words go in, sentences come out, which
`node.words` may have in another language. What has no words is told by its own name.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any, Final

from node.money_text import format_time
from node.words import listed, said

Row = Mapping[str, Any]

STATES: Final = {
    "UNFUNDED": said("waits to be paid"),
    "HELD": said("paid, waits to be shipped"),
    "LATE": said("paid and late: not shipped in the promised time"),
    "IN_TRANSIT": said("on its way"),
    "DELIVERED": said("delivered"),
    "RELEASED": said("settled, the seller has the money"),
    "REFUND_PENDING": said("a refund is asked for, the seller has to answer"),
    "REJECTED": said("the seller has refused"),
    "COUNTERED": said("the seller has offered something else"),
    "RETURNING": said("agreed, the goods are to be sent back"),
    "RETURN_IN_TRANSIT": said("the goods are on their way back"),
    "RETURN_DELIVERED": said("the goods are back with the seller"),
    "EXCHANGING": said("the seller has to send other goods"),
    "RECALLED": said("the goods are recalled"),
    "DISPUTED": said("before a panel of arbiters"),
    "DECIDED": said("a panel has ruled, an appeal is possible"),
    "REFUNDED": said("refunded"),
    "SPLIT": said("the money was divided as ruled or agreed"),
    "CLOSED": said("closed"),
}
ACTIONS: Final = {
    "order.pay": said("pay into escrow"),
    "order.cancel": said("cancel"),
    "order.confirm": said("confirm the receipt"),
    "order.keep": said("keep the recalled goods, or take the refund"),
    "shipment.create": said("ship"),
    "shipment.delivered": said("report the delivery"),
    "shipment.lost": said("report it lost"),
    "refund.request": said("ask for a refund, return or exchange"),
    "refund.withdraw": said("take the request back"),
    "refund.agree": said("agree"),
    "refund.reject": said("refuse"),
    "refund.counter": said("offer something else"),
    "refund.accept_counter": said("accept the offer"),
    "return.ship": said("send the goods back"),
    "return.delivered": said("report that they are back"),
    "return.receive": said("accept what came back"),
    "return.contest": said("contest what came back"),
    "exchange.ship": said("send other goods"),
    "dispute.open": said("take it to a panel"),
    "dispute.evidence": said("bring evidence"),
    "dispute.recuse": said("give up a seat"),
    "dispute.challenge": said("refuse an arbiter"),
    "dispute.commit": said("commit to a vote"),
    "dispute.reveal": said("reveal a vote"),
    "dispute.appeal": said("appeal"),
    "dispute.settle": said("settle"),
    "beacon.reveal": said("draw the panel"),
}
# Commands whose words aren't those of their transaction.
COMMANDS: Final = {"refund.accept_counter": "refund accept", "beacon.reveal": ""}
MONEY: Final = {
    "payer → escrow": said("the money is held in escrow"),
    "escrow → seller": said("the seller gets the money"),
    "escrow → payer": said("the money goes back to who paid"),
    "escrow → payer and seller": said("the money is divided"),
}
PARTIES: Final = {
    "B": said("buyer"),
    "S": said("seller"),
    "C": said("carrier"),
    "A": said("arbiter"),
    "M": said("a member's node"),
    "R": said("brand or regulator"),
    "any": said("anybody"),
    "a witness": said("a witness"),
    "loser": said("whoever didn't get everything"),
    "–": said("nobody"),
}
# What the clocks of a dispute do; of goods it is told by where they go.
CLOCKS: Final = {
    "sys.dispute.draw": said(
        "the draw is tried again, or without a panel the default rule decides"
    ),
    "sys.dispute.evidence": said("the arbiters vote"),
    "sys.dispute.commit": said("whoever committed reveals"),
    "sys.dispute.reveal": said("the votes that there are count"),
    "sys.dispute.appeal": said("the ruling holds"),
    "sys.dispute.cap": said("it ends with the last ruling, or by the default rule"),
}
# What the clocks of goods do when nobody does anything.
GOODS_CLOCKS: Final = {
    "sys.order.pay": said("closed if nobody paid"),
    "sys.order.ship": said("late if not shipped, refunded if late already"),
    "sys.order.lost": said("refunded if not delivered"),
    "sys.order.confirm": said("the seller is paid if the buyer is silent"),
    "sys.order.close": said("no more requests about it"),
    "sys.order.recall": said("refunded if the buyer of recalled goods is silent"),
    "sys.refund.answer": said("granted if the seller is silent"),
    "sys.refund.counter": said("the request lapses"),
    "sys.return.ship": said("the return lapses if nothing was sent back"),
    "sys.return.lost": said("refunded if the return never arrives"),
    "sys.return.accept": said("the return is accepted if the seller is silent"),
    "sys.exchange.ship": said("refunded if no other goods were sent"),
}
UNITS: Final[tuple[tuple[int, Callable[[int], str]], ...]] = (
    (86_400_000, lambda count: said("{count} d", count=count)),
    (3_600_000, lambda count: said("{count} h", count=count)),
    (60_000, lambda count: said("{count} min", count=count)),
    (1000, lambda count: said("{count} s", count=count)),
)


@dataclass(frozen=True, slots=True)
class Told:
    """How things are said: what time it is, whose account one is, what an amount is."""

    now_ms: int
    name: Callable[[str], str]
    amount: Callable[[object, str], str]


def clock_words(kind: str) -> str:
    """What happens by itself when this clock rings; its name where it has no words."""
    return (CLOCKS | GOODS_CLOCKS).get(kind, kind)


def when(time_ms: int) -> str:
    """`2026-11-26 12:00:00 +08:00`."""
    return format_time(time_ms).replace(f".{time_ms % 1000:03d} ", " ")


def until(time_ms: int, now_ms: int) -> str:
    """`2026-11-26 12:00:00 +08:00, in 3 d 4 h`."""
    if time_ms <= now_ms:
        return said("{clock}, due now", clock=when(time_ms))
    return said("{clock}, in {span}", clock=when(time_ms), span=span(time_ms - now_ms))


def span(duration_ms: int) -> str:
    """The two largest units of a duration, rounded down: `3 d 4 h`."""
    counts: list[tuple[int, Callable[[int], str]]] = []
    for size_ms, told in UNITS:
        count, duration_ms = divmod(duration_ms, size_ms)
        if count or counts:
            counts.append((count, told))
    parts = [told(count) for count, told in counts[:2] if count]
    if not parts:
        return said("{count} s", count=0)
    return reduce(lambda first, rest: said("{first} {rest}", first=first, rest=rest), parts)


def who(letters: str) -> str:
    """`S + C` as `seller and carrier together`."""
    return either(map(_together, letters.split(" or ")))


def either(parts: Iterable[str]) -> str:
    """`a or b`."""
    return reduce(lambda first, rest: said("{first} or {rest}", first=first, rest=rest), parts)


def _together(letters: str) -> str:
    if " + " not in letters:
        return listed(_party(letter) for letter in letters.split(", "))
    parties = reduce(
        lambda first, rest: said("{first} and {rest}", first=first, rest=rest),
        map(_party, letters.split(" + ")),
    )
    return said("{parties} together", parties=parties)


def _party(letter: str) -> str:
    return PARTIES.get(letter, letter)


def state_words(state: str) -> str:
    """`delivered (DELIVERED)`."""
    return said("{words} ({code})", words=STATES.get(state, state), code=state)


def action_words(name: str) -> str:
    """`ship (hushang shipment create)`."""
    command = COMMANDS.get(name, name.replace(".", " "))
    act = ACTIONS.get(name, name)
    return said("{act} (hushang {command})", act=act, command=command) if command else act


def act_words(actor: str, act: str) -> str:
    """Who can do what: a line."""
    return said("  {actor}: {act}", actor=actor, act=act)
