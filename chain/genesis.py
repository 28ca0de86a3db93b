"""The genesis: everything a chain starts from, as frozen types with one hash that names the chain.

All settings that consensus or the rules depend on live here and in state, never in one node's
configuration (one node's setting must not stop the chain). Durations are milliseconds; those in
`timers` are scaled by `time_scale` (a test chain's clock runs faster), the others never.
"""

from dataclasses import dataclass
from typing import Annotated

from chain import merkle
from chain.account import KeyPolicy, check_policy
from chain.block import BLOCK_VERSION, NO_HASH, Certificate, Header
from chain.codec import (
    U8,
    U32,
    Name,
    PublicKey,
    Range,
    Size,
    Text,
    TimeMs,
    encode,
    encode_checked,
)
from chain.committee import COMMITTEE_SIZE_MAX, Committee, Member
from chain.crypto import enrollable, tagged_hash
from chain.errors import EncodingInvalid, GenesisInvalid
from chain.transaction import TRANSACTION_SIZE_MAX

GENESIS_VERSION = 1
GENESIS_ACCOUNTS_MAX = 10_000
TEST_CHAIN_PREFIX = "test-"
ASSET_DECIMALS_MAX = 18

Duration = Annotated[int, Range(0, 2**48)]


@dataclass(frozen=True, slots=True)
class ConsensusParameters:
    """What every replica must share to agree at all; durations in ms."""

    leader_period: Annotated[int, Range(1, 2**20)] = 16
    # Room for any transaction, and within a peer's frame of 4 MiB.
    block_size_max: Annotated[int, Range(TRANSACTION_SIZE_MAX, 3 * 1024 * 1024)] = 2 * 1024 * 1024
    block_transactions_max: Annotated[int, Range(1, 10_000)] = 10_000
    block_deadlines_max: Annotated[int, Range(1, 100_000)] = 2_000
    clock_drift_max_ms: Duration = 5_000
    request_timeout_ms: Duration = 500
    seal_timeout_ms: Duration = 500
    seal_delay_ms: Duration = 50
    view_timeout_ms: Duration = 1_000
    view_timeout_max_ms: Duration = 16_000
    resend_ms: Duration = 500
    blame_ms: Duration = 60_000
    blame_forget_ms: Duration = 3_600_000
    transaction_lifetime_max_ms: Duration = 600_000


@dataclass(frozen=True, slots=True)
class GenesisMember:
    """A founder: organisation, the key policy of its account, its node's Ed25519 key."""

    name: Name
    policy: KeyPolicy
    node_key: PublicKey


@dataclass(frozen=True, slots=True)
class GenesisRole:
    """A role granted from the start; `scope` narrows it (a GS1 company prefix, …) or is empty."""

    role: Name
    scope: Text


@dataclass(frozen=True, slots=True)
class GenesisAccount:
    """An account that exists from the start, sponsored by the founder of this name."""

    name: Name
    policy: KeyPolicy
    sponsor: Name
    roles: Annotated[tuple[GenesisRole, ...], Size(max=64)]


@dataclass(frozen=True, slots=True)
class GenesisAsset:
    """An asset that exists from the start, with nothing issued; `issuer` is an account's name."""

    symbol: Annotated[str, Size(min=1, max=12)]
    decimals: Annotated[int, Range(0, ASSET_DECIMALS_MAX)]
    issuer: Name


