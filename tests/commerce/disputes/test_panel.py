"""Rules of dispute.recuse and dispute.challenge; who is drawn, and who can't be."""

from itertools import pairwise

import pytest

from chain.crypto import sha256
from commerce.accounts import AccountOpen
from commerce.disputes.arbiters import ArbiterAppoint, ArbiterUnbond
from commerce.disputes.conflicts import note_trade
from commerce.disputes.dispute import DISPUTES
from commerce.disputes.draws import draw_id_of
from commerce.disputes.panel import DisputeChallenge, DisputeRecuse, panel_drawn
from commerce.roles import RoleRevoke
from tests.commerce.attempts import Attempt, Row, play
from tests.commerce.disputes.court import BOND_MINOR, DOCUMENT, Court, arbiter
from tests.commerce.world import DAY_MS, QUORUM, account, policy

RECUSE, CHALLENGE = "dispute.recuse", "dispute.challenge"
NOWHERE = bytes(32)


def recusing(court: Court) -> list[Row]:
    """The rows: a dispute with a panel, one without, and one that votes."""
    voting = court.seated()
    court.heard(voting)
    court.restock()
    dispute = court.seated()
    first = court.panel(dispute)[0]
    (free,) = {arbiter(number) for number in range(4)} - set(court.panel(dispute))

    def recuse(dispute_id: bytes) -> DisputeRecuse:
        return DisputeRecuse(dispute_id, "a cousin")

    # fmt: off
    return [
        #       sender                  type    payload          with outcome
        Attempt(first,                  RECUSE, recuse(NOWHERE), (), "DisputeUnknown"),
        Attempt(court.panel(voting)[0], RECUSE, recuse(voting),  (), "PhaseForbids"),
        Attempt(free,                   RECUSE, recuse(dispute), (), "NotOnThePanel"),
        Attempt("buyer",                RECUSE, recuse(dispute), (), "NotOnThePanel"),
        Attempt(first,                  RECUSE, recuse(dispute), (), "ok"),
        Attempt(first,                  RECUSE, recuse(dispute), (), "NotOnThePanel"),
        Attempt(free,                   RECUSE, recuse(dispute), (), "ok"),
    ]
    # fmt: on


def challenging(court: Court) -> list[Row]:
    """The rows: both parties refuse one arbiter each, and no other."""
    drawing = court.disputed()
    court.restock()
    dispute = court.seated()
    first, second, third = (account(name) for name in court.panel(dispute))

    def challenge(judge: bytes, dispute_id: bytes = dispute) -> DisputeChallenge:
        return DisputeChallenge(dispute_id, judge)

    # fmt: off
    return [
        #       sender      type       payload                   with outcome
        Attempt("buyer",    CHALLENGE, challenge(first, NOWHERE), (), "DisputeUnknown"),
        Attempt("friend",   CHALLENGE, challenge(first),          (), "NotAParty"),
        Attempt("buyer",    CHALLENGE, challenge(first, drawing), (), "PhaseForbids"),
        Attempt("buyer",    CHALLENGE, challenge(NOWHERE),        (), "NotOnThePanel"),
        Attempt("buyer",    CHALLENGE, challenge(first),          (), "ok"),
        Attempt("buyer",    CHALLENGE, challenge(second),         (), "ChallengeUsed"),
        Attempt("merchant", CHALLENGE, challenge(first),          (), "NotOnThePanel"),
        Attempt("merchant", CHALLENGE, challenge(second),         (), "ok"),
        Attempt("merchant", CHALLENGE, challenge(third),          (), "ChallengeUsed"),
    ]
    # fmt: on


def test_who_may_give_up_a_seat_and_when() -> None:
    court = Court(4, arbiters=4)
    play(court, recusing(court))


def test_each_party_has_one_challenge() -> None:
    court = Court()
    play(court, challenging(court))


