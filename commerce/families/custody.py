"""Custody of goods, and what inspectors certify about them."""

from commerce.certificates.certificates import CertIssue, CertRevoke, cert_issue, cert_revoke
from commerce.transaction_types import SystemTransition, TransactionType

TYPES = (
    TransactionType("cert.issue", CertIssue, cert_issue, "accredited inspector"),
    TransactionType("cert.revoke", CertRevoke, cert_revoke, "its issuer or R"),
)

TRANSITIONS: tuple[SystemTransition, ...] = ()
