"""cert.issue, cert.revoke: an inspector's word about goods or a place, for a time.

A certificate stands for what an accredited body found: which standard, of what, from when until
when, and the hash of the paper. The paper stays where it is. Nobody certifies what is its own. A
certificate ends by its time, by whoever issued it, by a regulator, and for as long as its issuer
isn't accredited for what it is of: that is derived whenever somebody asks, so it needs no clock.
"""

from dataclasses import dataclass
from typing import Annotated

from chain.block import Event
from chain.codec import Hash, Name, Size, Text, TimeMs
from chain.context import Context, event
from chain.state import StateReader, Table
from commerce.accounts import share_controller
from commerce.certificates.errors import (
    CertificateNeverValid,
    CertificateRevoked,
    CertificateUnknown,
    NotTheCertifier,
    SubjectUncertifiable,
    SubjectUnheld,
    TooManyCertificates,
)
from commerce.certificates.subjects import Subject, read_subject
from commerce.errors import ExpiryPassed, RoleMissing, SharedController
from commerce.indexes import index_certificate
from commerce.parcels import EPC_SIZE_MAX, Epc
from commerce.records import altered
from commerce.refusals import refuses

INSPECTOR, REGULATOR = "inspector", "regulator"
# Of one issuer and subject, for good: who asks about goods reads them all.
CERTIFICATES_MAX = 100


@dataclass(frozen=True, slots=True)
class CertIssue:
    """`scope` is an EPC URI or GS1 Digital Link of a product (GTIN), a lot or a location (GLN);
    `standard` what it was inspected by ("GB/T 19630-2019"). It holds from `valid_from_ms` until
    `valid_until_ms`, inclusive, block time. `document` is the hash of the certificate itself.
    """

    scope: Epc
    standard: Name
    valid_from_ms: TimeMs
    valid_until_ms: TimeMs
    document: Hash


@dataclass(frozen=True, slots=True)
class CertRevoke:
    """`reason` is for everybody to read."""

    certificate_id: Hash
    reason: Text


@dataclass(frozen=True, slots=True)
class Revocation:
    """By whom, when and why."""

    by: Hash
    revoked_ms: TimeMs
    reason: Text


@dataclass(frozen=True, slots=True)
class Certificate:
    """`scope` is the canonical link of what it is of."""

    # What an EPC URI leaves as it is may be escaped in a link.
    scope: Annotated[str, Size(max=3 * EPC_SIZE_MAX)]
    standard: Name
    issuer: Hash
    document: Hash
    issued_ms: TimeMs
    valid_from_ms: TimeMs
    valid_until_ms: TimeMs
    revoked: Revocation | None


@dataclass(frozen=True, slots=True)
class Certified:
    """That there is a certificate of a subject, and when it ends."""

    valid_until_ms: TimeMs


CERTIFICATES: Table[Certificate] = Table("certificate", Certificate)
# By the hash of the subject's identity, issuer and certificate id.
CERTIFIED: Table[Certified] = Table("certified", Certified)


def load_certificate(state: StateReader, certificate_id: bytes) -> Certificate:
    """The certificate, or `CertificateUnknown`."""
    certificate = CERTIFICATES.load(state, certificate_id)
    if certificate is None:
        msg = f"no certificate {certificate_id.hex()}"
        raise CertificateUnknown(msg)
    return certificate


@refuses(
    SubjectUncertifiable,
    CertificateNeverValid,
    RoleMissing,
    SubjectUnheld,
    ExpiryPassed,
    SharedController,
    TooManyCertificates,
)
def cert_issue(op: CertIssue, context: Context) -> tuple[Event, ...]:
    """Attest that a product, lot or place meets a standard, as an inspector accredited for it."""
    subject = read_subject(op.scope)
    if op.valid_until_ms <= op.valid_from_ms:
        msg = "it would end before it begins"
        raise CertificateNeverValid(msg)
    if not subject.is_within(context.state, context.sender, INSPECTOR):
        msg = f"the sender needs the role {INSPECTOR} for {subject.kind} {subject.key}"
        raise RoleMissing(msg)
    holder = subject.holder(context.state)
    if holder is None:
        msg = f"nobody holds {subject.kind} {subject.key} here"
        raise SubjectUnheld(msg)
    if op.valid_until_ms <= context.time_ms:
        msg = "a certificate ends in the future"
        raise ExpiryPassed(msg)
    if share_controller(context.state, context.sender, holder):
        msg = "nobody certifies what is its own"
        raise SharedController(msg)
    own = CERTIFIED.items(context.state, subject.part, context.sender)
    if sum(1 for _ in own) >= CERTIFICATES_MAX:
        msg = f"{CERTIFICATES_MAX} certificates of {subject.identity} are by this inspector"
        raise TooManyCertificates(msg)
    return (_issue(op, context, subject),)


def _issue(op: CertIssue, context: Context, subject: Subject) -> Event:
    certificate_id = context.new_id("certificate")
    certificate = Certificate(
        scope=subject.identity,
        standard=op.standard,
        issuer=context.sender,
        document=op.document,
        issued_ms=context.time_ms,
        valid_from_ms=op.valid_from_ms,
        valid_until_ms=op.valid_until_ms,
        revoked=None,
    )
    CERTIFICATES.store(context.state, certificate, certificate_id)
    row = Certified(op.valid_until_ms)
    CERTIFIED.store(context.state, row, subject.part, context.sender, certificate_id)
    index_certificate(context, subject.part, subject.key, certificate_id)
    return event(
        "cert.issued",
        certificate_id=certificate_id,
        scope=subject.identity,
        kind=subject.kind,
        standard=op.standard,
        issuer=context.sender,
        document=op.document,
        valid_from_ms=op.valid_from_ms,
        valid_until_ms=op.valid_until_ms,
    )


@refuses(CertificateUnknown, NotTheCertifier, CertificateRevoked)
def cert_revoke(op: CertRevoke, context: Context) -> tuple[Event, ...]:
    """Take a certificate back for good: by its issuer, accredited or not, or by a regulator."""
    certificate = load_certificate(context.state, op.certificate_id)
    subject = read_subject(certificate.scope)
    is_issuer = context.sender == certificate.issuer
    if not is_issuer and not subject.is_within(context.state, context.sender, REGULATOR):
        msg = "only its issuer or a regulator revokes a certificate"
        raise NotTheCertifier(msg)
    if certificate.revoked is not None:
        msg = f"it was revoked at {certificate.revoked.revoked_ms}"
        raise CertificateRevoked(msg)
    revocation = Revocation(context.sender, context.time_ms, op.reason)
    revoked = altered(certificate, revoked=revocation)
    CERTIFICATES.store(context.state, revoked, op.certificate_id)
    told = event(
        "cert.revoked",
        certificate_id=op.certificate_id,
        scope=certificate.scope,
        issuer=certificate.issuer,
        by=context.sender,
        reason=op.reason,
    )
    return (told,)
