"""The stories of `hushang demo NAME`, all at once on one network of four real processes.

Legal timers that are short make it quick; what each party has at the end is computed by hand here
and asked of every node.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest

from commerce.timers import DAY_MS
from node.demo.stage import Stage
from node.demo.story import Step, Story, at_pointer
from node.demo.tales import TALES, perform
from tests.commands.command_line import hushang
from tests.processes.net import Net, running, timed

# A day in about two seconds: on a machine that does other things too, two days are enough to act.
TIME_SCALE = 40_000
TIMERS = {
    "ship_ms": 3 * DAY_MS,
    "ship_refund_ms": 3 * DAY_MS,
    "confirm_shipped_ms": 3 * DAY_MS,
    "confirm_delivered_ms": 3 * DAY_MS,
    "answer_shipped_ms": DAY_MS,
    "return_accept_ms": DAY_MS,
    "recall_ms": 4 * DAY_MS,
    "evidence_ms": 2 * DAY_MS,
    "commit_ms": 3 * DAY_MS,
    "reveal_ms": 2 * DAY_MS,
    "appeal_ms": 2 * DAY_MS,
    "report_ms": 3 * DAY_MS,
}

# What is left to each, in fen; "deposit" is the seller's.
ENDS: dict[str, dict[str, int]] = {
    # 2 × 129.00 + 45.50 = 303.50 for the seller.
    "happy": {"seller": 30_350, "buyer": 100_000 - 30_350, "carrier": 0},
    # The cups' parcel 2 × 29.90, the third cup 29.90, of the tray 80.05 − 32.02 = 48.03: 137.73.
    # The buyer pays 328.75 − 50.00, and gets 159.00 − 24.18 = 134.82 for the teapot, and of the
    # tray's 400 ‰ (80.05 · 0.4 = 32.02) all but the platform's ⌊12.18 · 32.02 / 80.05⌋ = 4.87.
    "partial": {
        "seller": 5_980 + 2_990 + 4_803,
        "buyer": 100_000 - 27_875 + 13_482 + 2_715,
        "platform": 20_000 - 5_000 + 2_418 + 487,
        "carrier": 0,
    },
    # 88.00 + 2 × 88.00 come back, and 12.00 for the way back from the seller's 50.00.
    "silent-seller": {"seller": 5_000 - 1_200, "buyer": 100_000 + 1_200, "carrier": 0},
    # 300.00 become the deposit; the kettle is 199.00.
    "silent-buyer": {"seller": 19_900, "buyer": 100_000 - 19_900, "deposit": 30_000, "carrier": 0},
    # 650 ‰ of 1999.99 are 1299.9935: the buyer has 1299.99, the seller 700.00 less its bond 80.03.
    "dispute": {
        "seller": 50_000 - 8_003 + 70_000,
        "buyer": 300_000 - 199_999 + 129_999,
        "carrier": 0,
    },
    "copies": {"seller": 88_800, "buyer": 100_000 - 88_800, "neighbour": 0},
    # The kept tin and the two of other milk, 238.00 each, are the seller's; tin 1 came back.
    "recall": {
        "seller": 3 * 23_800,
        "buyer": 100_000 - 23_800,
        "neighbour": 50_000 - 2 * 23_800,
        "carrier": 0,
    },
    # 75.00 for an hour's gap less the half that is tolerated and an hour at 9 degrees, 300.00 for
    # two hours' gap and an hour at 13.5 degrees; from the carriers' balances 700.00 are deposited.
    "cold-chain": {
        "seller": 100_000,
        "buyer": 150_000 - 100_000 + 37_500,
        "carrier": 80_000 - 70_000,
        "haulier": 80_000 - 70_000,
        "maker": 0,
    },
}
# What clocks did, in the order that it is told.
CLOCKS = {
    "partial": ["sys.dispute.appeal"],
    "silent-seller": ["sys.refund.answer", "sys.return.accept", "sys.order.ship", "sys.order.ship"],
    "silent-buyer": ["sys.order.pay", "sys.order.confirm"],
    "dispute": ["sys.dispute.reveal", "sys.dispute.appeal"],
    "recall": ["sys.order.recall"],
    "copies": ["sys.code.claim"],
    "cold-chain": ["sys.penalty.settle", "sys.penalty.settle"],
}


@dataclass(frozen=True, slots=True)
class Told:
    """A network on which all stories were played, and what they told."""

    net: Net
    stories: dict[str, list[Step]]

    def accounts(self, name: str) -> dict[str, str]:
        """The parties of a story and their accounts."""
        (opening,) = [s for s in self.stories[name] if s.words.startswith("The parties")]
        words = {key: value.split() for key, value in opening.facts.items()}
        return {key: parts[-1] for key, parts in words.items() if parts[-1].startswith("hs1")}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """Every story, each in a thread of its own."""
    with (
        timed(TIMERS),
        running(tmp_path_factory.mktemp("stories"), time_scale=TIME_SCALE) as net,
        ThreadPoolExecutor(len(TALES)) as threads,
    ):

        def play(name: str) -> list[Step]:
            story = Story(lambda _: None)
            perform(Stage(net.testnet, story), TALES[name])
            return story.steps

        yield Told(net, dict(zip(TALES, threads.map(play, TALES), strict=True)))


def available(told: Told, node: Any, account: str) -> int:
    """What a node says that an account has."""
    balances = told.net.get(node, f"/v1/accounts/{account}/balances")["balances"]
    return sum(int(entry["available_minor"]) for entry in balances)


@pytest.mark.parametrize("name", TALES)
def test_a_story_ends_with_the_money_that_is_computed_by_hand(told: Told, name: str) -> None:
    accounts = told.accounts(name)
    assert {*accounts, "deposit"} >= set(ENDS[name])
    for node in told.net.testnet.nodes:
        for party, amount_minor in ENDS[name].items():
            if party != "deposit":
                assert available(told, node, accounts[party]) == amount_minor, party
                continue
            deposits = told.net.get(node, f"/v1/accounts/{accounts['seller']}/deposits")
            assert int(deposits["deposits"][0]["held_minor"]) == amount_minor


@pytest.mark.parametrize("name", TALES)
def test_every_claim_of_a_story_is_what_another_node_says(told: Told, name: str) -> None:
    node = told.net.testnet.nodes[1]
    claims = [claim for step in told.stories[name] for claim in step.claims]
    assert len(claims) > 20
    known: dict[str, Any] = {}
    for claim in claims:
        if claim.path not in known:
            known[claim.path] = told.net.get(node, claim.path)
        assert at_pointer(known[claim.path], claim.pointer) == claim.value, claim


@pytest.mark.parametrize("name", CLOCKS)
def test_what_nobody_did_a_clock_did(told: Told, name: str) -> None:
    clocks = [step.facts.get("clock", "") for step in told.stories[name] if "receipt" in step.facts]
    acted = [clock for clock in clocks if clock.startswith("sys.")]
    assert [clock.split(":")[0] for clock in acted] == CLOCKS[name]
    assert all(" after " in clock for clock in acted)


def test_the_story_is_played_on_a_network_that_runs_and_goes_on_running(told: Told) -> None:
    place = told.net.testnet.directory
    ran = hushang("demo", "happy", "--dir", str(place), "-o", "json")
    assert ran.code == 0, ran.err
    assert ran.json["network"]["chain_id"] == told.net.testnet.chain_id
    assert "nodes have the same block" in ran.json["steps"][-1]["words"]
    assert len({status["state_root"] for status in told.net.level()}) == 1
    refused = hushang("demo", "happy", "--dir", str(place), "--time-scale", "9")
    assert refused.code == 2
    assert "its own clock" in refused.err
