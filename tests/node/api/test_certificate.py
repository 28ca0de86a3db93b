"""The certificate that the API shows: what is taken, when it is renewed, when its end is told."""

import base64
import logging
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from node.api.certificate import DAY_MS, ApiCertificate, CertificateUnusable
from node.clock import now_ms
from node.keystore import KeyFileMissing, KeyFileTooOpen
from tests.node.api.authority import NAME, Authority


@dataclass
class Clock:
    """The machine's, moved by `shift_ms`."""

    shift_ms: int = 0

    def __call__(self) -> int:
        return now_ms() + self.shift_ms


def shown(certificate: ApiCertificate, authority: Authority) -> int:
    """When the certificate ends that a client gets to see, in ms."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = certificate.context().wrap_bio(incoming, outgoing, server_side=True)
    trusting = ssl.create_default_context(cafile=str(authority.file))
    client = trusting.wrap_bio(outgoing, incoming, server_hostname=NAME)
    for _ in range(3):
        for side in (client, server):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    told = client.getpeercert()
    assert told is not None
    return int(ssl.cert_time_to_seconds(str(told["notAfter"])) * 1000)


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING]


def test_a_client_that_trusts_the_authority_gets_through(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    certificate = ApiCertificate(*authority.issue(days=60), Clock())
    state = certificate.state()
    assert (state.use, state.names) == ("api", (NAME, "127.0.0.1"))
    assert shown(certificate, authority) == state.end_ms


def test_files_that_change_are_shown_from_the_next_handshake_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    authority = Authority(tmp_path)
    certificate = ApiCertificate(*authority.issue(days=20, age_days=70), Clock())
    before = shown(certificate, authority)
    authority.issue(days=90)
    with caplog.at_level(logging.INFO):
        after = shown(certificate, authority)
    assert after > before
    assert certificate.state().end_ms == after
    assert any(r.getMessage().startswith("certificate renewed") for r in caplog.records)


def test_a_renewal_that_is_half_written_leaves_the_old_certificate_in_use(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    authority = Authority(tmp_path)
    chain, key = authority.issue(days=60)
    certificate = ApiCertificate(chain, key, Clock())
    before = shown(certificate, authority)
    other, other_key = authority.issue("other", days=90)
    other.replace(chain)
    assert shown(certificate, authority) == before
    assert any("is not the key of" in words for words in warnings(caplog))
    other_key.replace(key)
    assert shown(certificate, authority) > before


@pytest.mark.parametrize(
    ("days_left", "told"), [(31, None), (29, "30 days"), (6.5, "7 days"), (0.5, "a day")]
)
def test_the_end_is_told_thirty_seven_and_one_day_before(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, days_left: float, told: str | None
) -> None:
    authority, clock = Authority(tmp_path), Clock()
    certificate = ApiCertificate(*authority.issue(days=90, age_days=10), clock)
    clock.shift_ms = int((90 - days_left) * DAY_MS)
    for _ in range(3):
        certificate.look()
    words = warnings(caplog)
    assert len(words) == (told is not None)
    assert all("ends within" in line for line in words)
    if told == "7 days":
        assert "within 7 days" in words[0]


def test_each_limit_is_told_once_and_the_end_itself_too(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    authority, clock = Authority(tmp_path), Clock()
    certificate = ApiCertificate(*authority.issue(days=90, age_days=10), clock)
    for day in range(95):
        clock.shift_ms = day * DAY_MS
        certificate.look()
    words = warnings(caplog)
    assert len(words) == 4
    assert "has ended" in words[-1]


def test_what_is_made_for_a_few_days_brings_no_warning_of_thirty(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    authority, clock = Authority(tmp_path), Clock()
    certificate = ApiCertificate(*authority.issue(days=7, age_days=0), clock)
    certificate.look()
    assert warnings(caplog) == []
    clock.shift_ms = int(6.5 * DAY_MS)
    certificate.look()
    assert len(warnings(caplog)) == 1


@pytest.mark.parametrize(
    ("days", "age_days", "told"), [(-1, 9, "has ended"), (9, -1, "is this machine's clock right?")]
)
def test_one_that_does_not_hold_is_shown_at_the_start_and_called_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, days: float, age_days: float, told: str
) -> None:
    """A node that votes doesn't stay away for its API."""
    authority = Authority(tmp_path)
    certificate = ApiCertificate(*authority.issue(days=days, age_days=age_days), Clock())
    before = certificate.state().end_ms
    assert warnings(caplog) == []
    certificate.look()
    certificate.look()
    (words,) = warnings(caplog)
    assert told in words
    assert caplog.records[-1].levelno == logging.ERROR
    authority.issue(days=60)
    assert shown(certificate, authority) > before


