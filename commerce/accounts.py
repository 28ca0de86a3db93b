"""Who is who: roles, and the first accounts of a genesis."""

from dataclasses import dataclass

from chain.account import ACCOUNTS, Account
from chain.codec import Hash, Name, Text, TimeMs
from chain.genesis import Genesis
from chain.state import Overlay, StateReader, Table
from commerce.errors import RoleMissing
from commerce.money import ASSETS, Asset, asset_part

ROLES = (
    "merchant",
    "carrier",
    "inspector",
    "arbiter",
    "issuer",
    "regulator",
    "device_maker",
)


@dataclass(frozen=True, slots=True)
class RoleGrant:
    """An account holds a role in a scope (empty: unlimited); `certificate` is its proof's hash."""

    role: Name
    scope: Text
    certificate: Hash | None
    granted_ms: TimeMs


GRANTS: Table[RoleGrant] = Table("role", RoleGrant)


def role_part(role: str) -> bytes:
    """The key part of a role."""
    return role.encode() + b"\x00"


def has_role(state: StateReader, account: bytes, role: str) -> bool:
    """Does the account hold the role, in any scope?"""
    return any(True for _ in GRANTS.items(state, account, role_part(role)))


def require_role(state: StateReader, account: bytes, role: str, who: str = "the sender") -> None:
    """`RoleMissing` unless the account holds the role."""
    if not has_role(state, account, role):
        msg = f"{who} needs the role {role}"
        raise RoleMissing(msg)


def found_accounts(genesis: Genesis, state: Overlay) -> None:
    """Write members' and other first accounts, their roles, and the first assets."""
    ids = {member.name: member.policy.account_id() for member in genesis.members}
    ids |= {entry.name: entry.policy.account_id() for entry in genesis.accounts}
    for member in genesis.members:
        account = ids[member.name]
        ACCOUNTS.store(state, Account(member.policy, account, None), account)
    for entry in genesis.accounts:
        account = ids[entry.name]
        ACCOUNTS.store(state, Account(entry.policy, ids[entry.sponsor], None), account)
        for role in entry.roles:
            grant = RoleGrant(role.role, role.scope, None, genesis.time_ms)
            GRANTS.store(state, grant, account, role_part(role.role), role.scope.encode())
    for asset in genesis.assets:
        record = Asset(asset.symbol, asset.decimals, ids[asset.issuer], 0, 0)
        ASSETS.store(state, record, asset_part(asset.symbol))
