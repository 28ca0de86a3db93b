"""Certificates checked from nothing: each is found by what it is of, and nothing else is."""

from chain.state import StateReader
from commerce.certificates.certificates import CERTIFICATES, CERTIFIED, Certified
from commerce.certificates.subjects import read_subject
from commerce.checks import require


def check_certificates(state: StateReader) -> None:
    """`InvariantBreach` unless the rows by subject are those of the certificates."""
    expected = {}
    for known_id, certificate in CERTIFICATES.items(state):
        subject = read_subject(certificate.scope)
        require(subject.identity == certificate.scope, "a subject is written in one way")
        require(
            certificate.valid_from_ms < certificate.valid_until_ms,
            "a certificate ends after it begins",
        )
        key = subject.part + certificate.issuer + known_id
        expected[key] = Certified(certificate.valid_until_ms)
    require(dict(CERTIFIED.items(state)) == expected, "certificates are found by their subjects")