def test_one_that_does_not_hold_never_takes_the_place_of_one_that_does(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    authority = Authority(tmp_path)
    certificate = ApiCertificate(*authority.issue(days=60), Clock())
    before = shown(certificate, authority)
    for days, age_days in ((-1, 9), (90, -1)):
        authority.issue(days=days, age_days=age_days)
        assert shown(certificate, authority) == before
    assert [words.count("not now") for words in warnings(caplog)] == [1, 1]


# RFC 5480 §2.1.1, and a number that stands for nothing.
_EC_KEY, _UNKNOWN = bytes.fromhex("2a8648ce3d0201"), bytes.fromhex("2a8648ce3d0209")


def _of_unknown_kind(file: Path, *, label: str) -> None:
    """A PEM file whose key is of a kind that nobody knows."""
    data = b"".join(file.read_bytes().splitlines()[1:-1])
    odd = base64.encodebytes(base64.b64decode(data).replace(_EC_KEY, _UNKNOWN)).decode()
    file.write_text(f"-----BEGIN {label}-----\n{odd}-----END {label}-----\n")


def _of_unknown_version(file: Path) -> None:
    """A certificate of version 8 (RFC 5280 §4.1.2.1 knows three)."""
    data = b"".join(file.read_bytes().splitlines()[1:-1])
    odd = base64.b64decode(data).replace(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x07", 1)
    text = base64.encodebytes(odd).decode()
    file.write_text(f"-----BEGIN CERTIFICATE-----\n{text}-----END CERTIFICATE-----\n")


@pytest.mark.parametrize(
    "damage",
    [
        lambda _chain, key: _of_unknown_kind(key, label="PRIVATE KEY"),
        lambda chain, _key: _of_unknown_kind(chain, label="CERTIFICATE"),
        lambda chain, _key: _of_unknown_version(chain),
        lambda _chain, key: key.chmod(0o644),
        lambda chain, _key: chain.write_bytes(b""),
    ],
)
def test_a_renewal_that_nobody_can_read_leaves_the_old_certificate_in_use(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, damage: Callable[[Path, Path], object]
) -> None:
    """It once ended the node: what `cryptography` raises is not always a ValueError."""
    authority = Authority(tmp_path)
    chain, key = authority.issue(days=60)
    certificate = ApiCertificate(chain, key, Clock())
    before = shown(certificate, authority)
    authority.issue(days=90)
    damage(chain, key)
    assert shown(certificate, authority) == before
    (words,) = warnings(caplog)
    assert words.startswith("certificate not renewed")
    authority.issue(days=90)
    key.chmod(0o600)
    assert shown(certificate, authority) > before


Damage = Callable[[Authority, Path, Path], object]


def _foreign_key(authority: Authority, _chain: Path, key: Path) -> None:
    authority.issue("other")[1].replace(key)


@pytest.mark.parametrize(
    ("damage", "error"),
    [
        (lambda _a, chain, _k: chain.unlink(), CertificateUnusable),
        (lambda _a, chain, _k: chain.write_bytes(b"no PEM"), CertificateUnusable),
        (lambda _a, chain, _k: chain.write_bytes(b"x" * 300_000), CertificateUnusable),
        (lambda _a, _c, key: key.write_bytes(b"no PEM"), CertificateUnusable),
        (lambda _a, _c, key: key.unlink(), KeyFileMissing),
        (lambda _a, _c, key: key.chmod(0o644), KeyFileTooOpen),
        (_foreign_key, CertificateUnusable),
    ],
)
def test_what_cannot_be_shown_is_refused_at_the_start(
    tmp_path: Path, damage: Damage, error: type[Exception]
) -> None:
    authority = Authority(tmp_path)
    files = authority.issue()
    damage(authority, *files)
    with pytest.raises(error) as refused:
        ApiCertificate(*files, Clock())
    assert "PRIVATE" not in str(refused.value)
