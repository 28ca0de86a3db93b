"""How a refused request comes before a panel: steps that more than one story takes."""

from commerce.aftersale.answers import RefundReject
from commerce.aftersale.requests import RefundRequest, RequestedLine
from commerce.disputes.filing import DisputeOpen
from node.demo.market import BUYER, SELLER, Bought, Market, document
from node.demo.stage import cny

WHOLE = 1_000


def ask(market: Market, bought: Bought, parcel: str, line: int, words: str) -> str:
    """The buyer wants a unit's price back, for bad goods; the case."""
    request = RefundRequest(
        order_id=bytes.fromhex(bought.order_id),
        parcel_id=bytes.fromhex(parcel),
        kind="quality",
        lines=(RequestedLine(line, 1, None),),
        reason="damaged",
        evidence=document("a photograph"),
    )
    stage = market.stage
    outcome = stage.send(market.party(BUYER), "refund.request", request)
    told = outcome.event("refund.requested")
    case_id, asked = str(told["case_id"]), cny(int(told["amount_minor"]))
    stage.tell(
        f"{words}: the buyer asks for its {asked} back.",
        outcome,
        {"case": case_id, "asked": asked, "clock": market.pacing.rule("answer_shipped_ms")},
        stage.event_claims(outcome, 0, "case_id", "amount_minor", "kind"),
    )
    return case_id


def refuse(market: Market, case_id: str) -> None:
    """The seller says no."""
    stage = market.stage
    rejection = RefundReject(bytes.fromhex(case_id), "it left us whole", None)
    outcome = stage.send(market.party(SELLER), "refund.reject", rejection)
    stage.tell(
        "The seller refuses: it left the house whole.",
        outcome,
        {"case": case_id, "clock": market.pacing.rule("counter_ms")},
        stage.event_claims(outcome, 0, "case_id", "state"),
    )


def dispute(market: Market, case_id: str, bond_minor: int) -> None:
    """The buyer takes it to a panel, and asks for everything."""
    stage = market.stage
    opening = DisputeOpen(bytes.fromhex(case_id), (WHOLE,), bond_minor, document("a photograph"))
    outcome = stage.send(market.party(BUYER), "dispute.open", opening)
    told = outcome.event("dispute.opened")
    bond = ", without a bond, as a consumer may"
    if bond_minor:
        market.purse(BUYER).move(-bond_minor, "bond of the dispute")
        bond = f" and posts a bond of {cny(bond_minor)}"
    market.check()
    at_stake = cny(sum(map(int, told["worth_minor"])))
    stage.tell(
        f"The buyer disputes that{bond}. At stake: {at_stake}, which stay in escrow.",
        outcome,
        {"dispute": case_id},
        stage.event_claims(outcome, 0, "dispute_id", "worth_minor", "bond_minor", "claim"),
    )
