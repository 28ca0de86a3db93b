"""A dispute to its end: panel, silence and slashing, ruling, appeal, split, and who pays for it."""

from typing import Final

from chain.bech32m import encode_account
from commerce.disputes.hearing import DisputeEvidence
from commerce.disputes.opening import DisputeAppeal
from node.demo.chronicle import Placed, placed_claims
from node.demo.court import Court, Sealed
from node.demo.market import BUYER, CARRIER, SELLER, Market, document, open_market
from node.demo.stage import Party, Stage, cny
from node.demo.stories.clockwork import Clock, await_clock, clock_facts
from node.demo.stories.hearing import ask, dispute, refuse
from node.demo.story import Claim

FUNDS: Final = {SELLER: 50_000, BUYER: 300_000, CARRIER: 0}
PRICE_MINOR: Final = 199_999
BUYER_BOND_MINOR: Final = 2_000
APPEAL_BOND_MINOR: Final = 8_003
# Per mille of the price for the buyer; the second list begins with the reserve's.
FIRST_VOTES: Final = (700, 500, 900)
RESERVE_VOTE: Final = 600
APPEAL_VOTES: Final = (800, 650, 600, 700, 300)
FIRST_RULING: Final = 600
LAST_RULING: Final = 650
REFUNDED_MINOR: Final = 129_999
RELEASED_MINOR: Final = 70_000
WAGE_MINOR: Final = 1_600

WAITS: Final = ("evidence_ms", "reveal_ms", "evidence_ms", "appeal_ms")
WINDOWS: Final = ("pay_ms", "counter_ms", "evidence_ms", "commit_ms", "reveal_ms", "appeal_ms")


def play(stage: Stage) -> None:
    """The whole story."""
    market = open_market(stage, FUNDS)
    court = Court(market)
    court.open()
    (bicycle,) = market.offer(("a bicycle", "ware", PRICE_MINOR))
    bought = market.buy(BUYER, [(bicycle, 1)])
    market.tell_bought("The buyer orders a bicycle", bought)
    parcel = market.ship(bought, (0, 1))
    market.deliver(parcel, bought.code)
    case_id = ask(market, bought, parcel, 0, "It arrives with a bent frame")
    refuse(market, case_id)
    dispute(market, case_id, BUYER_BOND_MINOR)
    first_round(market, court, case_id)
    appeal(market, case_id)
    panel = second_round(market, court, case_id)
    split(market, case_id)
    wages = ", ".join(party.name for party in panel)
    market.settle(
        "The end: what each had, and has, to the fen.",
        [
            Claim(bought.path, "/held_minor", "0"),
            Claim(bought.path, "/refunded_minor", str(REFUNDED_MINOR)),
            Claim(bought.path, "/released_minor", str(RELEASED_MINOR)),
            Claim(f"/v1/cases/{case_id}", "/state", "SPLIT"),
        ],
        {
            "arbiters of the appeal": f"{cny(WAGE_MINOR)} each: {wages}",
            "mutual fund": f"+ {cny(50_000)} slashed + {cny(3)} that five don't divide",
        },
    )


def first_round(market: Market, court: Court, case_id: str) -> None:
    """Three sit, one is silent and replaced; the ruling."""
    drawn, panel = court.panel(case_id, 0)
    court.tell_panel(
        "The nodes open the secrets of this draw together: the seed that nobody could know or"
        " choose seats three arbiters of other sponsors than the parties'.",
        drawn,
        panel,
    )
    bring_evidence(market, case_id)
    votes = {party: (vote,) for party, vote in zip(panel, FIRST_VOTES, strict=True)}
    court.await_vote(case_id, drawn)
    sealed = court.commit(case_id, 0, votes)
    silent = panel[-1]
    seen = {party: vote for party, vote in sealed.items() if party is not silent}
    court.reveal(case_id, seen)
    reserve = slashed(market, court, case_id, silent)
    replaced = court.commit(case_id, 0, {reserve: (RESERVE_VOTE,)})
    ruled = court.reveal(case_id, replaced)
    index = [entry["type"] for entry in ruled.events].index("dispute.ruled")
    market.stage.tell(
        f"{reserve.name} votes too. The votes are 700, 500 and 600 per mille; the ruling is the"
        f" lower median: {FIRST_RULING} ‰ of the price go back to the buyer.",
        ruled,
        {"dispute": case_id},
        [
            *market.stage.event_claims(ruled, index, "dispute_id", "arbiters"),
            Claim(f"/v1/receipts/{ruled.id}", f"/events/{index}/data/shares", [FIRST_RULING]),
        ],
    )


def bring_evidence(market: Market, case_id: str) -> None:
    """An inspector has seen the goods."""
    stage = market.stage
    exhibit = DisputeEvidence(bytes.fromhex(case_id), "inspection", document("the bent frame"))
    outcome = stage.send(stage.party("inspector"), "dispute.evidence", exhibit)
    stage.tell(
        "An inspector adds what it found, as the hash of its report.",
        outcome,
        {"dispute": case_id, "clock": market.pacing.rule("evidence_ms")},
        stage.event_claims(outcome, 0, "dispute_id", "account", "document"),
    )


