"""Deposits and claims: what stands behind a merchant, and who draws on it."""

from collections.abc import Sequence
from typing import Any

from chain.state import StateReader
from commerce.aftersale.cases import case_clocks
from commerce.clocks import Clock
from commerce.deposits.claims import ClaimFile, claim_file
from commerce.deposits.deposits import (
    DepositAdd,
    DepositWithdrawExecute,
    DepositWithdrawRequest,
    deposit_add,
    deposit_withdraw_execute,
    deposit_withdraw_request,
)
from commerce.deposits.fund import FundContribute, fund_contribute
from commerce.deposits.liabilities import RecourseClaim, recourse_claim
from commerce.deposits.recourse import RecourseRepay, collect_timeout, recourse_repay
from commerce.orders import ORDERS, order_clocks
from commerce.parcels import parcel_clocks, parcel_id
from commerce.transaction_types import SystemTransition, TransactionType


def _claimed_order(payload: Any, state: StateReader) -> Sequence[tuple[bytes, Clock]]:
    """Of the order and its parcels: what is late or lost by now is seen as such."""
    order = ORDERS.load(state, payload.order_id)
    clocks = order_clocks(state, payload.order_id)
    for number in range(0 if order is None else order.parcels):
        clocks = [*clocks, *parcel_clocks(state, parcel_id(payload.order_id, number))]
    return clocks


def _subject(payload: Any, state: StateReader) -> Sequence[tuple[bytes, Clock]]:
    """Of the parcel or case: what is lost by now is seen as such."""
    return [*parcel_clocks(state, payload.subject_id), *case_clocks(state, payload.subject_id)]


TYPES = (
    TransactionType("deposit.add", DepositAdd, deposit_add, "S"),
    TransactionType(
        "deposit.withdraw.request", DepositWithdrawRequest, deposit_withdraw_request, "S"
    ),
    TransactionType(
        "deposit.withdraw.execute", DepositWithdrawExecute, deposit_withdraw_execute, "S"
    ),
    TransactionType("fund.contribute", FundContribute, fund_contribute, "any"),
    TransactionType("claim.file", ClaimFile, claim_file, "B", clocks=_claimed_order),
    TransactionType("recourse.claim", RecourseClaim, recourse_claim, "S", clocks=_subject),
    TransactionType("recourse.repay", RecourseRepay, recourse_repay, "debtor"),
)

TRANSITIONS = (SystemTransition("sys.recourse.collect", collect_timeout),)
