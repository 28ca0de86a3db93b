"""Opens the accounts of `--accounts` and gives each its first money: 50 in a transaction.

The members sponsor them by turns, sign with every new key, and pay from their own pockets, which
the issuer fills beforehand. They are signed and offered like a workload, so by several
processes and as fast as it goes.
"""

from collections.abc import Iterator, Sequence
from itertools import count
from typing import Final

from chain.account import single_key_policy
from chain.crypto import PrivateKey
from chain.transaction import OPERATIONS_MAX, Operation
from commerce.accounts import AccountOpen
from commerce.assets import AssetIssue
from commerce.payments import PayTransfer
from commerce.registry import operation
from node.bench.plan import BenchRefused, LoadPlan
from node.bench.workloads import Chain, Step
from node.bench.workloads.chain import Signer

OPENING: Final = "open-accounts"
# Each takes an account.open and a payment.
ACCOUNTS_PER_TRANSACTION: Final = OPERATIONS_MAX // 2
FIRST_MONEY_MINOR: Final = 1_000
MEMBER: Final = "member"


def sponsors(plan: LoadPlan) -> Sequence[int]:
    """The places of the members among the senders, which are few before the crowd."""
    found = []
    for place in range(len(plan.senders)):
        if plan.senders[place].role != MEMBER:
            break
        found.append(place)
    if not found:
        raise BenchRefused("--accounts needs the members' keys: a test network has them")
    return found


def openings(plan: LoadPlan, keys: Sequence[PrivateKey], now_ms: int) -> Iterator[Chain]:
    """Turn k opens the accounts from 50 k on, for the members by turns, until all are open."""
    signer = Signer(plan, keys, now_ms)
    members = sponsors(plan)
    crowd = len(plan.senders) - len(members)
    for turn in count(plan.first):
        begin = turn * ACCOUNTS_PER_TRANSACTION
        numbers = range(begin, min(begin + ACCOUNTS_PER_TRANSACTION, crowd))
        if not numbers:
            return
        places = [len(members) + number for number in numbers]
        pair = (_open(plan, keys, place) for place in places)
        operations = [entry for both in pair for entry in both]
        signers = [members[turn % len(members)], *places]
        raw, _ = signer.sign(operations, *signers)
        yield Chain((Step(raw, len(numbers), OPENING, len(signers)),))


def _open(plan: LoadPlan, keys: Sequence[PrivateKey], place: int) -> tuple[Operation, Operation]:
    policy = single_key_policy(keys[place].public_key)
    account = plan.senders[place].account
    return (
        operation("account.open", AccountOpen(policy, None)),
        operation("pay.transfer", PayTransfer(account, plan.symbol, FIRST_MONEY_MINOR, None)),
    )


def transactions_for(accounts: int) -> int:
    """How many transactions open so many."""
    return -(-accounts // ACCOUNTS_PER_TRANSACTION)


def pocket_money(members: Sequence[bytes], accounts: int, symbol: str, run: int) -> list[Operation]:
    """What the issuer gives the members so that they can pay the accounts."""
    most = transactions_for(accounts) // len(members) + 1
    amount_minor = most * ACCOUNTS_PER_TRANSACTION * FIRST_MONEY_MINOR
    return [
        operation("asset.issue", AssetIssue(symbol, member, amount_minor, f"bench-{run}-{at}"))
        for at, member in enumerate(members)
    ]
