"""What the checks of the whole chain ask of banking: where money lies, which clocks run."""

from collections.abc import Callable, Iterable
from typing import Any

from chain.deadlines import Deadline
from chain.state import StateReader, Table
from commerce.banking.cards import CARDS, card_deadlines, check_cards, held_on_card
from commerce.banking.fees import POOLS, pooled
from commerce.banking.frozen import check_freezes, freeze_deadlines
from commerce.banking.parameter_change import change_deadlines
from commerce.banking.requests import DEPOSITS, WITHDRAW_REQUESTS, WITHDRAWALS
from commerce.banking.withdrawals import held_for_withdrawal

BANKING_HOLDERS: tuple[tuple[Table[Any], Callable[[bytes, Any], tuple[bytes, int]]], ...] = (
    (WITHDRAW_REQUESTS, held_for_withdrawal),
    (CARDS, held_on_card),
    (POOLS, pooled),
)
BANKING_CLOCKED: tuple[Callable[[StateReader], Iterable[Deadline]], ...] = (
    DEPOSITS.deadlines,
    WITHDRAWALS.deadlines,
    freeze_deadlines,
    card_deadlines,
    change_deadlines,
)
BANKING_CHECKS: tuple[Callable[[StateReader], None], ...] = (
    DEPOSITS.check,
    WITHDRAWALS.check,
    check_freezes,
    check_cards,
)
