"""What certificates say of a thing, at each time and whatever became of the inspector."""

import pytest

from commerce.certificates import views
from commerce.certificates.certificates import CertIssue, CertRevoke
from commerce.certificates.errors import CertificateUnknown
from commerce.certificates.views import certificate_view, certificates_of
from commerce.roles import RoleGrant, RoleRevoke
from tests.commerce.certificates.test_certificates import (
    HASH,
    LOT,
    PLACE,
    cert,
    granted,
    newest,
)
from tests.commerce.shop import CAKE, TEA
from tests.commerce.world import DAY_MS, GENESIS_MS, PREFIX, QUORUM, World, account

TEA_LINK = f"https://id.gs1.org/01/{TEA}"
ITEM = f"{TEA_LINK}/21/7"
FROM, UNTIL = GENESIS_MS + DAY_MS, GENESIS_MS + 2 * DAY_MS


def issued(world: World, payload: CertIssue, by: str = "inspector") -> bytes:
    world.done(by, ("cert.issue", payload))
    return newest(world)


def ready() -> World:
    world = World()
    granted(world)
    return world


def standings(world: World, thing: str, time_ms: int, *lots: str) -> list[str]:
    return [view.standing for view in certificates_of(world.state, thing, time_ms, lots)]


def test_time_alone_makes_a_certificate_valid_and_ends_it() -> None:
    world = ready()
    known = issued(world, cert(TEA_LINK, FROM, UNTIL))
    times = (FROM - 1, FROM, UNTIL, UNTIL + 1)
    shown = [certificate_view(world.state, known, time_ms).standing for time_ms in times]
    assert shown == ["not_yet_valid", "valid", "valid", "expired"]
    assert standings(world, TEA_LINK, UNTIL) == ["valid"]
    assert standings(world, TEA_LINK, UNTIL + 1) == []


def test_an_item_has_the_certificates_of_its_product_and_of_the_lots_that_it_is_said_to_be_of() -> (
    None
):
    world = ready()
    of_product = issued(world, cert(TEA_LINK))
    of_lot = issued(world, cert(LOT))
    issued(world, cert(f"https://id.gs1.org/01/{CAKE}"))
    found = [view.certificate_id for view in certificates_of(world.state, ITEM, FROM)]
    assert found == [of_product]
    found = [view.certificate_id for view in certificates_of(world.state, ITEM, FROM, [LOT])]
    assert found == [of_product, of_lot]
    found = [view.certificate_id for view in certificates_of(world.state, LOT, FROM)]
    assert found == [of_lot, of_product]


def test_a_place_has_its_own_certificates() -> None:
    world = ready()
    known = issued(world, cert(f"urn:epc:id:sgln:{PREFIX}.00000.0"), by="rival")
    place = f"https://id.gs1.org/414/{PLACE}"
    (view,) = certificates_of(world.state, place, FROM)
    assert (view.certificate_id, view.kind, view.key) == (known, "place", PLACE)
    assert view.document == HASH


def test_a_revoked_certificate_is_shown_so_from_then_on() -> None:
    world = ready()
    known = issued(world, cert(TEA_LINK))
    world.time_ms += DAY_MS
    world.done("regulator", ("cert.revoke", CertRevoke(known, "forged")))
    assert standings(world, ITEM, world.time_ms - 1) == ["valid"]
    assert standings(world, ITEM, world.time_ms) == ["revoked"]
    view = certificate_view(world.state, known, world.time_ms)
    assert view.revoked is not None
    assert (view.revoked.by, view.revoked.reason) == (account("regulator"), "forged")


def test_certificates_of_an_inspector_that_is_accredited_no_more_are_shown_so() -> None:
    world = ready()
    issued(world, cert(TEA_LINK), by="friend")
    world.done(
        "m0",
        ("role.revoke", RoleRevoke(account("friend"), "inspector", f"gcp:{PREFIX}")),
        with_=QUORUM,
    )
    assert standings(world, ITEM, world.time_ms) == ["issuer_not_accredited"]
    # In another scope it is accredited for other things.
    elsewhere = RoleGrant(account("friend"), "inspector", "gcp:6907777", None)
    world.done("m0", ("role.grant", elsewhere), with_=QUORUM)
    assert standings(world, ITEM, world.time_ms) == ["issuer_not_accredited"]
    # It may still take its word back.
    world.done("friend", ("cert.revoke", CertRevoke(newest(world), "no longer sure")))
    assert standings(world, ITEM, world.time_ms) == ["revoked"]


def test_one_answer_shows_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    world = ready()
    for _ in range(3):
        issued(world, cert(TEA_LINK))
    monkeypatch.setattr(views, "SHOWN_MAX", 2)
    assert standings(world, ITEM, FROM) == ["valid", "valid"]


def test_no_certificate_is_unknown() -> None:
    with pytest.raises(CertificateUnknown):
        certificate_view(World().state, bytes(32), FROM)
