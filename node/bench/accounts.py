"""`--accounts N`: a crowd of funded accounts on the chain, opened before the run by rounds."""

import secrets
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from chain.bech32m import decode_account, encode_account
from commerce.errors import AccountExists
from node import testnet
from node.bench.crowd import ACCOUNTS_MAX, Crowd, crowd_seed
from node.bench.opening import (
    ACCOUNTS_PER_TRANSACTION,
    MEMBER,
    OPENING,
    pocket_money,
    transactions_for,
)
from node.bench.plan import BenchRefused, Load, Sender
from node.bench.runner import Stage, run
from node.client import NodeClient, NodeFailed, NotFound
from node.keystore import find_passphrase, load_key
from node.testnet_layout import LocalNetwork

ROUND: Final = 50_000
# Long for a round, and short enough for one signature time.
ROUND_S: Final = 200.0
IN_FLIGHT: Final = 32
BATCH: Final = 4
REFERENCE_BITS: Final = 48

Progress = Callable[[str], None]


def check_accounts(count: int) -> None:
    """Raise `BenchRefused` for a crowd that can't be."""
    if not 0 <= count <= ACCOUNTS_MAX:
        raise BenchRefused(f"--accounts: 0 (the roles alone) to {ACCOUNTS_MAX}")


def with_crowd(stage: Stage, count: int, progress: Progress) -> Stage:
    """The stage with so many further senders, each with money; opens those that aren't open yet.

    Half an hour of interrupted work is not lost: what is open stays, in a network that stays.
    """
    if count == 0:
        return stage
    if stage.network is None:
        raise BenchRefused("--accounts needs the members' keys: a test network has them")
    crowd = Crowd(crowd_seed(stage.genesis_hash), count)
    sponsors = _sponsors(stage, stage.network)
    client = NodeClient([node.url for node in stage.nodes])
    funded = False
    for begin in range(0, count, ROUND):
        end = min(begin + ROUND, count)
        if _is_open(client, crowd, end - 1):
            continue
        if not funded:
            _fund(stage.network, client, sponsors, count)
            funded = True
        _open(replace(sponsors, crowd=Crowd(crowd.seed, end)), begin, progress)
        progress(f"opened {end} of {count} accounts")
    return replace(stage, crowd=crowd)


def _sponsors(stage: Stage, network: LocalNetwork) -> Stage:
    """The same place, with the members as senders."""
    members = [
        Sender(decode_account(entry.account), network.key_file(entry), MEMBER)
        for entry in network.accounts
        if entry.role == MEMBER
    ]
    return replace(stage, senders=members, accounts=[member.account for member in members])


def _is_open(client: NodeClient, crowd: Crowd, number: int) -> bool:
    try:
        client.get(f"/v1/accounts/{encode_account(crowd.account(number))}")
    except NotFound:
        return False
    return True


def _fund(network: LocalNetwork, client: NodeClient, sponsors: Stage, count: int) -> None:
    issuer = network.account(testnet.ISSUER)
    key = load_key(network.key_file(issuer), find_passphrase)
    run_number = secrets.randbits(REFERENCE_BITS)
    issues = pocket_money(sponsors.accounts, count, sponsors.symbol, run_number)
    testnet.decide(network, issues, [(decode_account(issuer.account), key)], client)


def _open(sponsors: Stage, begin: int, progress: Progress) -> None:
    """One round: from account `begin` on, to the end of the stage's crowd."""
    load = Load(OPENING, ROUND_S, BATCH, None, IN_FLIGHT)
    turns = transactions_for(sponsors.crowd.count - begin)
    opened = run(sponsors, load, progress, count=turns, first=begin // ACCOUNTS_PER_TRANSACTION)
    if opened.interrupted:
        raise KeyboardInterrupt
    failed = set(opened.result.failed) - {AccountExists.__name__}
    wrong = {**opened.result.refused, **{name: opened.result.failed[name] for name in failed}}
    if wrong or opened.result.decided < turns or not opened.agreement.holds:
        raise NodeFailed(f"not all accounts could be opened: {wrong}")
