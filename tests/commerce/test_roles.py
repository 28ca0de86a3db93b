"""Rules of role.grant and role.revoke, and which scopes cover which places."""

# ruff: noqa: E501 (the rule table is aligned)

import pytest

from chain.state import Overlay
from commerce.roles import (
    HELD_ROLES,
    HeldRole,
    RoleGrant,
    RoleRevoke,
    has_role,
    has_role_for_goods,
    role_part,
)
from tests.commerce.attempts import Attempt, Row, play
from tests.commerce.world import QUORUM, World, account

BUYER = account("buyer")
NOBODY = account("nobody")
GRANT, REVOKE = "role.grant", "role.revoke"
GCP = "gcp:6900001"

# fmt: off
TABLE: list[Row] = [
    #       sender   type    payload                                       with      outcome
    Attempt("m0",    GRANT,  RoleGrant(BUYER, "emperor", "", None),        QUORUM,   "RoleUnknown"),
    Attempt("m0",    GRANT,  RoleGrant(BUYER, "merchant", "food", None),   QUORUM,   "ScopeMalformed"),
    Attempt("m0",    GRANT,  RoleGrant(BUYER, "merchant", "gcp:", None),   QUORUM,   "ScopeMalformed"),
    Attempt("m0",    GRANT,  RoleGrant(BUYER, "merchant", "gcp:\uff16900001", None), QUORUM, "ScopeMalformed"),
    Attempt("m0",    GRANT,  RoleGrant(BUYER, "inspector", "gln:6901234000005", None), QUORUM, "ScopeMalformed"),
    Attempt("m0",    GRANT,  RoleGrant(BUYER, "merchant", GCP, None),      ("m1",),  "CosignerMissing"),
    Attempt("buyer", GRANT,  RoleGrant(BUYER, "merchant", GCP, None),      QUORUM,   "CosignerMissing"),
    Attempt("m0",    GRANT,  RoleGrant(NOBODY, "merchant", GCP, None),     QUORUM,   "AccountUnknown"),
    Attempt("m0",    GRANT,  RoleGrant(BUYER, "merchant", GCP, None),      QUORUM,   "ok"),
    Attempt("m0",    GRANT,  RoleGrant(BUYER, "merchant", GCP, None),      QUORUM,   "GrantExists"),
    Attempt("m0",    GRANT,  RoleGrant(BUYER, "inspector", "gln:6901234000009", None), QUORUM, "ok"),
    Attempt("m0",    REVOKE, RoleRevoke(BUYER, "merchant", ""),            QUORUM,   "GrantUnknown"),
    Attempt("m0",    REVOKE, RoleRevoke(BUYER, "inspector", "gln:6901234000009"), (), "CosignerMissing"),
    Attempt("m0",    REVOKE, RoleRevoke(BUYER, "inspector", "gln:6901234000009"), QUORUM, "ok"),
    Attempt("buyer", GRANT,  RoleGrant(BUYER, "carrier", "", None), (*QUORUM, "m3"), "ok"),
]
# fmt: on


def test_a_quorum_of_members_grants_and_revokes_roles() -> None:
    world = World()
    play(world, TABLE)
    assert has_role(world.state, BUYER, "merchant", GCP)
    assert not has_role(world.state, BUYER, "merchant")
    assert has_role(world.state, BUYER, "carrier")
    assert not has_role(world.state, BUYER, "inspector", "gln:6901234000009")


def test_a_scope_narrows_a_role_to_the_goods_of_one_prefix() -> None:
    world = World()
    play(world, TABLE)
    assert has_role_for_goods(world.state, BUYER, "merchant", "06900001000017")
    assert not has_role_for_goods(world.state, BUYER, "merchant", "06901234000017")
    assert has_role_for_goods(world.state, account("rival"), "merchant", "06901234000017")


SCOPES = ("", "gcp:690123", GCP, "gcp:6901234", "gcp:690123400001", "gln:6901234000009")
PLACES = (
    "gcp:6901234",
    "gcp:690123",
    "gcp:6901234000017",
    "gln:6901234000009",
    "gln:6901234000016",
)


@pytest.mark.parametrize("scope", SCOPES)
def test_a_scope_covers_every_place_that_begins_with_it(scope: str) -> None:
    world = World()
    state = Overlay(world.state)
    held = HeldRole("merchant", scope, None, 0)
    HELD_ROLES.store(state, held, BUYER, role_part("merchant"), scope.encode())
    for place in PLACES:
        assert has_role(state, BUYER, "merchant", place) == place.startswith(scope)
        assert not has_role(state, BUYER, "carrier", place)
    assert has_role(state, BUYER, "merchant", *PLACES) == (scope != GCP)
    assert has_role(state, BUYER, "merchant") == (scope == "")
