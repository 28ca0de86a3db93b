"""The certificate that the API shows: read from two files, and again when they change.

Whoever renews it (an ACME client, the members' own CA) writes the new files before the old
certificate ends; the node notices by its next handshake, or within a minute, and shows the new one
from then on. Connections that stand keep theirs. What doesn't fit together is not taken: the old
one stays, and the log says why. One that has ended is shown all the same when the node starts:
clients turn away by themselves, and a member's vote is worth more than its API.
"""

import asyncio
import logging
import ssl
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from chain.errors import HushangError
from node.api.settings import ApiSettings
from node.clients import files
from node.clock import now_ms
from node.keystore import read_private
from node.service import CertificateState, NodeStatus
from node.words import said

logger = logging.getLogger(__name__)

FILE_SIZE_MAX: Final = 256 * 1024
NAMES_MAX: Final = 16
LOOK_S: Final = 60.0
DAY_MS: Final = 86_400_000
# Days before the end at which the log says so.
WARN_DAYS: Final = (30, 7, 1)
ALPN: Final = "http/1.1"
# What `cryptography` raises for bytes that are no key or certificate, or none that it knows.
_UNREADABLE: Final = (
    *(ValueError, TypeError, UnsupportedAlgorithm),
    *(x509.InvalidVersion, x509.DuplicateExtension, x509.UnsupportedGeneralNameType),
)


class CertificateUnusable(HushangError):
    """The API's certificate and key are no PEM files that belong together, or a renewed one
    doesn't hold now.
    """

    hint = (
        "api_certificate is a PEM chain, the server's first, that holds now by this machine's "
        "clock; api_key its unencrypted key, mode 0600"
    )


@dataclass(frozen=True, slots=True)
class _Shown:
    """What is shown to clients, and the state of the files that it came from."""

    context: ssl.SSLContext
    start_ms: int
    end_ms: int
    names: tuple[str, ...]
    marks: tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, slots=True)
class _Leaf:
    """What is read of the server's own certificate."""

    key: object
    start_ms: int
    end_ms: int
    names: tuple[str, ...]


class ApiCertificate:
    """Raises `CertificateUnusable`, or `KeyFile…`, if what the files hold can't be shown."""

    def __init__(self, certificate: Path, key: Path, clock_ms: Callable[[], int]) -> None:
        self._files = certificate, key
        self._clock_ms = clock_ms
        self._shown = self._read()
        self._tried = self._shown.marks
        # The last limit that the log has told.
        self._warned_days: int | None = None

    @classmethod
    def of(cls, settings: ApiSettings) -> "ApiCertificate | None":
        """What the settings name; None where the API is to be plain."""
        if settings.certificate is None or settings.key is None:
            return None
        return cls(settings.certificate, settings.key, now_ms)

    def context(self) -> ssl.SSLContext:
        """For a new connection; ask again for each."""
        self.look()
        return self._shown.context

    def state(self) -> CertificateState:
        """What is shown now."""
        shown = self._shown
        return CertificateState("api", shown.names, shown.start_ms, shown.end_ms)

    async def watch(self) -> None:
        """Look now and every minute, until cancelled."""
        while True:
            self.look()
            await asyncio.sleep(LOOK_S)

    def look(self) -> None:
        """Take what the files hold now if they changed, and say when the end is near."""
        marks = self._marks()
        if marks != self._tried:
            self._tried = marks
            try:
                self._shown = self._renewed()
            except HushangError as error:
                told = {"event": "certificate_refused", "code": error.code}
                logger.error("certificate not renewed: %s", error, extra=told)  # noqa: TRY400
            else:
                self._warned_days = None
                until = _day(self._shown.end_ms)
                done = {"event": "certificate_renewed", "until": until}
                logger.info("certificate renewed: valid until %s", until, extra=done)
        self._warn()

    def _marks(self) -> tuple[tuple[int, int, int], ...]:
        """Changes with whatever is written or moved to these names; () if one can't be seen."""
        try:
            found = [file.stat() for file in self._files]
        except OSError:
            return ()
        return tuple((one.st_ino, one.st_mtime_ns, one.st_size) for one in found)

    def _renewed(self) -> _Shown:
        """What the files hold now; nothing that doesn't hold takes the place of what does."""
        found = self._read()
        if self._holds(self._shown) and not self._holds(found):
            when = f"{_day(found.start_ms)} to {_day(found.end_ms)}"
            raise CertificateUnusable(f"{self._files[0]} holds from {when}, not now")
        return found

    def _holds(self, shown: _Shown) -> bool:
        return shown.start_ms <= self._clock_ms() < shown.end_ms

    def _read(self) -> _Shown:
        certificate, key = self._files
        marks = self._marks()
        leaf = _leaf(certificate)
        private = read_private(key, FILE_SIZE_MAX)
        try:
            public = load_pem_private_key(private, password=None).public_key()
        except _UNREADABLE as error:
            # Its words may quote the file.
            msg = f"{key} is no unencrypted PEM key"
            raise CertificateUnusable(msg) from error
        if _public(public) != _public(leaf.key):
            raise CertificateUnusable(f"{key} is not the key of {certificate}")
        if not isinstance(leaf.key, ec.EllipticCurvePublicKey | rsa.RSAPublicKey):
            logger.warning("%s: browsers take P-256 and RSA keys only", certificate)
        context = _context(certificate, key)
        return _Shown(context, leaf.start_ms, leaf.end_ms, leaf.names, marks)

    def _warn(self) -> None:
        """Once for each limit that is passed."""
        shown = self._shown
        limit = limit_passed(shown.start_ms, shown.end_ms, self._clock_ms())
        if limit is None or limit == self._warned_days:
            return
        self._warned_days = limit
        told = {"event": "certificate_expires", "until": _day(shown.end_ms)}
        words = end_words(shown.start_ms, shown.end_ms, self._clock_ms())
        level = logging.WARNING if limit > 0 else logging.ERROR
        logger.log(level, "the API's certificate %s", words, extra=told)


