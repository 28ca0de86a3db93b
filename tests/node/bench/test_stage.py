"""Where a load goes: a test network that is written and not started."""

from pathlib import Path

import pytest

from node.bench.accounts import check_accounts, with_crowd
from node.bench.plan import BenchRefused
from node.bench.stage import Stage, stage_of
from node.testnet import FUNDS_MINOR
from node.testnet_genesis import Plan, create


def test_a_test_networks_roles_offer_to_all_that_live(tmp_path: Path) -> None:
    network = create(Plan(tmp_path / "net", "bench", 4))
    stage = stage_of(network, dead=["xuhui"])
    assert [node.name for node in stage.nodes] == ["pudong", "jingan", "hongkou"]
    assert (stage.members, stage.dead) == (4, ["xuhui"])
    assert [sender.role for sender in stage.senders] == list(FUNDS_MINOR)
    assert all(sender.key_file.exists() for sender in stage.senders)
    assert [node.pid for node in stage.nodes] == [None] * 3
    assert stage.nodes[0].data == network.data_dir(network.node("pudong"))
    assert [node.name for node in stage_of(network, ["2"]).nodes] == ["xuhui"]


def test_a_crowd_needs_a_network_whose_members_keys_are_here() -> None:
    stage = Stage((), bytes(32), (), (), "CNY", 4)
    assert with_crowd(stage, 0, lambda _: None) is stage
    with pytest.raises(BenchRefused, match="test network"):
        with_crowd(stage, 10, lambda _: None)
    with pytest.raises(BenchRefused):
        check_accounts(-1)
