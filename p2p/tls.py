"""TLS between members: 1.3 only, both sides proven, identity = the node key, nothing resumed.

The host name of a peer is only where to look for it; who it is says its certificate. After the
handshake `peer_key` names the peer, and the dialler compares that with whom it meant to reach.
"""

import secrets
import ssl
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
)

from chain.crypto import PrivateKey
from chain.errors import ProtocolError
from p2p.certificates import (
    CertificateRefused,
    Validity,
    anchor,
    issue_leaf,
    issuer_key,
    leaf_validity,
    node_signing_key,
)

# The application protocol (RFC 7301) is the protocol's major version: other numbers never talk.
ALPN: Final = "hushang/1"
# OpenSSL's X509_V_ERR_… for a path that ends at no anchor of ours: DEPTH_ZERO_SELF_SIGNED_CERT,
# SELF_SIGNED_CERT_IN_CHAIN, UNABLE_TO_GET_ISSUER_CERT_LOCALLY, UNABLE_TO_VERIFY_LEAF_SIGNATURE.
NO_ANCHOR: Final = frozenset({18, 19, 20, 21})


class PeerUnauthenticated(ProtocolError):
    """The handshake ended without TLS 1.3, this application protocol and a peer certificate."""

    hint = (
        "the connection was ended; what dialled or answered is no node of this software: "
        "check the address"
    )


class NotAMember(ProtocolError):
    """The peer's certificate comes from no member's node key, or from this node's own."""

    hint = (
        "the connection was ended; the node behind it starts with the key that hushang member "
        "list has"
    )


class HandshakeFailed(ProtocolError):
    """TLS could not be agreed: no TLS, too old, no certificate, or the peer refused ours."""

    hint = (
        "check address and port under [[peers]], and that both sides have the other as a "
        "member: hushang doctor"
    )


@dataclass(frozen=True, slots=True)
class NodeIdentity:
    """Who this node is: its name for logs and the seed of its node key (secret)."""

    name: str
    seed: bytes = field(repr=False)
    # The node key's public half, 32 bytes: this node's peer id.
    public_key: bytes = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "public_key", PrivateKey(self.seed).public_key)


@dataclass(frozen=True, slots=True)
class _Contexts:
    """Both directions' contexts over one leaf, and its dates."""

    server: ssl.SSLContext
    client: ssl.SSLContext
    validity: Validity


class Credentials:
    """The TLS contexts of a node; made anew when the leaf ages or the members change.

    A context serves the connections made from then on; those that stand are not cut.
    """

    def __init__(
        self, identity: NodeIdentity, members: Sequence[bytes], clock_ms: Callable[[], int]
    ) -> None:
        self._node_key = node_signing_key(identity.seed)
        self._public_key = identity.public_key
        self._clock_ms = clock_ms
        self._members = tuple(members)
        self._contexts = self._issue()

    def set_members(self, members: Sequence[bytes]) -> None:
        """Trust exactly these node keys from the next handshake on."""
        if self._members == tuple(members):
            return
        self._members = tuple(members)
        self._contexts = self._issue()

    def server_context(self) -> ssl.SSLContext:
        """For accepted connections; ask again for each."""
        return self._fresh().server

    def client_context(self) -> ssl.SSLContext:
        """For dialled connections; ask again for each."""
        return self._fresh().client

    def validity(self) -> Validity:
        """The dates of the leaf for the next connection."""
        return self._fresh().validity

    def _fresh(self) -> _Contexts:
        """Renewed after half of the leaf's days, and when a clock set back precedes them."""
        validity, now_ms = self._contexts.validity, self._clock_ms()
        spent = now_ms > validity.start_ms + (validity.end_ms - validity.start_ms) // 2
        if spent or now_ms < validity.start_ms:
            self._contexts = self._issue()
        return self._contexts

    def _issue(self) -> _Contexts:
        validity = leaf_validity(self._clock_ms())
        tls_key = Ed25519PrivateKey.generate()
        leaf = issue_leaf(self._node_key, tls_key.public_key(), validity)
        # Not our own: nobody else has that key, and OpenSSL would send the anchor with the leaf.
        others = [member for member in self._members if member != self._public_key]
        anchors = b"".join(anchor(member) for member in others)
        server = make_context(ssl.PROTOCOL_TLS_SERVER, anchors)
        client = make_context(ssl.PROTOCOL_TLS_CLIENT, anchors)
        for context in (server, client):
            load_leaf(context, tls_key, leaf.public_bytes(Encoding.PEM))
        return _Contexts(server, client, validity)


def make_context(purpose: int, anchors_der: bytes) -> ssl.SSLContext:
    """A context for one direction that trusts these anchors and nothing of the system's."""
    context = ssl.SSLContext(purpose)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False
    context.verify_mode = ssl.CERT_REQUIRED
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    context.options |= ssl.OP_NO_TICKET | ssl.OP_NO_RENEGOTIATION
    if purpose == ssl.PROTOCOL_TLS_SERVER:
        context.num_tickets = 0  # RFC 8446 §4.6.1: no ticket, hence neither resumption nor 0-RTT
    context.set_alpn_protocols([ALPN])
    if anchors_der:
        context.load_verify_locations(cadata=anchors_der)
    return context


def load_leaf(context: ssl.SSLContext, tls_key: Ed25519PrivateKey, chain_pem: bytes) -> None:
    """Give the context its key and certificates.

    The standard library reads them from a file only: the key passes through a private temporary
    file under a passphrase that nobody keeps.
    """
    passphrase = secrets.token_hex(32)
    encryption = BestAvailableEncryption(passphrase.encode())
    key_pem = tls_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
    with tempfile.NamedTemporaryFile(prefix="hushang-") as file:
        file.write(key_pem + chain_pem)
        file.flush()
        context.load_cert_chain(file.name, password=passphrase)


def peer_key(connection: ssl.SSLObject | ssl.SSLSocket | None) -> bytes:
    """The node key of the peer behind a finished handshake, or a `ProtocolError`."""
    if connection is None or connection.version() != "TLSv1.3":
        msg = "no TLS 1.3"
        raise PeerUnauthenticated(msg)
    # Peers without a common protocol are not refused by OpenSSL when the client offers none.
    if connection.selected_alpn_protocol() != ALPN:
        msg = f"application protocol {connection.selected_alpn_protocol()!r}, expected {ALPN!r}"
        raise PeerUnauthenticated(msg)
    leaf_der = connection.getpeercert(binary_form=True)
    if leaf_der is None:
        msg = "no certificate"
        raise PeerUnauthenticated(msg)
    return issuer_key(leaf_der)


def handshake_refusal(error: ssl.SSLError) -> ProtocolError:
    """What OpenSSL's error says, under the name of the rule."""
    if isinstance(error, ssl.SSLCertVerificationError):
        if error.verify_code in NO_ANCHOR:
            return NotAMember("the certificate is signed by no member's node key")
        return CertificateRefused(error.verify_message)
    return HandshakeFailed(error.reason or str(error))
