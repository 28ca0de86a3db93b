"""What disputes are about: a case's or claim's own rule for its end, and who carried the goods."""

from commerce.disputes.subjects import KINDS, carriers_of, default_shares
from tests.commerce.disputes.court import Court
from tests.commerce.disputes.test_filing import returned
from tests.commerce.world import account


def test_there_are_two_kinds_and_each_knows_all_of_it() -> None:
    assert set(KINDS) == {"case", "claim"}
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
