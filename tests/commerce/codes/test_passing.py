"""item.transfer: who passes a thing on, to whom, and what stays of its past."""

from commerce.codes.passing import ItemTransfer
from commerce.codes.serials import link_of
from commerce.goods.things import owner_of, possessor_of
from tests.commerce.attempts import Attempt, Row, Wait, play
from tests.commerce.codes.atelier import Atelier, serial_of
from tests.commerce.shop import TEA
from tests.commerce.world import HOUR_MS, account

PASS = "item.transfer"


def passing(atelier: Atelier) -> list[Row]:
    """The buyer has claimed code 0; code 1 is still the brand's."""
    atelier.committed("buyer")
    atelier.revealed("buyer")
    atelier.wait(HOUR_MS)

    def to(taker: bytes, index: int = 0) -> ItemTransfer:
        return ItemTransfer(TEA, serial_of(index), taker)

    friend, buyer = account("friend"), account("buyer")
    unknown = ItemTransfer(TEA, "none", friend)
    # fmt: off
    return [
        #       sender      type  payload                 with          outcome
        Attempt("buyer",    PASS, unknown,                ("friend",),  "CodeUnknown"),
        Attempt("friend",   PASS, to(friend),             (),           "NotTheOwner"),
        Attempt("merchant", PASS, to(friend),             ("friend",),  "NotTheOwner"),
        Attempt("buyer",    PASS, to(bytes(32)),          (),           "AccountUnknown"),
        Attempt("buyer",    PASS, to(friend),             (),           "CosignerMissing"),
        Attempt("merchant", PASS, to(friend, 1),          ("friend",),  "CodeUnclaimed"),
        Attempt("buyer",    PASS, to(buyer),              (),           "AlreadyTheOwner"),
        Attempt("buyer",    PASS, to(friend),             ("friend",),  "ok"),
        Attempt("buyer",    PASS, to(friend),             ("friend",),  "NotTheOwner"),
        Wait(HOUR_MS),
        Attempt("friend",   PASS, to(buyer),              ("buyer",),   "ok"),
    ]
    # fmt: on


def test_its_owner_passes_a_claimed_thing_on_to_who_wants_it() -> None:
    atelier = Atelier()
    play(atelier, passing(atelier))


def test_a_thing_that_was_passed_on_is_its_new_owners_and_keeps_its_past() -> None:
    atelier = Atelier()
    play(atelier, passing(atelier)[:8])
    thing = link_of(TEA, serial_of(0))
    assert owner_of(atelier.state, thing) == account("friend")
    assert possessor_of(atelier.state, thing) == account("friend")
    code = atelier.code()
    assert code.claimed is not None
    assert code.claimed.account == account("buyer")
    assert code.claimed.passed_ms == atelier.time_ms
    assert atelier.verdict().owner == account("friend")
