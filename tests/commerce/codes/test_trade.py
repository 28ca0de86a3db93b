"""Who deals in goods by trade, and who may claim what."""

from commerce.codes.serials import link_of
from commerce.codes.trade import is_of_trade, may_claim
from commerce.goods.offers import CustodyAccept, CustodyOffer
from commerce.roles import RoleGrant
from tests.commerce.codes.atelier import Atelier, serial_of
from tests.commerce.shop import TEA
from tests.commerce.world import HOUR_MS, QUORUM, account


def test_the_brand_merchants_and_carriers_of_such_goods_are_of_the_trade() -> None:
    atelier = Atelier()
    names = ("merchant", "rival", "carrier", "inspector", "buyer")
    told = [is_of_trade(atelier.state, account(name), TEA, serial_of(0)) for name in names]
    assert told == [True, True, True, False, False]
    grant = RoleGrant(account("friend"), "merchant", "gcp:6909999", None)
    atelier.done("m0", ("role.grant", grant), with_=QUORUM)
    assert not is_of_trade(atelier.state, account("friend"), TEA, serial_of(0))


def given(atelier: Atelier, giver: str, taker: str) -> None:
    """A thing changes hands by two signatures."""
    things = (link_of(TEA, serial_of(0)),)
    offer = CustodyOffer(things, "both", account(taker), None, None, HOUR_MS)
    made = atelier.done(giver, ("custody.offer", offer))[0].data["offer_id"]
    assert isinstance(made, bytes)
    atelier.done(taker, ("custody.accept", CustodyAccept(made, None)))


def test_a_code_takes_nothing_from_a_consumer_but_gives_what_a_shop_has() -> None:
    atelier = Atelier()

    def claimants() -> list[str]:
        return [
            name
            for name in ("buyer", "friend", "rival")
            if may_claim(atelier.state, account(name), TEA, serial_of(0))
        ]

    assert claimants() == ["buyer", "friend", "rival"]
    given(atelier, "merchant", "rival")
    assert claimants() == ["buyer", "friend", "rival"]
    given(atelier, "rival", "buyer")
    assert claimants() == ["buyer"]
    # A present, its seal unbroken.
    given(atelier, "buyer", "friend")
    assert claimants() == ["friend"]
