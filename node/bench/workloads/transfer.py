"""`transfer`: one payment a transaction."""

from collections.abc import Iterator, Sequence
from itertools import count

from chain.crypto import PrivateKey
from commerce.payments import PayTransfer
from commerce.registry import operation
from node.bench.plan import LoadPlan
from node.bench.workloads.chain import Chain, Signer


def transfers(plan: LoadPlan, keys: Sequence[PrivateKey], now_ms: int) -> Iterator[Chain]:
    """Each sender in turn pays one minor unit to the account after it, so that nobody runs dry."""
    signer = Signer(plan, keys, now_ms)
    accounts = plan.accounts
    payees = [
        accounts[(accounts.index(sender.account) + 1) % len(accounts)] for sender in plan.senders
    ]
    payments = [
        operation("pay.transfer", PayTransfer(payee, plan.symbol, 1, None)) for payee in payees
    ]
    for turn in count():
        place = turn % len(payments)
        step, _ = signer.step(payments[place], place)
        yield Chain((step,))