def limit_passed(start_ms: int, end_ms: int, time_ms: int) -> int | None:
    """The last of WARN_DAYS that is passed, 0 if it doesn't hold; None if all is well.

    What was made for a short time is warned of later: with a third of it left.
    """
    if not start_ms <= time_ms < end_ms:
        return 0
    left_ms, whole_ms = end_ms - time_ms, end_ms - start_ms
    passed = [d for d in WARN_DAYS if left_ms <= min(d * DAY_MS, whole_ms // 3)]
    return passed[-1] if passed else None


def end_words(start_ms: int, end_ms: int, time_ms: int) -> str:
    """How long it holds, and what to do where that is not long."""
    until = _day(end_ms)
    if time_ms < start_ms:
        return said("doesn't hold before {day}: is this machine's clock right?", day=_day(start_ms))
    if time_ms >= end_ms:
        return said(
            "has ended ({day}): clients refuse it; renew it, or put the clock right", day=until
        )
    days = -(-(end_ms - time_ms) // DAY_MS)
    if days > 1:
        words = said("ends within {days} days ({day})", days=days, day=until)
    else:
        words = said("ends within a day ({day})", day=until)
    if limit_passed(start_ms, end_ms, time_ms) is None:
        return words
    return said("{words}: renew it", words=words)


def certified(status: NodeStatus, certificate: ApiCertificate | None) -> NodeStatus:
    """A node's account of itself, with the certificate of the API that tells it."""
    if certificate is None:
        return status
    return replace(status, certificates=(*status.certificates, certificate.state()))


def _leaf(path: Path) -> _Leaf:
    data = files.read(path, FILE_SIZE_MAX, CertificateUnusable)
    try:
        found = x509.load_pem_x509_certificates(data)[0]
        start_ms, end_ms = _ms(found.not_valid_before_utc), _ms(found.not_valid_after_utc)
        return _Leaf(found.public_key(), start_ms, end_ms, _names(found))
    except _UNREADABLE as error:
        raise CertificateUnusable(f"{path} holds no PEM certificate that can be read") from error


def _context(certificate: Path, key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.set_alpn_protocols([ALPN])
    try:
        # A password, so that OpenSSL never asks at a terminal for one.
        context.load_cert_chain(certificate, key, password=b"")
    except (OSError, ValueError) as error:
        # Also ssl.SSLError: the files changed between two looks, or OpenSSL takes less than we do.
        raise CertificateUnusable(f"{certificate}: OpenSSL refuses it") from error
    return context


def _names(leaf: x509.Certificate) -> tuple[str, ...]:
    """The names that it holds for (RFC 6125: those of subjectAltName alone)."""
    try:
        found = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    names = [
        *found.get_values_for_type(x509.DNSName),
        *map(str, found.get_values_for_type(x509.IPAddress)),
    ]
    return tuple(names[:NAMES_MAX])


def _public(key: object) -> bytes:
    found: bytes = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)  # type: ignore[attr-defined]
    return found


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _day(time_ms: int) -> str:
    return f"{datetime.fromtimestamp(time_ms / 1000, UTC):%Y-%m-%d %H:%M} UTC"
