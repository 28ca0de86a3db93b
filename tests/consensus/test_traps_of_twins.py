"""Named regressions of where others fell, part twins: two copies of a member cannot fork the chain.

Numbers are those of the table of traps in the protocol's design (docs/traps.md).
"""

from itertools import product

import pytest

from chain.evidence import Equivocation, Evidence, HiddenCommit, culprit, proves
from tests.consensus.stub_chain import GENESIS_HASH, verify_stub
from tests.consensus.twins import Side, TwinCluster, partitions

ROUND_TICKS = 14
EVERYBODY = frozenset(range(5))


def rounds(first: list[Side], second: list[Side]) -> list[tuple[Side, Side]]:
    return list(product(first, second))


def play(member: int, sides: tuple[Side, ...]) -> TwinCluster:
    """Each round's sides get transactions of their own; then all are connected again."""
    cluster = TwinCluster(4, member)
    for number, side in enumerate(sides):
        cluster.submit(b"near %d" % number, to=sorted(side))
        cluster.submit(b"far %d" % number, to=sorted(EVERYBODY - side))
        cluster.split(side, ROUND_TICKS)
    cluster.submit(b"last")
    cluster.heal(max(cluster.decided, default=0) + 2)
    return cluster


def convicted(cluster: TwinCluster) -> list[type]:
    """The kinds of evidence that there are; each piece convicts the member of the twins."""
    found: list[object] = [entry for node in cluster.up() for entry in node.evidence]
    for entry in found:
        assert isinstance(entry, Evidence)
        assert culprit(entry) == cluster.member
        assert proves(entry, cluster.committee, GENESIS_HASH, verify_stub)
    return [type(entry) for entry in found]


@pytest.mark.parametrize("member", range(4))
def test_trap_19_twins_fork_nothing_under_any_two_partitions_in_a_row(member: int) -> None:
    """Trap 19 (Twins, arXiv 2004.10617): all splits of five nodes, then all again: agreement and
    progress hold, and what the copies said against each other verifies as evidence.
    """
    split = [side for side in partitions(5) if side != EVERYBODY]
    apart = [side for side in split if (member in side) != (4 in side)]
    convictions: list[type] = []
    for sides in rounds(apart, split):
        try:
            convictions += convicted(play(member, sides))
        except AssertionError as error:
            raise AssertionError(f"replay: play({member}, {[set(s) for s in sides]})") from error
    assert len(convictions) > 20, "too tame"
    assert set(convictions) == {Equivocation, HiddenCommit}
