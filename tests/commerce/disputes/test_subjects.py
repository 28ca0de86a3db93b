"""What disputes are about: a case's or claim's own rule for its end, and who carried the goods."""

from commerce.aftersale.answers import RefundReject
from commerce.aftersale.requests import RefundRequest, RequestedLine
from commerce.deposits.claims import ClaimFile
from commerce.disputes.hearing import DisputeEvidence
from commerce.disputes.subjects import KINDS, carriers_of, default_shares
from commerce.recalls.recalls import RecallOpen
from tests.commerce.disputes.court import DOCUMENT, Court
from tests.commerce.disputes.test_filing import returned
from tests.commerce.shop import TEA
from tests.commerce.world import DAY_MS, account


def test_each_kind_of_subject_knows_all_of_it() -> None:
    assert set(KINDS) == {"case", "claim", "penalty"}
    for kind in KINDS.values():
        assert None not in (kind.split, kind.default, kind.carriers, kind.mark)


def test_the_default_is_in_favour_of_whoever_lacks_the_goods() -> None:
    court = Court()
    delivered = court.disputed()
    assert default_shares(court.state, delivered, court.dispute(delivered).subject) == (0,)
    parcel_id = court.ship(court.paid((court.tea, 1), (court.bike, 1)))
    moving = court.case(court.done("merchant", court.opening(parcel_id, (0, 0), 40)))
    assert default_shares(court.state, moving, court.dispute(moving).subject) == (1_000, 1_000)


def test_the_carriers_of_a_case_are_those_of_its_parcels_and_of_the_way_back() -> None:
    court = Court()
    case_id = returned(court)
    contested = court.done("merchant", court.contesting(case_id, (0,), 60))
    dispute_id = court.case(contested)
    found = carriers_of(court.state, dispute_id, court.dispute(dispute_id).subject)
    assert list(found) == [account("carrier"), account("carrier")]


def fraud(court: Court) -> bytes:
    """A claim for fraud about goods of ¥30, by a buyer who has them; ¥500 at least (art. 55)."""
    order_id = court.paid((court.tea, 3))
    court.confirm(court.ship(order_id))
    claimed = ClaimFile(order_id, "fraud", (0,), 0, DOCUMENT)
    made = court.done("buyer", ("claim.file", claimed))
    claim_id = made[0].data["claim_id"]
    assert isinstance(claim_id, bytes)
    return claim_id


def test_a_claim_that_a_panel_grants_is_paid_by_the_merchant() -> None:
    court = Court()
    claim_id = fraud(court)
    had_minor = court.money("buyer"), court.money("merchant")
    assert court.dispute(claim_id).subject.worth_minor == (50_000,)
    court.drawn(claim_id)
    court.vote(claim_id, (1_000,), (800,), (0,))
    court.pass_phase(claim_id)
    assert court.money("buyer") - had_minor[0] == 40_000
    assert court.money("merchant") - had_minor[1] == -40_000


def test_a_claim_that_nobody_judges_costs_nobody_anything() -> None:
    court = Court()
    claim_id = fraud(court)
    had_minor = court.money("buyer"), court.money("merchant")
    court.drawn(claim_id)
    while court.dispute(claim_id).due_ms is not None:
        court.pass_phase(claim_id)
    assert (court.money("buyer"), court.money("merchant")) == had_minor


def test_the_carrier_of_a_claims_goods_may_tell_of_them() -> None:
    court = Court()
    claim_id = fraud(court)
    told = DisputeEvidence(claim_id, "weighing", DOCUMENT)
    court.done("carrier", ("dispute.evidence", told))
    assert court.dispute(claim_id).exhibits[-1].account == account("carrier")


def test_an_appeal_against_a_ruling_on_a_claim_is_heard() -> None:
    court = Court(15, arbiters=15)
    claim_id = fraud(court)
    court.drawn(claim_id)
    court.vote(claim_id, *[(0,)] * 3)
    court.appeal(claim_id, "buyer", 2_000)
    court.drawn(claim_id)
    court.vote(claim_id, *[(500,)] * 5)
    assert court.dispute(claim_id).rulings[-1].shares == (500,)


def test_nobodys_silence_pays_for_recalled_goods() -> None:
    court = Court()
    order_id = court.paid((court.tea, 1), (court.bike, 1))
    parcel_id = court.ship(order_id)
    court.deliver(parcel_id)
    lines = tuple(RequestedLine(line, 1, None) for line in range(2))
    asked = RefundRequest(order_id, parcel_id, "quality", lines, "stale", None)
    case_id = court.case(court.done("buyer", ("refund.request", asked)))
    court.done("merchant", ("refund.reject", RefundReject(case_id, "fresh", None)))
    court.take(case_id, 1_000, 1_000)
    court.done("merchant", ("recall.open", RecallOpen(TEA, 1, DOCUMENT, None)))
    had_minor = court.money("buyer")
    assert default_shares(court.state, case_id, court.dispute(case_id).subject) == (1_000, 0)
    court.wait(3 * DAY_MS)
    assert court.dispute(case_id).phase == "SPLIT"
    assert court.money("buyer") - had_minor == 1_000


def test_recalled_goods_that_were_paid_before_stay_so_without_a_ruling() -> None:
    court = Court()
    order_id = court.paid((court.tea, 1))
    parcel_id = court.ship(order_id)
    court.confirm(parcel_id)
    line = RequestedLine(0, 1, None)
    asked = RefundRequest(order_id, parcel_id, "quality", (line,), "stale", None)
    case_id = court.case(court.done("buyer", ("refund.request", asked)))
    court.done("merchant", ("refund.reject", RefundReject(case_id, "fresh", None)))
    court.take(case_id, 1_000)
    court.done("merchant", ("recall.open", RecallOpen(TEA, 1, DOCUMENT, None)))
    assert default_shares(court.state, case_id, court.dispute(case_id).subject) == (0,)
