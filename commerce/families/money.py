"""Money: assets and what moves them directly, courts, prepaid cards, fees and parameters."""

from collections.abc import Sequence
from typing import Any

from chain.execution import Rank
from chain.state import StateReader
from commerce.assets import (
    AssetCreate,
    AssetIssue,
    AssetRedeem,
    asset_create,
    asset_issue,
    asset_redeem,
)
from commerce.banking.bank_deposits import (
    AssetDepositRequest,
    AssetDepositSettle,
    deposit_cancel,
    deposit_request,
    deposit_settle,
    deposit_timeout,
)
from commerce.banking.cards import EXPIRE, card_clocks
from commerce.banking.fees import FeeCollect, FeeSchedule, fee_collect, fee_schedule
from commerce.banking.freezes import (
    AssetClawback,
    AssetFreeze,
    AssetUnfreeze,
    asset_clawback,
    asset_freeze,
    asset_unfreeze,
    freeze_timeout,
)
from commerce.banking.frozen import UNFREEZE, freezes_clocks
from commerce.banking.parameter_change import (
    CHANGE,
    ParameterChange,
    change_clocks,
    change_timeout,
    parameter_change,
)
from commerce.banking.prepaid import (
    PrepaidClose,
    PrepaidConsume,
    PrepaidOpen,
    PrepaidRefund,
    prepaid_close,
    prepaid_consume,
    prepaid_open,
    prepaid_refund,
    prepaid_timeout,
)
from commerce.banking.requests import DEPOSITS, WITHDRAWALS, AssetRequestCancel
from commerce.banking.withdrawals import (
    AssetWithdrawRequest,
    AssetWithdrawSettle,
    withdraw_cancel,
    withdraw_request,
    withdraw_settle,
    withdraw_timeout,
)
from commerce.clocks import Clock
from commerce.payments import PayTransfer, pay_transfer
from commerce.transaction_types import SystemTransition, TransactionType

Clocks = Sequence[tuple[bytes, Clock]]


def _deposit(payload: Any, state: StateReader) -> Clocks:
    return DEPOSITS.clocks(state, payload.request_id)


def _withdrawal(payload: Any, state: StateReader) -> Clocks:
    return WITHDRAWALS.clocks(state, payload.request_id)


def _freezes(payload: Any, state: StateReader) -> Clocks:
    return freezes_clocks(state, payload.account, payload.symbol)


def _card(payload: Any, state: StateReader) -> Clocks:
    return card_clocks(state, payload.card_id)


def _parameters(_payload: Any, state: StateReader) -> Clocks:
    return change_clocks(state)


TYPES = (
    TransactionType("asset.create", AssetCreate, asset_create, "Q + I"),
    TransactionType("asset.issue", AssetIssue, asset_issue, "I"),
    TransactionType("asset.redeem", AssetRedeem, asset_redeem, "holder + I"),
    TransactionType("asset.deposit.request", AssetDepositRequest, deposit_request, "holder"),
    TransactionType(
        "asset.deposit.settle", AssetDepositSettle, deposit_settle, "I", clocks=_deposit
    ),
    TransactionType(
        "asset.deposit.cancel",
        AssetRequestCancel,
        deposit_cancel,
        "holder or I",
        rank=Rank.CANCEL,
        clocks=_deposit,
    ),
    TransactionType("asset.withdraw.request", AssetWithdrawRequest, withdraw_request, "holder"),
    TransactionType(
        "asset.withdraw.settle", AssetWithdrawSettle, withdraw_settle, "I", clocks=_withdrawal
    ),
    TransactionType(
        "asset.withdraw.cancel",
        AssetRequestCancel,
        withdraw_cancel,
        "holder or I",
        rank=Rank.CANCEL,
        clocks=_withdrawal,
    ),
    TransactionType("asset.freeze", AssetFreeze, asset_freeze, "R + I", clocks=_freezes),
    TransactionType("asset.unfreeze", AssetUnfreeze, asset_unfreeze, "R + I", clocks=_freezes),
    TransactionType("asset.clawback", AssetClawback, asset_clawback, "R + I", clocks=_freezes),
    TransactionType("pay.transfer", PayTransfer, pay_transfer, "owner"),
    TransactionType("prepaid.open", PrepaidOpen, prepaid_open, "consumer"),
    TransactionType(
        "prepaid.consume", PrepaidConsume, prepaid_consume, "consumer + merchant", clocks=_card
    ),
    TransactionType("prepaid.refund", PrepaidRefund, prepaid_refund, "consumer", clocks=_card),
    TransactionType(
        "prepaid.close",
        PrepaidClose,
        prepaid_close,
        "merchant, or consumer + merchant",
        clocks=_card,
    ),
    TransactionType("fee.schedule", FeeSchedule, fee_schedule, "Q"),
    TransactionType("fee.collect", FeeCollect, fee_collect, "Q"),
    TransactionType("parameter.change", ParameterChange, parameter_change, "Q", clocks=_parameters),
)

TRANSITIONS = (
    SystemTransition(DEPOSITS.clock_kind, deposit_timeout),
    SystemTransition(WITHDRAWALS.clock_kind, withdraw_timeout),
    SystemTransition(UNFREEZE, freeze_timeout),
    SystemTransition(EXPIRE, prepaid_timeout),
    SystemTransition(CHANGE, change_timeout),
)
