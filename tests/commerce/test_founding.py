"""What a genesis means to commerce, and what it can't mean."""

from dataclasses import replace
from typing import Any

import pytest

from chain.account import ACCOUNTS
from chain.errors import GenesisInvalid
from chain.genesis import GenesisAccount, GenesisAsset, GenesisRole
from commerce.members import is_member
from commerce.money import load_asset
from commerce.rights import gtin_holder, location_holder
from commerce.roles import has_role
from tests.commerce.shop import TEA
from tests.commerce.world import MEMBERS, ROLES, World, account, genesis, policy

GLN = "6901234000009"


def with_roles(name: str, *roles: tuple[str, str]) -> Any:
    """The plain genesis and one more account."""
    granted = tuple(GenesisRole(*role) for role in roles)
    extra = GenesisAccount(name, policy(name), "m0", granted)
    return replace(genesis(), accounts=(*genesis().accounts, extra))


def test_founders_are_members_and_their_own_sponsors() -> None:
    world = World()
    for name in MEMBERS:
        assert is_member(world.state, account(name))
        found = ACCOUNTS.load(world.state, account(name))
        assert found is not None
        assert found.sponsor == account(name)
    assert not is_member(world.state, account("buyer"))


def test_roles_prefixes_locations_and_assets_stand_from_the_start() -> None:
    world = World(with_roles("farm", ("inspector", f"gln:{GLN}")))
    for name, roles in ROLES.items():
        for role, _ in roles:
            assert has_role(world.state, account(name), role)
    assert gtin_holder(world.state, TEA) == account("merchant")
    assert location_holder(world.state, GLN) == account("farm")
    assert load_asset(world.state, "CNY").issuer == account("issuer")


@pytest.mark.parametrize(
    ("role", "scope"),
    [("emperor", ""), ("merchant", "food"), ("merchant", "gcp:12"), ("merchant", "gcp:69012345")],
)
def test_a_role_that_could_not_be_granted_is_refused(role: str, scope: str) -> None:
    with pytest.raises(GenesisInvalid, match="farm"):
        World(with_roles("farm", (role, scope)))


@pytest.mark.parametrize("scope", ["gcp:690123", "gcp:6901234", "gcp:69012345"])
def test_a_prefix_that_overlaps_another_is_refused_in_any_order(scope: str) -> None:
    """The merchant's is 6901234; the farm is named after it, or before."""
    after = with_roles("farm", ("merchant", scope))
    for accounts in (after.accounts, after.accounts[::-1]):
        with pytest.raises(GenesisInvalid, match="overlaps"):
            World(replace(after, accounts=accounts))


def test_an_asset_needs_a_symbol() -> None:
    with pytest.raises(GenesisInvalid, match="cny"):
        World(genesis(assets=(GenesisAsset("cny", 2, "issuer"),)))
