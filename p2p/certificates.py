"""Certificates of peers: a node key vouches for a TLS key, and the chain's members are the anchors.

The node key (Ed25519, named in the chain's membership) issues a short-lived leaf certificate for a
TLS key that lives in memory only. Nobody sends a root: a verifier makes one itself for each member
key, since X.509 path validation takes a trust anchor as given (RFC 5280 §6.1.1 d) and never checks
its own signature. No anchor expires and a leaf is renewed while the node runs, so that no date can
stop a network. A certificate never collides with a vote: it starts with a DER tag, a vote's signed
bytes with the ledger's domain tag.
"""

import datetime
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from chain.crypto import PUBLIC_KEY_SIZE, SEED_SIZE, verify
from chain.errors import ProtocolError

DAY_MS: Final = 24 * 3600 * 1000
EPOCH: Final = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
# RFC 5280 §4.1.2.5: "no well-defined expiration date".
NEVER: Final = datetime.datetime(9999, 12, 31, 23, 59, 59, tzinfo=datetime.UTC)
ANCHORS_MAX: Final = 4096


class CertificateRefused(ProtocolError):
    """A peer's leaf certificate does not come from the node key that it names."""

    hint = (
        "the connection was ended; its operator checks that node's clock and starts it with "
        "its own node key"
    )


@dataclass(frozen=True, slots=True)
class Validity:
    """From when to when a leaf holds, in UTC milliseconds (X.509 keeps whole seconds)."""

    start_ms: int
    end_ms: int


def leaf_validity(now_ms: int) -> Validity:
    """Two days back, for peers whose clock is behind, and a week ahead."""
    return Validity(max(0, now_ms - 2 * DAY_MS), now_ms + 7 * DAY_MS)


def node_signing_key(seed: bytes) -> Ed25519PrivateKey:
    """The node key in the form that signs certificates. Requires a seed of 32 bytes."""
    assert len(seed) == SEED_SIZE
    return Ed25519PrivateKey.from_private_bytes(seed)


def issue_leaf(
    node_key: Ed25519PrivateKey, tls_key: Ed25519PublicKey, validity: Validity
) -> x509.Certificate:
    """A certificate by which the owner of `node_key` vouches for `tls_key`, for both roles."""
    issuer = node_key.public_key()
    return (
        x509.CertificateBuilder()
        .subject_name(_name(tls_key.public_bytes_raw()))
        .issuer_name(_name(issuer.public_bytes_raw()))
        .public_key(tls_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(_moment(validity.start_ms))
        .not_valid_after(_moment(validity.end_ms))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(
            x509.ExtendedKeyUsage(
                [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
            ),
            critical=False,
        )
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer), critical=False)
        .sign(node_key, None)
    )


@lru_cache(maxsize=ANCHORS_MAX)
def anchor(member_key: bytes) -> bytes:
    """The trust anchor (DER) of a member's node key; path length 0: members issue leaves only."""
    assert len(member_key) == PUBLIC_KEY_SIZE
    public_key = Ed25519PublicKey.from_public_bytes(member_key)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(_name(member_key))
        .issuer_name(_name(member_key))
        .public_key(public_key)
        .serial_number(1)
        .not_valid_before(EPOCH)
        .not_valid_after(NEVER)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        # Nobody looks at an anchor's signature, so any key may make it.
        .sign(Ed25519PrivateKey.generate(), None)
    )
    return certificate.public_bytes(Encoding.DER)


def issuer_key(leaf_der: bytes) -> bytes:
    """The node key that signed this leaf, checked on the leaf itself, or `CertificateRefused`.

    OpenSSL has already built a path to *some* anchor. To trust the issuer's name after that would
    lean on path building: a member might hide an intermediate that carries another member's name.
    """
    try:
        leaf = x509.load_der_x509_certificate(leaf_der)
        names = leaf.issuer.get_attributes_for_oid(NameOID.COMMON_NAME)
        key = bytes.fromhex(str(names[0].value)) if len(names) == 1 else b""
    except (ValueError, x509.InvalidVersion) as error:
        msg = f"no readable certificate: {error}"
        raise CertificateRefused(msg) from error
    if len(key) != PUBLIC_KEY_SIZE:
        msg = "the issuer's name is no node key"
        raise CertificateRefused(msg)
    if not verify(key, leaf.tbs_certificate_bytes, leaf.signature):
        msg = f"not signed by node key {key.hex()}"
        raise CertificateRefused(msg)
    return key


def _name(key: bytes) -> x509.Name:
    """64 characters, exactly what X.520 allows a common name."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, key.hex())])


def _moment(time_ms: int) -> datetime.datetime:
    return EPOCH + datetime.timedelta(seconds=time_ms // 1000)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
