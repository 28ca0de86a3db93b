"""The joined facts: a certificate is verified once, and does all it can wherever it comes from."""

from dataclasses import replace

import pytest

from chain.block import Certificate
from consensus.messages import MessageInvalid
from consensus.state import PROVEN_MAX, State
from tests.consensus.cluster import Cluster
from tests.consensus.forging import certificate
from tests.consensus.samples import FIRST, header_on


def state_of(cluster: Cluster) -> State:
    return cluster.nodes[1].replica._state


def test_a_certificate_is_verified_once() -> None:
    state = state_of(Cluster(4))
    asked: list[int] = []
    config = state.config

    def counting(public_key: bytes, message: bytes, signature: bytes) -> bool:
        asked.append(1)
        return config.verify(public_key, message, signature)

    state.config = replace(config, verify=counting)
    proof = certificate([0, 1, 2], 0, FIRST)
    for _ in range(3):
        state.prove(proof)
    assert len(asked) == 3
    with pytest.raises(MessageInvalid):
        state.prove(replace(proof, digest=bytes(32)))


def test_a_proven_certificate_vouches_for_no_copy_with_other_signatures() -> None:
    state = state_of(Cluster(4))
    proof = certificate([0, 1, 2], 0, FIRST)
    state.prove(proof)
    forged = replace(proof.signatures[0], signature=bytes(64))
    with pytest.raises(MessageInvalid):
        state.prove(replace(proof, signatures=(forged, *proof.signatures[1:])))


def test_the_memory_of_proven_certificates_is_bounded() -> None:
    state = state_of(Cluster(4))
    for view in range(3 * PROVEN_MAX):
        state.prove(certificate([0, 1, 2], view, FIRST))
    assert len(state.errands.proven) == PROVEN_MAX


def test_at_height_0_only_the_own_genesis_counts() -> None:
    cluster = Cluster(4)
    state = state_of(cluster)
    state.prove(Certificate(0, 0, cluster.genesis.digest(), ()))
    with pytest.raises(MessageInvalid):
        state.prove(Certificate(0, 0, bytes(32), ()))
    with pytest.raises(MessageInvalid):
        state.prove(certificate([0, 1, 2], 0, cluster.genesis))


def test_a_certificate_enters_its_view_at_whatever_height() -> None:
    cluster = Cluster(4)
    cluster.submit(b"one")
    cluster.run(lambda: cluster.height() >= 2)
    state = state_of(cluster)
    first, second = (decided.block.header for decided in cluster.nodes[1].chain)
    state.learn(certificate([0, 1, 2], 3, first))
    assert state.views.view == 3
    before = state.started
    state.learn(certificate([0, 1, 2], 4, second))
    assert state.views.view == 4
    assert state.tip.newest.view == 4
    assert state.tip.certificate.view == 0
    # A certificate of the tip in this view starts it; one of a lower height does not.
    assert (before, state.started) == (False, True)
    assert state.tip.certificate_for(4).view == 4
    assert state.tip.certificate_for(5).view == 0


def test_the_highest_certificate_above_is_the_target() -> None:
    state = state_of(Cluster(4))
    second = header_on(FIRST)
    third = header_on(second)
    for header in (second, third, second):
        state.learn(certificate([0, 1, 2], 0, header))
    assert state.errands.chase.target == certificate([0, 1, 2], 0, third)
    state.learn(certificate([0, 1, 2], 0, FIRST))
    assert state.slot.certificate == certificate([0, 1, 2], 0, FIRST)
