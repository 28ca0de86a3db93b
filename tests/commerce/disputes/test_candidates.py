"""Who may be drawn is decided before the seed is known, and by nothing that happens later."""

from commerce.disputes.arbiters import ArbiterUnbond
from tests.commerce.disputes.court import BOND_MINOR, Court, arbiter

SEATS = 3


def panel_after(*late: str) -> list[str]:
    """The panel of one and the same draw, when these things happen while it is under way."""
    court = Court(bonded=6, arbiters=8)
    dispute_id = court.disputed()
    height = court.height
    for act in late:
        match act:
            case "bond":
                court.bond(arbiter(6))
                court.bond(arbiter(7))
            case "unbond":
                for number in range(6):
                    court.done(arbiter(number), ("arbiter.unbond", ArbiterUnbond(BOND_MINOR)))
            case "trade":
                for number in range(6):
                    court.fund(arbiter(number), 1_000)
                    court.paid((court.tea, 1), buyer=arbiter(number))
            case _:
                raise AssertionError(act)
    assert (court.height > height) == bool(late)
    return court.drawn(dispute_id)


def test_who_bonds_unbonds_or_trades_once_a_draw_began_moves_nobody() -> None:
    drawn = panel_after()
    assert len(drawn) == SEATS
    assert panel_after("bond") == drawn
    assert panel_after("unbond") == drawn
    assert panel_after("trade") == drawn
    assert panel_after("trade", "bond", "unbond") == drawn


def test_a_bond_that_leaves_still_answers_for_the_vote() -> None:
    court = Court(bonded=3, arbiters=3)
    dispute_id = court.disputed()
    for number in range(SEATS):
        court.done(arbiter(number), ("arbiter.unbond", ArbiterUnbond(BOND_MINOR)))
    drawn = court.drawn(dispute_id)
    assert len(drawn) == SEATS
    court.heard(dispute_id)
    held = sum(court.arbiter(name).held_minor for name in drawn)
    court.pass_phase(dispute_id)
    court.pass_phase(dispute_id)
    assert sum(court.arbiter(name).held_minor for name in drawn) < held
