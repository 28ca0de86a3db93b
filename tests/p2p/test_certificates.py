"""Who signed a leaf, judged on the leaf alone."""

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from p2p.certificates import CertificateRefused, anchor, issuer_key, leaf_validity
from tests.p2p.certs import behind_intermediate, honest, identity, now_ms, self_issued

PUDONG, XUHUI = identity("pudong"), identity("xuhui")


def der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


def test_a_leaf_names_the_node_key_that_signed_it() -> None:
    assert issuer_key(der(honest(PUDONG).chain[0])) == PUDONG.public_key


def test_a_leaf_under_a_members_name_signed_by_another_key_is_refused() -> None:
    with pytest.raises(CertificateRefused, match="not signed by"):
        issuer_key(der(self_issued(PUDONG).chain[0]))


def test_an_intermediate_under_another_members_name_lends_it_to_no_leaf() -> None:
    with pytest.raises(CertificateRefused, match="not signed by"):
        issuer_key(der(behind_intermediate(PUDONG, XUHUI).chain[0]))


@pytest.mark.parametrize("garbage", [b"", b"\x30\x00", bytes(40), anchor(bytes(32))[:-1]])
def test_bytes_that_are_no_certificate_are_refused(garbage: bytes) -> None:
    with pytest.raises(CertificateRefused):
        issuer_key(garbage)


def test_an_anchor_never_ends_and_issues_leaves_only() -> None:
    certificate = x509.load_der_x509_certificate(anchor(PUDONG.public_key))
    assert certificate.not_valid_after_utc.year == 9999
    constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    assert (constraints.ca, constraints.path_length) == (True, 0)


def test_a_leaf_is_good_for_peers_whose_clocks_are_a_day_off() -> None:
    day_ms = 24 * 3600 * 1000
    validity = leaf_validity(now_ms())
    assert validity.start_ms < now_ms() - day_ms
    assert validity.end_ms > now_ms() + day_ms


def test_a_clock_at_the_epoch_still_makes_a_leaf() -> None:
    assert leaf_validity(0).start_ms == 0
