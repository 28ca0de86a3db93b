"""Deposits and claims: what stands behind a merchant, and who draws on it."""

from commerce.deposits.debts import RecourseRepay, recourse_repay
from commerce.deposits.deposits import (
    DepositAdd,
    DepositWithdrawExecute,
    DepositWithdrawRequest,
    deposit_add,
    deposit_withdraw_execute,
    deposit_withdraw_request,
)
from commerce.deposits.fund import FundContribute, fund_contribute
from commerce.transaction_types import SystemTransition, TransactionType

TYPES = (
    TransactionType("deposit.add", DepositAdd, deposit_add, "S"),
    TransactionType(
        "deposit.withdraw.request", DepositWithdrawRequest, deposit_withdraw_request, "S"
    ),
    TransactionType(
        "deposit.withdraw.execute", DepositWithdrawExecute, deposit_withdraw_execute, "S"
    ),
    TransactionType("fund.contribute", FundContribute, fund_contribute, "any"),
    TransactionType("recourse.repay", RecourseRepay, recourse_repay, "debtor"),
)

TRANSITIONS: tuple[SystemTransition, ...] = ()
