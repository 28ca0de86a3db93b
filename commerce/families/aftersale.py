"""After the sale: refunds, returns, exchanges and recalls."""

from collections.abc import Sequence
from typing import Any

from chain.execution import Rank
from chain.state import StateReader
from commerce.aftersale.answers import (
    RefundAcceptCounter,
    RefundAgree,
    RefundCounter,
    RefundReject,
    answer_timeout,
    counter_timeout,
    refund_accept_counter,
    refund_agree,
    refund_counter,
    refund_reject,
)
from commerce.aftersale.cases import case_clocks
from commerce.aftersale.exchanges import ExchangeShip, exchange_ship, exchange_timeout
from commerce.aftersale.requests import (
    RefundRequest,
    RefundWithdraw,
    refund_request,
    refund_withdraw,
)
from commerce.aftersale.returns import (
    ReturnDelivered,
    ReturnReceive,
    ReturnShip,
    receive_timeout,
    return_delivered,
    return_lost_timeout,
    return_receive,
    return_ship,
    return_ship_timeout,
)
from commerce.clocks import Clock
from commerce.disputes.filing import ReturnContest, return_contest
from commerce.orders import order_clocks
from commerce.parcels import parcel_clocks
from commerce.recalls.keeping import OrderKeep, order_keep, recall_timeout
from commerce.recalls.recalls import (
    RecallClose,
    RecallExtend,
    RecallOpen,
    RecallRelease,
    recall_close,
    recall_extend,
    recall_open,
    recall_release,
)
from commerce.recalls.spreading import spread_marks
from commerce.recalls.sweeping import sweep
from commerce.recalls.watching import look
from commerce.transaction_types import SystemTransition, TransactionType


def _case(payload: Any, state: StateReader) -> Sequence[tuple[bytes, Clock]]:
    return case_clocks(state, payload.case_id)


def _requested(payload: Any, state: StateReader) -> Sequence[tuple[bytes, Clock]]:
    if payload.parcel_id is None:
        return order_clocks(state, payload.order_id)
    return parcel_clocks(state, payload.parcel_id)


TYPES = (
    TransactionType("recall.open", RecallOpen, recall_open, "brand or R", rank=Rank.RECALL),
    TransactionType(
        "recall.extend", RecallExtend, recall_extend, "who opened it, or R", rank=Rank.RECALL
    ),
    TransactionType("recall.close", RecallClose, recall_close, "who opened it, or R"),
    TransactionType("recall.release", RecallRelease, recall_release, "R"),
    TransactionType("order.keep", OrderKeep, order_keep, "B", clocks=_case),
    TransactionType(
        "refund.request",
        RefundRequest,
        refund_request,
        "B",
        rank=Rank.REFUND_REQUEST,
        clocks=_requested,
    ),
    TransactionType("refund.withdraw", RefundWithdraw, refund_withdraw, "B", clocks=_case),
    TransactionType("refund.agree", RefundAgree, refund_agree, "S", clocks=_case),
    TransactionType("refund.reject", RefundReject, refund_reject, "S", clocks=_case),
    TransactionType("refund.counter", RefundCounter, refund_counter, "S", clocks=_case),
    TransactionType(
        "refund.accept_counter", RefundAcceptCounter, refund_accept_counter, "B", clocks=_case
    ),
    TransactionType("return.ship", ReturnShip, return_ship, "B + C", clocks=_case),
    TransactionType("return.delivered", ReturnDelivered, return_delivered, "C", clocks=_case),
    TransactionType("return.receive", ReturnReceive, return_receive, "S", clocks=_case),
    TransactionType("return.contest", ReturnContest, return_contest, "S", clocks=_case),
    TransactionType("exchange.ship", ExchangeShip, exchange_ship, "S + C", clocks=_case),
)

TRANSITIONS = (
    SystemTransition("sys.recall.spread", spread_marks),
    SystemTransition("sys.recall.sweep", sweep),
    SystemTransition("sys.recall.watch", look),
    SystemTransition("sys.order.recall", recall_timeout),
    SystemTransition("sys.refund.answer", answer_timeout),
    SystemTransition("sys.refund.counter", counter_timeout),
    SystemTransition("sys.return.ship", return_ship_timeout),
    SystemTransition("sys.return.lost", return_lost_timeout),
    SystemTransition("sys.return.accept", receive_timeout),
    SystemTransition("sys.exchange.ship", exchange_timeout),
)