def test_a_reserve_takes_the_seat_in_the_order_of_the_seed() -> None:
    court = Court()
    dispute_id = court.seated()
    first = court.panel(dispute_id)[0]
    reserves = [court.names[known] for known in court.dispute(dispute_id).panel.reserves]
    assert len(reserves) == 5
    court.done(first, (RECUSE, DisputeRecuse(dispute_id, "")))
    assert court.panel(dispute_id)[-1] == reserves[0]
    assert court.arbiter(first).seats == 0
    assert court.arbiter(reserves[0]).seats == 1


def test_a_reserve_that_may_not_sit_any_more_is_passed_over() -> None:
    court = Court()
    dispute_id = court.seated()
    first = court.panel(dispute_id)[0]
    reserves = [court.names[known] for known in court.dispute(dispute_id).panel.reserves]
    court.done(reserves[0], ("arbiter.unbond", ArbiterUnbond(1)))
    revoked = RoleRevoke(account(reserves[1]), "arbiter", "")
    court.done("m0", ("role.revoke", revoked), with_=QUORUM)
    court.done(first, (RECUSE, DisputeRecuse(dispute_id, "")))
    assert court.panel(dispute_id)[-1] == reserves[2]


def test_when_all_recuse_themselves_the_default_rule_decides() -> None:
    court = Court(3, arbiters=3)
    dispute_id = court.seated()
    for name in court.panel(dispute_id):
        court.done(name, (RECUSE, DisputeRecuse(dispute_id, "")))
    ended = court.dispute(dispute_id)
    assert ended.ending is not None
    assert (ended.phase, ended.ending.how) == ("SPLIT", "default")
    assert all(court.arbiter(arbiter(number)).bond_minor == BOND_MINOR for number in range(3))


def test_when_a_challenge_empties_the_panel_the_default_rule_decides() -> None:
    court = Court(3, arbiters=3)
    dispute_id = court.seated()
    first, second, third = court.panel(dispute_id)
    for name in (first, second):
        court.done(name, (RECUSE, DisputeRecuse(dispute_id, "")))
    court.done("buyer", (CHALLENGE, DisputeChallenge(dispute_id, account(third))))
    assert court.dispute(dispute_id).phase == "SPLIT"


@pytest.mark.parametrize(("days", "drawn"), [(89, 7), (91, 8)])
@pytest.mark.parametrize("number", range(8))
def test_an_arbiter_who_traded_with_a_party_in_ninety_days_is_never_drawn(
    number: int, days: int, drawn: int
) -> None:
    court = Court()
    context = court.nodes.context()
    note_trade(context, account(arbiter(number)), account("merchant"))
    court.nodes.keep(context)
    court.wait(days * DAY_MS)
    panel = court.dispute(court.seated()).panel
    everybody = [*(seat.arbiter for seat in panel.seats), *panel.reserves]
    assert len(everybody) == drawn
    assert (account(arbiter(number)) in everybody) == (drawn == 8)


def test_too_few_with_a_bond_are_joined_by_those_on_the_regulators_list() -> None:
    court = Court(2, arbiters=4)
    for number in range(4):
        appointed = ArbiterAppoint(account(arbiter(number)), DOCUMENT)
        court.done("regulator", ("arbiter.appoint", appointed))
    dispute_id = court.disputed()
    panel = court.drawn(dispute_id)
    assert len(panel) == 3
    # Those with a bond sit in any case.
    assert set(panel[:2]) == {arbiter(0), arbiter(1)}
    assert panel[2] in (arbiter(2), arbiter(3))


def test_nobody_on_the_list_sits_while_there_are_enough_bonds() -> None:
    court = Court(3, arbiters=6)
    for number in range(3, 6):
        appointed = ArbiterAppoint(account(arbiter(number)), DOCUMENT)
        court.done("regulator", ("arbiter.appoint", appointed))
    dispute_id = court.seated()
    assert set(court.panel(dispute_id)) == {arbiter(0), arbiter(1), arbiter(2)}
    assert court.dispute(dispute_id).panel.reserves == ()


def test_too_few_arbiters_end_a_dispute_by_the_default_rule_and_bonds_return() -> None:
    court = Court(2, arbiters=2)
    had_minor = court.money("merchant")
    dispute_id = court.disputed(by="merchant", bond_minor=60)
    court.drawn(dispute_id)
    ended = court.dispute(dispute_id)
    assert ended.ending is not None
    assert (ended.phase, ended.ending.how) == ("SPLIT", "default")
    assert court.money("merchant") == had_minor + 3_000
    assert [court.arbiter(arbiter(number)).seats for number in range(2)] == [0, 0]


