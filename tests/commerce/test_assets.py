"""Rules of asset.create and asset.issue."""

# ruff: noqa: E501 (the rule table is aligned)

from commerce.assets import AssetCreate, AssetIssue
from commerce.money import balance_of, load_asset
from commerce.roles import RoleGrant, RoleRevoke
from tests.commerce.attempts import Attempt, Row, play
from tests.commerce.world import QUORUM, World, account

ISSUER, BUYER, NOBODY = account("issuer"), account("buyer"), account("nobody")
CREATE, ISSUE = "asset.create", "asset.issue"
BOTH = (*QUORUM, "issuer")
MOST = 2**63 - 1

# fmt: off
TABLE: list[Row] = [
    #       sender    type    payload                                with    outcome
    Attempt("m0",     CREATE, AssetCreate("usd", 2, ISSUER),         BOTH,   "SymbolMalformed"),
    Attempt("m0",     CREATE, AssetCreate("USD", 2, ISSUER),         ("m1", "issuer"), "CosignerMissing"),
    Attempt("m0",     CREATE, AssetCreate("USD", 2, NOBODY),         BOTH,   "AccountUnknown"),
    Attempt("m0",     CREATE, AssetCreate("USD", 2, ISSUER),         QUORUM, "CosignerMissing"),
    Attempt("m0",     CREATE, AssetCreate("USD", 2, BUYER),          (*QUORUM, "buyer"), "RoleMissing"),
    Attempt("m0", "role.grant", RoleGrant(BUYER, "issuer", "gcp:6900001", None), QUORUM, "ok"),
    Attempt("m0",     CREATE, AssetCreate("USD", 2, BUYER),          (*QUORUM, "buyer"), "RoleMissing"),
    Attempt("m0",     CREATE, AssetCreate("CNY", 2, ISSUER),         BOTH,   "AssetExists"),
    Attempt("m0",     CREATE, AssetCreate("USD", 2, ISSUER),         BOTH,   "ok"),
    Attempt("issuer", ISSUE,  AssetIssue("EUR", BUYER, 5, "r1"),     (),     "AssetUnknown"),
    Attempt("m0",     ISSUE,  AssetIssue("USD", BUYER, 5, "r1"),     (),     "NotTheIssuer"),
    Attempt("issuer", ISSUE,  AssetIssue("USD", NOBODY, 5, "r1"),    (),     "AccountUnknown"),
    Attempt("issuer", ISSUE,  AssetIssue("USD", BUYER, 5, "r1"),     (),     "ok"),
    Attempt("issuer", ISSUE,  AssetIssue("USD", BUYER, 5, "r1"),     (),     "ReferenceUsed"),
    Attempt("issuer", ISSUE,  AssetIssue("CNY", BUYER, 5, "r1"),     (),     "ok"),
    Attempt("issuer", ISSUE,  AssetIssue("USD", BUYER, MOST, "r2"),  (),     "AmountTooLarge"),
    Attempt("issuer", ISSUE,  AssetIssue("USD", BUYER, MOST - 5, "r2"), (),  "ok"),
    Attempt("m0", "role.revoke", RoleRevoke(ISSUER, "issuer", ""),   QUORUM, "ok"),
    Attempt("issuer", ISSUE,  AssetIssue("CNY", BUYER, 5, "r3"),     (),     "RoleMissing"),
]
# fmt: on


def test_money_is_created_by_its_issuer_once_per_reference() -> None:
    world = World()
    play(world, TABLE)
    assert balance_of(world.state, BUYER, "USD").available_minor == MOST
    assert load_asset(world.state, "USD").issued_minor == MOST
