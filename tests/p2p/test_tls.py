"""Handshakes of honest and dishonest pairs, through OpenSSL on memory buffers."""

import ssl

import pytest

from p2p.certificates import DAY_MS
from p2p.tls import (
    ALPN,
    Credentials,
    NodeIdentity,
    NotAMember,
    PeerUnauthenticated,
    handshake_refusal,
    peer_key,
)
from tests.p2p.certs import (
    Presented,
    behind_intermediate,
    expired,
    honest,
    identity,
    not_yet_valid,
    now_ms,
    self_issued,
)

PUDONG, XUHUI, JINGAN = identity("pudong"), identity("xuhui"), identity("jingan")
STRANGER = identity("stranger")
MEMBERS = [PUDONG, XUHUI, JINGAN]


class Handshake:
    """Two TLS ends joined by memory buffers; `run` raises what either end raised first."""

    def __init__(self, server: ssl.SSLContext, client: ssl.SSLContext) -> None:
        up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.server = server.wrap_bio(up, down, server_side=True)
        self.client = client.wrap_bio(down, up)

    def run(self) -> None:
        pending = [self.client, self.server]
        for _ in range(20):
            pending = [end for end in pending if not self._step(end)]
        assert not pending
        # A TLS 1.3 client is done before the server has judged its certificate: read once more.
        for end in (self.client, self.server):
            with pytest.raises(ssl.SSLWantReadError):
                end.read(1)

    @staticmethod
    def _step(end: ssl.SSLObject) -> bool:
        try:
            end.do_handshake()
        except ssl.SSLWantReadError:
            return False
        return True


def server_context(node: NodeIdentity = PUDONG) -> ssl.SSLContext:
    return Credentials(node, [m.public_key for m in MEMBERS], now_ms).server_context()


def client_context(node: NodeIdentity = XUHUI) -> ssl.SSLContext:
    return Credentials(node, [m.public_key for m in MEMBERS], now_ms).client_context()


def test_members_know_each_other_after_the_handshake() -> None:
    pair = Handshake(server_context(PUDONG), client_context(XUHUI))
    pair.run()
    assert peer_key(pair.client) == PUDONG.public_key
    assert peer_key(pair.server) == XUHUI.public_key


def test_a_server_refuses_the_certificate_of_an_unknown_key() -> None:
    pair = Handshake(server_context(), client_context(STRANGER))
    with pytest.raises(ssl.SSLCertVerificationError, match="unable to get local issuer"):
        pair.run()


def test_a_client_refuses_the_certificate_of_an_unknown_key() -> None:
    pair = Handshake(server_context(STRANGER), client_context())
    with pytest.raises(ssl.SSLCertVerificationError, match="unable to get local issuer"):
        pair.run()


@pytest.mark.parametrize(
    ("presented", "reason"),
    [
        (expired(XUHUI), "certificate has expired"),
        (not_yet_valid(XUHUI), "certificate is not yet valid"),
        (self_issued(XUHUI), "certificate verify failed"),
        (behind_intermediate(JINGAN, XUHUI), "path length constraint exceeded"),
    ],
    ids=["expired", "not yet valid", "forged", "another member's intermediate"],
)
def test_a_bad_certificate_is_refused_by_either_side(presented: Presented, reason: str) -> None:
    client = presented.context(ssl.PROTOCOL_TLS_CLIENT, MEMBERS)
    with pytest.raises(ssl.SSLCertVerificationError, match=reason):
        Handshake(server_context(), client).run()
    server = presented.context(ssl.PROTOCOL_TLS_SERVER, MEMBERS)
    with pytest.raises(ssl.SSLCertVerificationError, match=reason):
        Handshake(server, client_context(PUDONG)).run()


def test_a_client_without_a_certificate_is_refused() -> None:
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = False
    client.verify_mode = ssl.CERT_NONE
    client.set_alpn_protocols([ALPN])
    with pytest.raises(ssl.SSLError, match="PEER_DID_NOT_RETURN_A_CERTIFICATE"):
        Handshake(server_context(), client).run()


def test_tls_1_2_is_refused() -> None:
    client = honest(XUHUI).context(ssl.PROTOCOL_TLS_CLIENT, MEMBERS)
    client.minimum_version = client.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises(ssl.SSLError, match=r"UNSUPPORTED_PROTOCOL|PROTOCOL_VERSION"):
        Handshake(server_context(), client).run()


@pytest.mark.parametrize("protocols", [[], ["http/1.1"]])
def test_another_application_protocol_is_refused(protocols: list[str]) -> None:
    client = honest(XUHUI).context(ssl.PROTOCOL_TLS_CLIENT, MEMBERS)
    client.set_alpn_protocols(protocols)
    pair = Handshake(server_context(), client)
    pair.run()
    with pytest.raises(PeerUnauthenticated, match="application protocol"):
        peer_key(pair.server)


def test_a_node_does_not_take_itself_for_a_peer() -> None:
    with pytest.raises(ssl.SSLCertVerificationError) as caught:
        Handshake(server_context(PUDONG), client_context(PUDONG)).run()
    assert isinstance(handshake_refusal(caught.value), NotAMember)


@pytest.mark.parametrize(
    ("presented", "name"),
    [
        (honest(STRANGER), "NotAMember"),
        (self_issued(XUHUI), "NotAMember"),
        (expired(XUHUI), "CertificateRefused"),
    ],
)
def test_a_refused_handshake_is_named_after_its_rule(presented: Presented, name: str) -> None:
    # A peer that trusts its own anchor sends it along with its leaf.
    client = presented.context(ssl.PROTOCOL_TLS_CLIENT, [*MEMBERS, STRANGER])
    with pytest.raises(ssl.SSLError) as caught:
        Handshake(server_context(), client).run()
    assert handshake_refusal(caught.value).code == name


def test_no_session_can_be_resumed() -> None:
    pair = Handshake(server_context(), client_context())
    pair.run()
    session = pair.client.session
    assert session is None or not session.has_ticket


def test_new_members_are_trusted_from_the_next_handshake_on() -> None:
    credentials = Credentials(PUDONG, [PUDONG.public_key], now_ms)
    with pytest.raises(ssl.SSLCertVerificationError):
        Handshake(credentials.server_context(), client_context()).run()
    credentials.set_members([m.public_key for m in MEMBERS])
    Handshake(credentials.server_context(), client_context()).run()


def test_a_leaf_is_renewed_long_before_it_ends_and_after_the_clock_was_set_back() -> None:
    clock = [now_ms()]
    credentials = Credentials(PUDONG, [PUDONG.public_key], lambda: clock[0])
    first = credentials.server_context()
    clock[0] += DAY_MS
    assert credentials.server_context() is first
    clock[0] += 3 * DAY_MS
    second = credentials.server_context()
    assert second is not first
    clock[0] -= 30 * DAY_MS
    assert credentials.server_context() is not second


def test_the_seed_never_shows_in_repr() -> None:
    assert "seed" not in repr(PUDONG)
    assert PUDONG.seed.decode() not in repr(PUDONG)