def test_bonds_below_the_least_and_of_another_asset_are_not_in_the_pool() -> None:
    court = Court(4, arbiters=4)
    court.done(arbiter(0), ("arbiter.unbond", ArbiterUnbond(1)))
    assert set(court.panel(court.seated())) == {arbiter(1), arbiter(2), arbiter(3)}


def test_different_seeds_seat_different_panels_each_arbiter_about_as_often() -> None:
    court = Court()
    dispute_id = court.disputed()
    draw_id = draw_id_of(dispute_id, 0)
    counted = dict.fromkeys(court.names.values(), 0)
    panels = []
    for number in range(400):
        context = court.nodes.context()
        panel_drawn(context, draw_id, sha256(number.to_bytes(2, "big")))
        seated = DISPUTES.load(context.state, dispute_id)
        assert seated is not None
        panels.append([court.names[seat.arbiter] for seat in seated.panel.seats])
        for name in panels[-1]:
            counted[name] += 1
    assert sum(before != after for before, after in pairwise(panels)) > 380
    shares = [counted[arbiter(number)] for number in range(8)]
    # 150 are expected of each; 4 standard deviations are 39, and these seeds are fixed.
    assert all(111 <= share <= 189 for share in shares)


def test_a_seed_that_nobody_waits_for_changes_nothing() -> None:
    court = Court()
    context = court.nodes.context()
    assert panel_drawn(context, NOWHERE, NOWHERE) == ()
    assert context.state.changes == {}


def test_a_settled_draw_seats_nobody_later() -> None:
    court = Court()
    dispute_id = court.disputed()
    court.settle(dispute_id, 100)
    context = court.nodes.context()
    assert panel_drawn(context, draw_id_of(dispute_id, 0), NOWHERE) == ()
    assert not [entry for entry in court.state.values if entry.startswith(b"beacon-draw/")]


def test_a_member_biasing_the_draw_can_only_be_silent_and_changes_nothing() -> None:
    panels = set()
    # Whichever two of the four reveal, in whatever order, and whoever of them withholds.
    for seats in ((0, 1), (1, 0), (2, 3), (3, 1), (0, 3)):
        court = Court()
        dispute_id = court.disputed()
        panels.add(tuple(court.drawn(dispute_id, seats)))
    assert len(panels) == 1
    court = Court()
    dispute_id = court.disputed()
    # One share is not enough, and a false one is refused: nobody knows the panel before two agree.
    draw_id = draw_id_of(dispute_id, 0)
    assert court.nodes.seed([0], draw_id) is None
    honest = court.nodes.shares(1, draw_id)
    wrong = [None if share is None else bytes([1]) + bytes(31) for share in honest]
    assert court.nodes.reveal(1, wrong, draw_id).status == "ShareWrong"
    assert court.dispute(dispute_id).phase == "DRAWING"
    assert court.nodes.reveal(2, None, draw_id).status == "ok"
    assert tuple(court.panel(dispute_id)) in panels


def test_nobody_of_the_organisation_that_paid_for_the_buyer_is_drawn() -> None:
    court = Court(10, arbiters=10)
    court.done("m2", ("account.open", AccountOpen(policy("patron"), None)), with_=("patron",))
    court.fund("patron", 1_000)
    order_id = court.order((court.tea, 1))
    court.pay(order_id, "patron")
    opened = court.done("merchant", court.opening(court.ship(order_id), (0,), 20))
    dispute_id = court.case(opened)
    court.drawn(dispute_id)
    panel = court.dispute(dispute_id).panel
    drawn = {court.names[seat.arbiter] for seat in panel.seats}
    drawn |= {court.names[known] for known in panel.reserves}
    # Arbiters of even numbers are m2's, as the payer is.
    assert drawn == {arbiter(number) for number in range(1, 10, 2)}
