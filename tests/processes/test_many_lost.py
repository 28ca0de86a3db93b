"""More members lost than a chain survives by itself: what brings it back, as the handbook says."""

import shutil
from pathlib import Path

import pytest

from node import processes
from node.client import OutcomeUnknown
from tests.commands.command_line import hushang
from tests.processes.net import Load, running, until


def test_two_of_four_that_lost_their_disks_come_back_by_the_word_of_one_operator(
    tmp_path: Path,
) -> None:
    with running(tmp_path) as net:
        first, second, *whole = net.testnet.nodes
        with Load(net) as load:
            until(lambda: len(load.acknowledged) >= 20, "some payments")
        net.at_rest()
        net.kill_at_once((first, second))
        for node in (first, second):
            shutil.rmtree(net.testnet.data_dir(node))
        net.start(first, second)
        # Both have the chain again, neither may vote, and two votes decide nothing.
        net.level()
        assert all(net.get(node, "/v1/status")["withheld"] for node in (first, second))
        payment = net.payment()
        with pytest.raises(OutcomeUnknown):
            net.client(whole[0]).submit(payment, timeout_s=3.0)

        processes.stop(net.testnet, [first])
        config = str(net.testnet.config_file(first))
        accepted = hushang("node", "accept-loss", "--config", config, "--yes")
        assert accepted.code == 0, accepted.err
        net.start(first)
        assert net.decide(whole[0], payment).status == "ok"
        for _ in range(3):
            net.decide(whole[0], net.payment())
        # New blocks ended the other's silence.
        until(lambda: net.get(second, "/v1/status")["withheld"] == "", f"{second.name} votes")
        net.level()
        for node in net.testnet.nodes:
            for transaction_id in load.acknowledged:
                told = net.get(node, f"/v1/transactions/{transaction_id}")
                assert told["receipt"]["status"] == "ok"
