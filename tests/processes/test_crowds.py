"""Small samples of the figures about crowds and floods; `tests/hostile` has the commands."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.hostile import crowd, flood
from tests.processes.net import Net, running


@pytest.fixture(scope="module")
def net(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Net]:
    with running(tmp_path_factory.mktemp("crowds")) as made:
        yield made


def test_a_crowd_of_sockets_is_gone_in_time_and_the_honest_are_served_meanwhile(
    net: Net, tell: Callable[[str], None]
) -> None:
    found = asyncio.run(crowd.besiege(net, 300, 40, 1.0))
    for line in crowd.told(found):
        tell(f"crowd: {line}")
    assert not found.seen.left
    assert sum(found.seen.opened.values()) == 340
    assert found.seen.cleared_s <= crowd.SECONDS
    assert found.answers.share >= 0.9
    assert found.answers.kept_served
    assert found.answers.streams_broken == 0
    assert found.during.blocks > 0
    net.level()


def test_a_member_that_only_floods_gossip_does_not_silence_the_others(
    net: Net, tmp_path: Path, tell: Callable[[str], None]
) -> None:
    arena = flood.Arena(net, 2.0, tmp_path)
    arena.fund()
    found = flood.by_gossip(arena, 3)
    for line in flood.told(found):
        tell(f"flood: {line}")
    assert len(found.kept) == 3
    assert min(found.during_per_s.values()) > 0
    net.level()
