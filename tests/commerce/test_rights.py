"""Rules of gcp.grant and location.register."""

# ruff: noqa: E501 (the rule table is aligned)

from commerce.epcis.identifiers import check_digit
from commerce.rights import (
    GcpGrant,
    LocationRegister,
    gtin_holder,
    location_holder,
    prefix_holder,
)
from commerce.roles import RoleGrant
from tests.commerce.attempts import Attempt, Row, play
from tests.commerce.world import PREFIX, QUORUM, World, account

RIVAL = account("rival")
NOBODY = account("nobody")
FRIEND, BUYER = account("friend"), account("buyer")
GLN = "6901234000009"


def gln(body: str) -> str:
    """A GLN of 12 digits and their check digit."""
    return body + check_digit(body)


GCP, LOCATION = "gcp.grant", "location.register"

# fmt: off
TABLE: list[Row] = [
    #       sender       type      payload                                   with        outcome
    Attempt("regulator", GCP,      GcpGrant("69000a1", RIVAL, None),         ("rival",), "IdentifierMalformed"),
    Attempt("rival",     GCP,      GcpGrant("6900001", RIVAL, None),         (),         "RoleMissing"),
    Attempt("regulator", GCP,      GcpGrant("6900001", NOBODY, None),        (),         "AccountUnknown"),
    Attempt("regulator", GCP,      GcpGrant("6900001", RIVAL, None),         (),         "CosignerMissing"),
    Attempt("regulator", GCP,      GcpGrant("6900001", RIVAL, None),         ("rival",), "ok"),
    Attempt("inspector", GCP,      GcpGrant("6900001", RIVAL, None),         ("rival",), "PrefixHeld"),
    Attempt("inspector", GCP,      GcpGrant("690000", RIVAL, None),          ("rival",), "PrefixHeld"),
    Attempt("inspector", GCP,      GcpGrant("69000012", RIVAL, None),        ("rival",), "PrefixHeld"),
    Attempt("inspector", GCP,      GcpGrant(PREFIX, RIVAL, None),            ("rival",), "PrefixHeld"),
    Attempt("inspector", GCP,      GcpGrant("6900002", RIVAL, None),         ("rival",), "ok"),
    Attempt("regulator", LOCATION, LocationRegister("6901234000005", RIVAL, None), ("rival",), "IdentifierMalformed"),
    Attempt("carrier",   LOCATION, LocationRegister(GLN, RIVAL, None),       ("rival",), "RoleMissing"),
    Attempt("inspector", LOCATION, LocationRegister(GLN, NOBODY, None),      (),         "AccountUnknown"),
    Attempt("inspector", LOCATION, LocationRegister(GLN, RIVAL, None),       (),         "CosignerMissing"),
    Attempt("inspector", LOCATION, LocationRegister(GLN, RIVAL, None),       ("rival",), "ok"),
    Attempt("regulator", LOCATION, LocationRegister(GLN, RIVAL, None),       ("rival",), "LocationHeld"),
    Attempt("inspector", GCP,      GcpGrant("6900009", account("inspector"), None), (),  "SharedController"),
    Attempt("regulator", LOCATION, LocationRegister(gln("690000900001"), account("regulator"), None), (), "SharedController"),
    # A narrower role speaks for its own prefix and the locations in it, or for its location.
    Attempt("m0", "role.grant",    RoleGrant(FRIEND, "inspector", "gcp:6900005", None), QUORUM, "ok"),
    Attempt("m0", "role.grant",    RoleGrant(BUYER, "regulator", f"gln:{gln('690000700001')}", None), QUORUM, "ok"),
    Attempt("friend",    GCP,      GcpGrant("6900006", RIVAL, None),         ("rival",), "RoleMissing"),
    Attempt("friend",    GCP,      GcpGrant("690000", RIVAL, None),          ("rival",), "RoleMissing"),
    Attempt("friend",    GCP,      GcpGrant("6900005", FRIEND, None),        (),         "SharedController"),
    Attempt("friend",    GCP,      GcpGrant("69000051", RIVAL, None),        ("rival",), "ok"),
    Attempt("friend",    LOCATION, LocationRegister(gln("690000600001"), RIVAL, None), ("rival",), "RoleMissing"),
    Attempt("friend",    LOCATION, LocationRegister(gln("690000500001"), RIVAL, None), ("rival",), "ok"),
    Attempt("buyer",     GCP,      GcpGrant("6900007", RIVAL, None),         ("rival",), "RoleMissing"),
    Attempt("buyer",     LOCATION, LocationRegister(gln("690000700002"), RIVAL, None), ("rival",), "RoleMissing"),
    Attempt("buyer",     LOCATION, LocationRegister(gln("690000700001"), RIVAL, None), ("rival",), "ok"),
]
# fmt: on


def test_prefixes_and_locations_have_one_holder() -> None:
    world = World()
    play(world, TABLE)
    assert gtin_holder(world.state, "16900001000014") == RIVAL
    assert gtin_holder(world.state, f"0{PREFIX}000016") == account("merchant")
    assert prefix_holder(world.state, "6900003000014") is None
    assert prefix_holder(world.state, "690") is None
    assert location_holder(world.state, GLN) == RIVAL
