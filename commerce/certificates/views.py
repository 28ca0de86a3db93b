"""What certificates say at a time: pure reads of the agreed state."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from chain.codec import Hash
from chain.crypto import HASH_SIZE
from chain.state import StateReader
from commerce.certificates.certificates import (
    CERTIFIED,
    INSPECTOR,
    Certificate,
    Revocation,
    load_certificate,
)
from commerce.certificates.subjects import Subject, read_subject
from commerce.epcis.identifiers import classes_of
from commerce.goods.things import name_part

VALID, NOT_YET, EXPIRED = "valid", "not_yet_valid", "expired"
REVOKED, NOT_ACCREDITED = "revoked", "issuer_not_accredited"
# That one answer shows of a thing.
SHOWN_MAX = 100


@dataclass(frozen=True, slots=True)
class GoodsCertificateView:
    """A certificate and its `standing` at the time that was asked for: valid, not_yet_valid,
    expired, revoked, or issuer_not_accredited while its inspector has no role that covers it.
    """

    certificate_id: Hash
    scope: str
    kind: str
    key: str
    standard: str
    issuer: Hash
    document: Hash
    issued_ms: int
    valid_from_ms: int
    valid_until_ms: int
    standing: str
    revoked: Revocation | None


def certificate_view(
    state: StateReader, certificate_id: bytes, time_ms: int
) -> GoodsCertificateView:
    """A certificate as of a time, or `CertificateUnknown`."""
    found = load_certificate(state, certificate_id)
    subject = read_subject(found.scope)
    return GoodsCertificateView(
        certificate_id=certificate_id,
        scope=found.scope,
        kind=subject.kind,
        key=subject.key,
        standard=found.standard,
        issuer=found.issuer,
        document=found.document,
        issued_ms=found.issued_ms,
        valid_from_ms=found.valid_from_ms,
        valid_until_ms=found.valid_until_ms,
        standing=_standing(state, found, subject, time_ms),
        revoked=found.revoked,
    )


def certificates_of(
    state: StateReader, thing: str, time_ms: int, lots: Iterable[str] = ()
) -> tuple[GoodsCertificateView, ...]:
    """All certificates of a thing that have not run out at a time, also those that are revoked or
    not valid yet; those of its lot and product among them, `SHOWN_MAX` at most.

    `thing` is an identity (of an item, lot, product or place), `lots` those that an item belongs
    to: its identity doesn't say so, its events do.
    """
    asked = dict.fromkeys((*classes_of(thing), *lots))
    found = (known_id for identity in asked for known_id in _unexpired(state, identity, time_ms))
    return tuple(
        [certificate_view(state, known_id, time_ms) for known_id in islice(found, SHOWN_MAX)]
    )


def _unexpired(state: StateReader, identity: str, time_ms: int) -> Iterator[bytes]:
    for key, row in CERTIFIED.items(state, name_part(identity)):
        if time_ms <= row.valid_until_ms:
            yield key[-HASH_SIZE:]


def _standing(state: StateReader, found: Certificate, subject: Subject, time_ms: int) -> str:
    if found.revoked is not None and found.revoked.revoked_ms <= time_ms:
        return REVOKED
    if time_ms > found.valid_until_ms:
        return EXPIRED
    # Roles have no history in the state: this is as of now, whatever the time.
    if not subject.is_within(state, found.issuer, INSPECTOR):
        return NOT_ACCREDITED
    return NOT_YET if time_ms < found.valid_from_ms else VALID
