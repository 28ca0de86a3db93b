"""The genesis: its hash names the chain, and what contradicts itself starts none."""

from dataclasses import fields, replace
from typing import Any

import pytest

from chain.account import KeyPolicy, WeightedKey, single_key_policy
from chain.block import NO_HASH
from chain.codec import decode, encode
from chain.errors import GenesisInvalid, KeyRefused, LedgerError, PolicyMalformed
from chain.genesis import (
    ConsensusParameters,
    Genesis,
    GenesisAsset,
    check_genesis,
    genesis_certificate,
    genesis_header,
)
from tests.chain.world import genesis, key

GENESIS = genesis()
MEMBER = GENESIS.members[0]
ACCOUNT = GENESIS.accounts[0]

OTHER: dict[str, Any] = {
    "version": 2,
    "chain_id": "test-other",
    "time_ms": GENESIS.time_ms + 1,
    "time_scale": 2,
    "consensus": replace(GENESIS.consensus, leader_period=17),
    "timers": {"pay": 1},
    "members": GENESIS.members[::-1],
    "accounts": GENESIS.accounts[1:],
    "assets": (GenesisAsset("CNY", 3, "issuer"),),
    "limits": {"orders": 1},
}


@pytest.mark.parametrize("field", [field.name for field in fields(Genesis)])
def test_every_field_of_the_genesis_names_another_chain(field: str) -> None:
    changed = replace(GENESIS, **{field: OTHER[field]})
    assert changed.hash() != GENESIS.hash()
    assert genesis_header(changed).digest() != genesis_header(GENESIS).digest()


@pytest.mark.parametrize("field", [field.name for field in fields(ConsensusParameters)])
def test_every_consensus_parameter_names_another_chain(field: str) -> None:
    consensus = replace(GENESIS.consensus, **{field: getattr(GENESIS.consensus, field) + 1})
    assert replace(GENESIS, consensus=consensus).hash() != GENESIS.hash()


def test_the_order_in_which_timers_were_listed_does_not_matter() -> None:
    one = replace(GENESIS, timers={"pay": 1, "ship": 2})
    two = replace(GENESIS, timers={"ship": 2, "pay": 1})
    assert one.hash() == two.hash()


def test_the_example_genesis_is_taken_and_round_trips() -> None:
    check_genesis(GENESIS)
    assert decode(Genesis, encode(GENESIS)) == GENESIS


def member_with(**changes: Any) -> Genesis:
    return replace(GENESIS, members=(replace(MEMBER, **changes), *GENESIS.members[1:]))


def account_with(**changes: Any) -> Genesis:
    return replace(GENESIS, accounts=(replace(ACCOUNT, **changes), *GENESIS.accounts[1:]))


LOW_ORDER = (1).to_bytes(32, "little")
INVALID: dict[str, tuple[Genesis, type[LedgerError]]] = {
    "another version": (replace(GENESIS, version=2), GenesisInvalid),
    "no members": (replace(GENESIS, members=()), GenesisInvalid),
    "a scaled clock on a chain that is no test": (
        replace(GENESIS, time_scale=2, chain_id="hushang"),
        GenesisInvalid,
    ),
    "a clock that stands still": (replace(GENESIS, time_scale=0), GenesisInvalid),
    "a chain without a name": (replace(GENESIS, chain_id=""), GenesisInvalid),
    "a name not in NFC": (replace(GENESIS, chain_id="test-e\u0301"), GenesisInvalid),
    "a timer beyond 2^48 ms": (replace(GENESIS, timers={"pay": 2**48 + 1}), GenesisInvalid),
    "a timer that is no integer": (replace(GENESIS, timers={"pay": True}), GenesisInvalid),
    "blocks too small for a transaction": (
        replace(GENESIS, consensus=ConsensusParameters(block_size_max=2**20 - 1)),
        GenesisInvalid,
    ),
    "blocks too large for a frame": (
        replace(GENESIS, consensus=ConsensusParameters(block_size_max=2**22)),
        GenesisInvalid,
    ),
    "a view timeout above its cap": (
        replace(GENESIS, consensus=ConsensusParameters(view_timeout_ms=20_000)),
        GenesisInvalid,
    ),
    "two members of one name": (member_with(name="m1"), GenesisInvalid),
    "two members with one node key": (
        member_with(node_key=GENESIS.members[1].node_key),
        GenesisInvalid,
    ),
    "two members with one account": (member_with(policy=GENESIS.members[1].policy), GenesisInvalid),
    "an account with a member's policy": (account_with(policy=MEMBER.policy), GenesisInvalid),
    "an account with a member's name": (account_with(name="m0"), GenesisInvalid),
    "an account whose sponsor is no member": (account_with(sponsor="buyer"), GenesisInvalid),
    "an asset twice": (replace(GENESIS, assets=GENESIS.assets * 2), GenesisInvalid),
    "an asset whose issuer has no account": (
        replace(GENESIS, assets=(GenesisAsset("CNY", 2, "nobody"),)),
        GenesisInvalid,
    ),
    "an asset with too many decimals": (
        replace(GENESIS, assets=(GenesisAsset("CNY", 19, "issuer"),)),
        GenesisInvalid,
    ),
    "a policy that can't be satisfied": (
        account_with(policy=KeyPolicy((WeightedKey(key("x").public_key, 1),), 2)),
        PolicyMalformed,
    ),
    "a policy with a key of low order": (
        account_with(policy=single_key_policy(LOW_ORDER)),
        KeyRefused,
    ),
    "a node key of low order": (member_with(node_key=LOW_ORDER), KeyRefused),
}


@pytest.mark.parametrize(("invalid", "error"), INVALID.values(), ids=INVALID.keys())
def test_a_genesis_that_contradicts_itself_is_refused(
    invalid: Genesis, error: type[LedgerError]
) -> None:
    with pytest.raises(error):
        check_genesis(invalid)


def test_the_committee_is_that_of_the_members_in_their_order() -> None:
    committee = GENESIS.committee()
    assert [member.name for member in committee.members] == [m.name for m in GENESIS.members]
    assert committee.epoch == 0
    assert committee.members[0].account == MEMBER.policy.account_id()


@pytest.mark.parametrize(
    ("scale", "duration_ms", "scaled_ms"),
    [(1, 0, 1), (1, 7, 7), (1000, 86_400_000, 86_400), (1000, 1001, 2), (1000, 1, 1)],
)
def test_durations_are_scaled_up_to_the_next_millisecond_and_never_to_nothing(
    scale: int, duration_ms: int, scaled_ms: int
) -> None:
    assert replace(GENESIS, time_scale=scale).scaled_ms(duration_ms) == scaled_ms


def test_height_zero_follows_from_the_genesis_alone() -> None:
    header = genesis_header(GENESIS)
    assert (header.height, header.time_ms) == (0, GENESIS.time_ms)
    assert header.genesis_hash == GENESIS.hash()
    assert header.parent_hash == header.state_root == NO_HASH
    certificate = genesis_certificate(GENESIS)
    assert (certificate.height, certificate.digest) == (0, header.digest())
    assert certificate.signatures == ()
