"""Custody of goods, and what inspectors certify about them."""

from collections.abc import Sequence
from typing import Any

from chain.state import StateReader
from commerce.certificates.certificates import CertIssue, CertRevoke, cert_issue, cert_revoke
from commerce.clocks import Clock
from commerce.goods.offer import EXPIRY, offer_clocks
from commerce.goods.offers import (
    CustodyAccept,
    CustodyOffer,
    CustodyReject,
    CustodyWithdraw,
    custody_accept,
    custody_offer,
    custody_reject,
    custody_timeout,
    custody_withdraw,
)
from commerce.transaction_types import SystemTransition, TransactionType


def _offer(payload: Any, state: StateReader) -> Sequence[tuple[bytes, Clock]]:
    return offer_clocks(state, payload.offer_id)


TYPES = (
    TransactionType("custody.offer", CustodyOffer, custody_offer, "giver"),
    TransactionType("custody.accept", CustodyAccept, custody_accept, "taker", clocks=_offer),
    TransactionType("custody.reject", CustodyReject, custody_reject, "taker", clocks=_offer),
    TransactionType("custody.withdraw", CustodyWithdraw, custody_withdraw, "giver", clocks=_offer),
    TransactionType("cert.issue", CertIssue, cert_issue, "accredited inspector"),
    TransactionType("cert.revoke", CertRevoke, cert_revoke, "its issuer or R"),
)

TRANSITIONS = (SystemTransition(EXPIRY, custody_timeout),)
