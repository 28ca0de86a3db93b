"""How many messages a block takes where nothing goes wrong: exactly those of PBFT, no more."""

import pytest

from chain.genesis import ConsensusParameters
from tests.bench.committees import KINDS, SIZES, count_messages, messages_in_theory
from tests.bench.quiet import REST_US, QuietCluster
from tests.sim.world import MS


@pytest.mark.parametrize("nodes", SIZES)
def test_a_block_takes_the_messages_of_theory_and_each_transaction_one_to_each_other(
    nodes: int,
) -> None:
    messages, _ = count_messages(nodes)
    votes = {kind: messages[kind] for kind in KINDS}
    assert votes == messages_in_theory(nodes)
    # In half of the blocks there is one transaction; nothing else is said.
    assert messages.keys() - votes == {"transactions"}
    assert messages["transactions"] == (nodes - 1) // 2


@pytest.mark.parametrize("nodes", [4, 7])
def test_votes_are_counted_by_blocks_whatever_is_in_them(nodes: int) -> None:
    cluster = QuietCluster(nodes)
    cluster.decide(cluster.payments(1))
    cluster.forget()
    # The first is proposed at once, the others together, and a seal follows.
    blocks = cluster.decide(cluster.payments(50))
    assert blocks == 3
    votes = {kind: cluster.sent.messages[kind] // blocks for kind in KINDS}
    assert votes == messages_in_theory(nodes)


def test_a_cluster_at_rest_says_where_it_stands_each_resend_interval_and_no_more() -> None:
    cluster = QuietCluster(4)
    cluster.decide(cluster.payments(1))
    cluster.forget()
    cluster.rest()
    assert cluster.sent.messages.keys() == {"STATUS"}
    intervals = REST_US // (ConsensusParameters().resend_ms * MS)
    assert cluster.sent.messages["STATUS"] <= intervals * 4 * 3
