"""`transfer`: one payment a transaction."""

from collections.abc import Iterator, Sequence
from itertools import count

from chain.crypto import PrivateKey
from commerce.payments import PayTransfer
from commerce.registry import operation
from node.bench.plan import LoadPlan
from node.bench.workloads.chain import Chain, Signer


def transfers(plan: LoadPlan, keys: Sequence[PrivateKey], now_ms: int) -> Iterator[Chain]:
    """Each sender in turn pays one minor unit to the account after it, so that nobody runs dry.

    `plan.accounts` begins with the senders.
    """
    signer = Signer(plan, keys, now_ms)
    for turn in count(plan.first):
        place = turn % len(plan.senders)
        payee = plan.accounts[(place + 1) % len(plan.accounts)]
        payment = operation("pay.transfer", PayTransfer(payee, plan.symbol, 1, None))
        step, _ = signer.step(payment, place)
        yield Chain((step,))
