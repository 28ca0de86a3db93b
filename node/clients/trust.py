"""Which servers a client trusts over TLS: those of its CA file, else those of the system's CAs.

TLS 1.2 at least, the name in the URL is checked, and there is no way to leave the checks out.
"""

import ssl
from pathlib import Path
from typing import Final

from node.clients.errors import (
    AuthorityFileInvalid,
    AuthorityUnknown,
    ServerCertificateExpired,
    ServerNameWrong,
    ServerUntrusted,
)

# OpenSSL's verdicts: x509_vfy.h.
_NOT_YET_VALID: Final = 9
_EXPIRED: Final = 10
_NAME_WRONG: Final = 62
_ADDRESS_WRONG: Final = 64


def trusting(ca: Path | None) -> ssl.SSLContext:
    """The settings of a connection; `AuthorityFileInvalid` if the file is none of CAs."""
    try:
        context = ssl.create_default_context(cafile=None if ca is None else str(ca))
    except OSError as error:
        # ssl.SSLError is one too: no certificate in the file.
        raise AuthorityFileInvalid(f"{ca}: {error.strerror or error}") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca is not None and not context.get_ca_certs():
        raise AuthorityFileInvalid(f"{ca}: no certificate of a CA")
    return context


def trusting_besides(ca: Path | None) -> ssl.SSLContext:
    """As `trusting`, the system's CAs and those of the file."""
    context = trusting(None)
    if ca is not None:
        try:
            context.load_verify_locations(cafile=str(ca))
        except OSError as error:
            raise AuthorityFileInvalid(f"{ca}: {error.strerror or error}") from error
    return context


def untrusted(where: str, error: ssl.SSLError) -> ServerUntrusted:
    """The refusal that a failed handshake means."""
    if not isinstance(error, ssl.SSLCertVerificationError):
        return ServerUntrusted(f"{where}: {error.reason or error}")
    words = f"{where}: {error.verify_message}"
    if error.verify_code in (_NOT_YET_VALID, _EXPIRED):
        return ServerCertificateExpired(words)
    if error.verify_code in (_NAME_WRONG, _ADDRESS_WRONG):
        return ServerNameWrong(words)
    return AuthorityUnknown(words)
