"""Disputes in plain words: what is at stake, panel and votes, rulings, what can happen next."""

from collections.abc import Iterator, Sequence
from typing import Final

from node.trade_words import (
    CLOCKS,
    Row,
    Told,
    act_words,
    action_words,
    either,
    until,
    who,
)
from node.words import clauses, listed, said

PHASES: Final = {
    "DRAWING": said("the panel is being drawn"),
    "EVIDENCE": said("evidence is brought"),
    "COMMIT": said("the arbiters commit to their votes"),
    "REVEAL": said("the arbiters reveal their votes"),
    "COMMIT_AGAIN": said("replacements commit to their votes"),
    "REVEAL_AGAIN": said("replacements reveal their votes"),
    "DECIDED": said("the panel has ruled, an appeal is possible"),
    "SPLIT": said("ended"),
}
KINDS: Final = {
    "case": said("case"),
    "claim": said("claim"),
    "penalty": said("penalty"),
}
ENDINGS: Final = {
    "ruling": said("ruling"),
    "default": said("default"),
    "settlement": said("settlement"),
}


def dispute_words(dispute: Row, told: Told) -> Iterator[str]:
    """A dispute, line by line."""
    yield from _stakes(dispute, told)
    if dispute["ending"] is not None:
        ending = dispute["ending"]
        how = ENDINGS.get(ending["how"], ending["how"])
        shares = _shares(ending["shares"])
        yield said("  ended by {how}: {shares} to the buyer", how=how, shares=shares)
        return
    yield ""
    yield said("what can happen next")
    # One line an action, whatever it leads to.
    steps = {step["type"]: step for step in dispute["next_steps"] if step["who"] != "–"}
    for step in steps.values():
        actors = _actors(step, dispute["subject"], told)
        yield act_words(actors, action_words(step["type"]))
    yield said("by itself")
    if dispute["clock_ms"] is not None:
        kind = dispute["clock_kind"]
        due = until(dispute["clock_ms"], told.now_ms)
        yield said("  {due}: {what}", due=due, what=CLOCKS.get(kind, kind))
        due = until(dispute["cap_ms"], told.now_ms)
        yield said("  {due}: it ends at the latest", due=due)


def _stakes(dispute: Row, told: Told) -> Iterator[str]:
    """What it is about, who is heard, and what was ruled."""
    subject, phase = dispute["subject"], dispute["phase"]
    symbol = subject["symbol"]
    worth = told.amount(sum(int(entry) for entry in subject["worth_minor"]), symbol)
    kind = KINDS.get(subject["kind"], subject["kind"])
    yield said("dispute {id} about a {kind}", id=dispute["dispute_id"], kind=kind)
    yield said("  {words} ({code})", words=PHASES.get(phase, phase), code=phase)
    yield said("  round {number}, about {worth}", number=dispute["round"] + 1, worth=worth)
    yield said("  buyer {name}", name=told.name(subject["buyer"]))
    yield said("  seller {name}", name=told.name(subject["seller"]))
    shares = _shares(dispute["claim"])
    if dispute["opener"] == subject["buyer"]:
        yield said("  the buyer asks for {shares} to the buyer", shares=shares)
    else:
        yield said("  the seller asks for {shares} to the buyer", shares=shares)
    for seat in dispute["seats"]:
        yield said("  arbiter {name}: {vote}", name=told.name(seat["arbiter"]), vote=_vote(seat))
    for number, ruling in enumerate(dispute["rulings"], 1):
        shares = _shares(ruling["shares"])
        yield said("  ruling {number}: {shares} to the buyer", number=number, shares=shares)
    for stake in dispute["stakes"]:
        bond = told.amount(stake["amount_minor"], symbol)
        yield said("  bond {bond} of {name}", bond=bond, name=told.name(stake["account"]))


def _actors(step: Row, subject: Row, told: Told) -> str:
    """Who can do it now: the arbiters by their accounts, a party by its role."""
    if step["who"] == "A":
        return clauses(said("arbiter {name}", name=told.name(each)) for each in step["accounts"])
    if step["who"] in ("loser", "B or S"):
        letters = (("B", "buyer"), ("S", "seller"))
        return either(who(letter) for letter, role in letters if subject[role] in step["accounts"])
    return who(step["who"])


def _shares(shares: Sequence[int]) -> str:
    return listed(f"{share} ‰" for share in shares)


def _vote(seat: Row) -> str:
    if seat["revealed"]:
        return said("voted {shares}", shares=_shares(seat["vote"]))
    return said("has committed") if seat["committed"] else said("has not committed")