@dataclass(frozen=True, slots=True)
class Genesis:
    """The first state. `chain_id` is for people; the hash of these bytes is what is signed."""

    version: U8
    chain_id: Name
    time_ms: TimeMs
    time_scale: Annotated[int, Range(1, 10_000_000)]
    consensus: ConsensusParameters
    timers: Annotated[dict[str, Duration], Size(max=64)]
    members: Annotated[tuple[GenesisMember, ...], Size(min=1, max=COMMITTEE_SIZE_MAX)]
    accounts: Annotated[tuple[GenesisAccount, ...], Size(max=GENESIS_ACCOUNTS_MAX)]
    assets: Annotated[tuple[GenesisAsset, ...], Size(max=64)]
    limits: Annotated[dict[str, U32], Size(max=64)]

    def hash(self) -> bytes:
        """The chain's name in every signature, 32 bytes."""
        return tagged_hash("genesis", encode(self))

    def committee(self) -> Committee:
        """The committee of epoch 0, in the order of `members`."""
        members = [Member(m.name, m.policy.account_id(), m.node_key) for m in self.members]
        return Committee(0, tuple(members))

    def scaled_ms(self, duration_ms: int) -> int:
        """A commercial duration in this chain's block time; at least 1 ms."""
        return max(1, -(-duration_ms // self.time_scale))


def check_genesis(genesis: Genesis) -> None:
    """Refuse a genesis that contradicts itself (`GenesisInvalid`, or the policy's own refusal)."""
    if genesis.version != GENESIS_VERSION:
        _refuse(f"genesis version {genesis.version}; this software speaks {GENESIS_VERSION}")
    if genesis.time_scale != 1 and not genesis.chain_id.startswith(TEST_CHAIN_PREFIX):
        _refuse(f"time_scale other than 1 needs a chain id that begins with {TEST_CHAIN_PREFIX}")
    _check_fields(genesis)
    parties: tuple[GenesisMember | GenesisAccount, ...] = (*genesis.members, *genesis.accounts)
    for party in parties:
        check_policy(party.policy)
    for member in genesis.members:
        enrollable(member.node_key)
    _check_distinct("member name", [member.name for member in genesis.members])
    _check_distinct("node key", [member.node_key.hex() for member in genesis.members])
    _check_distinct("account", [entry.policy.account_id().hex() for entry in parties])
    _check_distinct("account name", [entry.name for entry in parties])
    _check_distinct("asset", [asset.symbol for asset in genesis.assets])
    _check_references(genesis)


def _check_fields(genesis: Genesis) -> None:
    """What was built from a file has met no bounds yet."""
    try:
        encode_checked(genesis)
    except EncodingInvalid as error:
        msg = f"{error.code}: {error}"
        raise GenesisInvalid(msg) from error
    consensus = genesis.consensus
    if consensus.view_timeout_ms > consensus.view_timeout_max_ms:
        _refuse("view_timeout_ms exceeds view_timeout_max_ms")


def _check_references(genesis: Genesis) -> None:
    members = {member.name for member in genesis.members}
    for account in genesis.accounts:
        if account.sponsor not in members:
            _refuse(f"account {account.name}: sponsor {account.sponsor} is no member")
    names = members | {account.name for account in genesis.accounts}
    for asset in genesis.assets:
        if asset.issuer not in names:
            _refuse(f"asset {asset.symbol}: issuer {asset.issuer} has no account")


def _check_distinct(what: str, names: list[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            _refuse(f"{what} {name} stands twice")
        seen.add(name)


def _refuse(reason: str) -> None:
    raise GenesisInvalid(reason)


def genesis_header(genesis: Genesis) -> Header:
    """The header of height 0, which needs no certificate: it follows from the genesis alone."""
    return Header(
        version=BLOCK_VERSION,
        genesis_hash=genesis.hash(),
        height=0,
        parent_hash=NO_HASH,
        view=0,
        parent_view=0,
        time_ms=genesis.time_ms,
        proposer=0,
        epoch=0,
        transactions_root=merkle.EMPTY_ROOT,
        transactions_count=0,
        state_root=NO_HASH,
        receipts_root=merkle.EMPTY_ROOT,
        next_committee_hash=NO_HASH,
    )


def genesis_certificate(genesis: Genesis) -> Certificate:
    """The certificate of height 0: no signatures, trusted because the genesis is."""
    return Certificate(0, 0, genesis_header(genesis).digest(), ())
