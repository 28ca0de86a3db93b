"""Keys and certificates for the tests: honest ones, and forged ones that a peer might present."""

import datetime
import ssl
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from p2p.certificates import DAY_MS, Validity, anchor, issue_leaf, leaf_validity, node_signing_key
from p2p.tls import NodeIdentity, load_leaf, make_context

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


def now_ms() -> int:
    """OpenSSL asks the machine's clock, so certificates of tests are dated by it too."""
    return int((datetime.datetime.now(datetime.UTC) - EPOCH).total_seconds() * 1000)


def identity(name: str) -> NodeIdentity:
    """A node of this name; its seed is the name, so that keys are the same in each run."""
    return NodeIdentity(name, name.encode().ljust(32, b"."))


@dataclass(frozen=True)
class Presented:
    """What a peer shows in a handshake: a TLS key and a chain of certificates, leaf first."""

    tls_key: Ed25519PrivateKey
    chain: tuple[x509.Certificate, ...]

    def context(self, purpose: int, trusted: list[NodeIdentity]) -> ssl.SSLContext:
        anchors = b"".join(anchor(member.public_key) for member in trusted)
        context = make_context(purpose, anchors)
        pem = b"".join(certificate.public_bytes(Encoding.PEM) for certificate in self.chain)
        load_leaf(context, self.tls_key, pem)
        return context


def honest(node: NodeIdentity) -> Presented:
    return dated(node, leaf_validity(now_ms()))


def dated(node: NodeIdentity, validity: Validity) -> Presented:
    tls_key = Ed25519PrivateKey.generate()
    leaf = issue_leaf(node_signing_key(node.seed), tls_key.public_key(), validity)
    return Presented(tls_key, (leaf,))


def expired(node: NodeIdentity) -> Presented:
    return dated(node, Validity(now_ms() - 9 * DAY_MS, now_ms() - DAY_MS))


def not_yet_valid(node: NodeIdentity) -> Presented:
    return dated(node, Validity(now_ms() + DAY_MS, now_ms() + 9 * DAY_MS))


def self_issued(pretended: NodeIdentity) -> Presented:
    """A leaf that names a member as its issuer but is signed by a key of the forger's own."""
    tls_key = Ed25519PrivateKey.generate()
    return Presented(tls_key, (_relabelled(tls_key, tls_key, pretended.public_key),))


def behind_intermediate(issuer: NodeIdentity, pretended: NodeIdentity) -> Presented:
    """Member `issuer` vouches for an intermediate that carries the name of member `pretended`.

    The path from the leaf to the anchor of `issuer` has only true signatures.
    """
    hidden, tls_key = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    true_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer.public_key.hex())])
    usage = x509.load_der_x509_certificate(anchor(issuer.public_key)).extensions
    intermediate = (
        x509.CertificateBuilder()
        .subject_name(_name(pretended.public_key))
        .issuer_name(true_name)
        .public_key(hidden.public_key())
        .serial_number(7)
        .not_valid_before(EPOCH)
        .not_valid_after(datetime.datetime(2200, 1, 1, tzinfo=datetime.UTC))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(usage.get_extension_for_class(x509.KeyUsage).value, critical=True)
        .add_extension(
            x509.SubjectKeyIdentifier.from_public_key(hidden.public_key()), critical=False
        )
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(
                node_signing_key(issuer.seed).public_key()
            ),
            critical=False,
        )
        .sign(node_signing_key(issuer.seed), None)
    )
    leaf = _relabelled(hidden, tls_key, pretended.public_key)
    return Presented(tls_key, (leaf, intermediate))


def _relabelled(
    signer: Ed25519PrivateKey, tls_key: Ed25519PrivateKey, issuer_name: bytes
) -> x509.Certificate:
    """A leaf by `signer` whose issuer field is the name of another key."""
    model = issue_leaf(signer, tls_key.public_key(), leaf_validity(now_ms()))
    builder = (
        x509.CertificateBuilder()
        .subject_name(model.subject)
        .issuer_name(_name(issuer_name))
        .public_key(tls_key.public_key())
        .serial_number(8)
        .not_valid_before(model.not_valid_before_utc)
        .not_valid_after(model.not_valid_after_utc)
    )
    for extension in model.extensions:
        builder = builder.add_extension(extension.value, critical=extension.critical)
    return builder.sign(signer, None)


def _name(key: bytes) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, key.hex())])
