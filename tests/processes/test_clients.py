"""The node that is asked dies in a submit and in a feed; the program dies, too. Nothing doubles."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from node.client import Client, Done, EveryNodeDistrusted, FeedCursor
from tests.commands.command_line import ROOT
from tests.processes.erp_program import AMOUNT_MINOR
from tests.processes.net import Net, running

BILLS = 12


@pytest.fixture(scope="module")
def net(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Net]:
    """Four nodes; the last test kills one."""
    with running(tmp_path_factory.mktemp("clients")) as made:
        yield made


def payments(client: Client, start: str) -> list[str]:
    """The receipts of all payments, as the feed hands them over from a cursor on."""
    found: list[str] = []
    feed = client.feed(start, types=["pay.transferred"])
    while (event := feed.poll()) is not None:
        found.append(event.receipt_id)
    return found


def run_erp(net: Net, outbox: Path, *, dies_after: int | None = None) -> list[int]:
    """Run the program to its end, or kill it when so many bills are told as paid."""
    command = [sys.executable, "-m", "tests.processes.erp_program", str(net.testnet.directory)]
    command += [str(outbox), str(BILLS)]
    told: list[int] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout is not None
        for line in process.stdout:
            told.append(int(line))
            if len(told) == dies_after:
                # Its next bill is on its way.
                process.kill()
                break
    assert dies_after is not None or process.returncode == 0
    return told


def balance(client: Client, account: bytes) -> int:
    return sum(entry.available_minor for entry in client.balances(account))


def test_a_program_that_is_killed_and_run_again_pays_each_bill_once(
    net: Net, tmp_path: Path
) -> None:
    urls = [node.api for node in net.testnet.nodes]
    genesis = net.testnet.directory / "genesis.json"
    with Client(urls, genesis=genesis) as client:
        begin = f"{client.status()['height'] + 1}.0.0"
        before = balance(client, net.account("merchant"))
        for dies_after in (2, 5):
            assert len(run_erp(net, tmp_path / "outbox", dies_after=dies_after)) == dies_after
        assert run_erp(net, tmp_path / "outbox") == list(range(BILLS))
        assert balance(client, net.account("merchant")) == before + BILLS * AMOUNT_MINOR
        net.at_rest()
        receipts = payments(client, begin)
        assert len(receipts) == len(set(receipts)) == BILLS


def test_with_another_genesis_nothing_that_the_nodes_tell_is_taken(
    net: Net, tmp_path: Path
) -> None:
    other = tmp_path / "genesis.json"
    text = (net.testnet.directory / "genesis.json").read_text("utf-8")
    other.write_text(text.replace(net.testnet.chain_id, f"{net.testnet.chain_id}-x"), "utf-8")
    with (
        Client([node.api for node in net.testnet.nodes], genesis=other) as client,
        pytest.raises(EveryNodeDistrusted, match="WrongChain"),
    ):
        client.feed("0.0.0").poll()


def test_the_node_that_is_asked_dies_in_the_middle_of_a_submit_and_of_a_feed(
    net: Net, tmp_path: Path
) -> None:
    victim, *others = net.testnet.nodes
    urls = [node.api for node in net.testnet.nodes]
    genesis = net.testnet.directory / "genesis.json"
    key = net.testnet.key_file(net.testnet.account("buyer"))
    merchant = net.account("merchant")
    file = FeedCursor(tmp_path / "cursor")
    file.keep(f"{net.height(others) + 1}.0.0")
    seen: list[str] = []
    with Client(
        urls, key=key, genesis=genesis, outbox=tmp_path / "outbox", timeout_s=2.0
    ) as client:
        before = balance(client, merchant)
        feed = client.feed(file, types=["pay.transferred"])

        def follow() -> None:
            for event in feed:
                seen.append(event.receipt_id)
                if len(seen) == BILLS:
                    feed.keep()
                    return

        follower = threading.Thread(target=follow)
        follower.start()
        killer = threading.Thread(target=net.kill, args=(victim,))
        fates = []
        for number in range(BILLS):
            if number == BILLS // 3:
                # While this one is handed in.
                killer.start()
            fates.append(client.pay(merchant, "CNY", AMOUNT_MINOR, reference=f"bill {number}"))
        killer.join()
        # The next empty block makes the last payment certain.
        follower.join(timeout=60)
        assert not follower.is_alive()
        assert all(isinstance(fate, Done) for fate in fates)
        assert [fate.id for fate in fates] == seen
        assert feed.distrusted == {}
        assert balance(client, merchant) == before + BILLS * AMOUNT_MINOR
        after = client.feed(file, types=["pay.transferred"])
        assert after.poll() is None
