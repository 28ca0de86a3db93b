"""What a genesis means to commerce: the first members, accounts, roles, holdings and assets.

A role in the scope `gcp:<prefix>` or `gln:<location>` founds two things: the role in that scope,
and the account as holder of the prefix or location (later a `gcp.grant` or `location.register`).
"""

from chain.account import ACCOUNTS, Account
from chain.errors import GenesisInvalid, LedgerError
from chain.genesis import Genesis, GenesisAccount
from chain.state import Overlay
from commerce.beacon.authority import delegate_to_nodes
from commerce.deposits.limits import check_deposit_limits
from commerce.disputes.limits import check_dispute_limits
from commerce.life import LIFE_MAX_MS, longest_life_ms
from commerce.members import MEMBERS, OrganisationRecord
from commerce.money import ASSETS, Asset, asset_part, is_symbol
from commerce.parameters import found_parameters
from commerce.recalls.blocked import found_recalls
from commerce.rights import LOCATIONS, PREFIXES, Holding, location_holder, prefix_holder
from commerce.roles import HELD_ROLES, HeldRole, check_role, role_part
from commerce.timers import DAY_MS, check_timers


def check_commerce_genesis(genesis: Genesis) -> None:
    """Refuse what commerce can't start from (`GenesisInvalid`)."""
    check_timers(genesis.timers)
    life_ms = longest_life_ms(genesis.timers)
    if life_ms > LIFE_MAX_MS:
        msg = f"by these timers an order could live for {life_ms // DAY_MS} days, 400 at most"
        raise GenesisInvalid(msg)
    check_deposit_limits(genesis.limits)
    check_dispute_limits(genesis.limits)
    for entry in genesis.accounts:
        for role in entry.roles:
            try:
                check_role(role.role, role.scope)
            except LedgerError as error:
                msg = f"account {entry.name}: {error}"
                raise GenesisInvalid(msg) from error
    for asset in genesis.assets:
        if not is_symbol(asset.symbol):
            msg = f"asset {asset.symbol!r}: a symbol is 1 to 12 of A-Z and 0-9"
            raise GenesisInvalid(msg)


def found_commerce(genesis: Genesis, state: Overlay) -> None:
    """Write the first state, or `GenesisInvalid`."""
    check_commerce_genesis(genesis)
    found_parameters(genesis, state)
    found_recalls(state)
    ids = {member.name: member.policy.account_id() for member in genesis.members}
    ids |= {entry.name: entry.policy.account_id() for entry in genesis.accounts}
    for member in genesis.members:
        account = ids[member.name]
        ACCOUNTS.store(state, Account(member.policy, account, None), account)
        record = OrganisationRecord(member.name, (member.node_key,), None, genesis.time_ms)
        MEMBERS.store(state, record, account)
        delegate_to_nodes(state, account, record.node_keys)
    for entry in genesis.accounts:
        account = ids[entry.name]
        ACCOUNTS.store(state, Account(entry.policy, ids[entry.sponsor], None), account)
        _found_roles(entry, account, genesis.time_ms, state)
    for asset in genesis.assets:
        created = Asset(asset.symbol, asset.decimals, ids[asset.issuer], 0, 0)
        ASSETS.store(state, created, asset_part(asset.symbol))


def _found_roles(entry: GenesisAccount, account: bytes, time_ms: int, state: Overlay) -> None:
    for role in entry.roles:
        held = HeldRole(role.role, role.scope, None, time_ms)
        HELD_ROLES.store(state, held, account, role_part(role.role), role.scope.encode())
        kind, _, digits = role.scope.partition(":")
        holder = {"gcp": prefix_holder, "gln": location_holder}.get(kind)
        if holder is None:
            continue
        table = PREFIXES if kind == "gcp" else LOCATIONS
        # No prefix begins with another's, whichever of them the genesis names first.
        within = {known.holder for _, known in table.items(state, digits.encode())}
        if holder(state, digits) not in (None, account) or within - {account}:
            msg = f"account {entry.name}: {role.scope} overlaps one that has a holder"
            raise GenesisInvalid(msg)
        table.store(state, Holding(account, None, time_ms), digits.encode())