def slashed(market: Market, court: Court, case_id: str, silent: Party) -> Party:
    """The clock replaces who doesn't reveal; the arbiter who takes its seat."""
    account, timer = encode_account(silent.account), "reveal_ms"
    clock = Clock(f"/v1/cases/{case_id}", "sys.dispute.reveal", timer, (timer,))
    found = await_clock(market, clock, "arbiter.slashed", arbiter=account)
    seated = market.await_clock((), "dispute.seated", dispute_id=case_id)
    reserve = court.named(str(seated["data"]["arbiter"]))
    amount = cny(int(found["data"]["amount_minor"]))
    market.stage.tell_of(
        f"All three sealed a vote, two show theirs. {silent.name} is silent: the clock takes"
        f" {amount} of its bond for the mutual fund, and seats {reserve.name} in its place.",
        clock_facts(market, clock, found),
        [
            *placed_claims(found, "arbiter", "amount_minor"),
            *placed_claims(seated, "arbiter", "dispute_id"),
        ],
    )
    return reserve


def appeal(market: Market, case_id: str) -> None:
    """The seller wants a larger panel."""
    stage = market.stage
    appealing = DisputeAppeal(bytes.fromhex(case_id), APPEAL_BOND_MINOR)
    outcome = stage.send(market.party(SELLER), "dispute.appeal", appealing)
    market.purse(SELLER).move(-APPEAL_BOND_MINOR, "bond of the appeal")
    market.check()
    bond = cny(APPEAL_BOND_MINOR)
    stage.tell(
        f"The seller appeals, and posts a bond of {bond}: five other arbiters will hear it.",
        outcome,
        {"dispute": case_id, "bond": bond},
        stage.event_claims(outcome, 0, "dispute_id", "bond_minor", "party", "round"),
    )


def second_round(market: Market, court: Court, case_id: str) -> list[Party]:
    """Five others vote."""
    drawn, panel = court.panel(case_id, 1)
    court.tell_panel("The nodes draw five others.", drawn, panel)
    votes = {party: (vote,) for party, vote in zip(panel, APPEAL_VOTES, strict=True)}
    court.await_vote(case_id, drawn)
    sealed: Sealed = court.commit(case_id, 1, votes)
    ruled = court.reveal(case_id, sealed)
    index = [entry["type"] for entry in ruled.events].index("dispute.ruled")
    market.stage.tell(
        "They vote 800, 650, 600, 700 and 300: the median gives the buyer"
        f" {LAST_RULING} ‰, which is no better for the seller.",
        ruled,
        {"dispute": case_id, "clock": market.pacing.rule("appeal_ms")},
        [
            *market.stage.event_claims(ruled, index, "dispute_id", "arbiters"),
            Claim(f"/v1/receipts/{ruled.id}", f"/events/{index}/data/shares", [LAST_RULING]),
        ],
    )
    return panel


def split(market: Market, case_id: str) -> None:
    """Nobody appeals again: the money is divided, and the bonds."""
    timer = "appeal_ms"
    clock = Clock(f"/v1/cases/{case_id}", "sys.dispute.appeal", timer, (timer,))
    ended = await_clock(market, clock, "dispute.ended", dispute_id=case_id)
    settled = market.await_clock((), "refund.settled", case_id=case_id)
    market.purse(BUYER).move(REFUNDED_MINOR, "refunded by the ruling")
    market.purse(BUYER).move(BUYER_BOND_MINOR, "bond back")
    market.purse(SELLER).move(RELEASED_MINOR, "released by the ruling")
    market.check()
    amounts = (cny(REFUNDED_MINOR), cny(RELEASED_MINOR))
    market.stage.tell_of(
        f"Nobody appeals again: the clock splits the price, {amounts[0]} to the buyer, {amounts[1]}"
        f" to the seller. The buyer's bond of {cny(BUYER_BOND_MINOR)} returns; the seller's"
        f" {cny(APPEAL_BOND_MINOR)} pay the five, {cny(WAGE_MINOR)} each.",
        clock_facts(market, clock, ended),
        [
            *placed_claims(ended, "dispute_id", "how", "shares", "bonds"),
            *bond_claims(ended),
            *placed_claims(settled, "refunded_minor", "released_minor", "to", "seller"),
        ],
    )


def bond_claims(ended: Placed) -> list[Claim]:
    """What became of the buyer's bond, and of the seller's."""
    index = ended["cursor"].split(".")[2]
    path, place = f"/v1/receipts/{ended['receipt_id']}", f"/events/{index}/data/bonds"
    return [
        Claim(path, f"{place}/0/amount_minor", str(BUYER_BOND_MINOR)),
        Claim(path, f"{place}/0/lost", value=False),
        Claim(path, f"{place}/1/amount_minor", str(APPEAL_BOND_MINOR)),
        Claim(path, f"{place}/1/each_minor", str(WAGE_MINOR)),
        Claim(path, f"{place}/1/lost", value=True),
    ]
