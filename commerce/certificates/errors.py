"""Refusals about certificates, named as the broken rule, in the order of commerce/errors.py."""

from chain.errors import LedgerError


class SubjectUncertifiable(LedgerError):
    """A certificate is of a product, a lot or a location."""

    hint = "name a GTIN, a GTIN with a lot (…/01/GTIN/10/LOT) or a GLN; not an item"


class CertificateNeverValid(LedgerError):
    """A certificate ends after it begins."""

    hint = "valid_until_ms is later than valid_from_ms"


class NotTheCertifier(LedgerError):
    """Only who issued a certificate, or a regulator in charge of its goods or place, revokes it."""

    hint = "sign with the account that issued it"


class SubjectUnheld(LedgerError):
    """Nobody holds the company prefix of these goods, or this location."""

    hint = "gcp.grant and location.register record whose they are"


class CertificateUnknown(LedgerError):
    """No certificate with this id."""

    hint = "GET /v1/certificates lists them by gtin, lot, gln or issuer"


class CertificateRevoked(LedgerError):
    """The certificate was revoked before."""

    hint = "what was revoked stays so; issue a new one"


class TooManyCertificates(LedgerError):
    """An inspector has as many certificates of one product, lot or place as it may ever have."""

    hint = "certify lots instead of the product"
