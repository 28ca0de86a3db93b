"""Every documented example that needs nothing, or only a test network, is run for real.

They run in the order of the help pages, in one directory with the files that they name. Which are
not run stands in `NOT_RUN` with the reason; `tests/test_cli.py` parses those too, with the checks
of all their values.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from node import keystore, testnet
from node.testnet_genesis import Plan
from node.testnet_layout import GENESIS, LocalNetwork
from tests.commands.command_line import Ran, inside
from tests.commands.import_files import catalogue
from tests.test_cli import EXAMPLES, words_of

# By how an example begins; the longest beginning counts, and an empty reason is none.
NOT_RUN: Final[Mapping[str, str]] = {
    "demo": "plays whole stories: tests/node/demo",
    "testnet": "starts, stops and hurts processes: tests/commands/test_testnet.py",
    "node": "makes or runs a member's node: tests/commands/test_node.py",
    "genesis": "takes cards of several hosts: tests/node/test_founding.py",
    "doctor": "looks at a member's machine: tests/node/doctor",
    "top": "is a screen that people watch: tests/commands/test_top.py",
    "support": "packs a member's machine: tests/commands/test_support.py",
    "consensus why --config": "is on a member's machine: tests/commands/test_node_wait.py",
    "peers --config": "is on a member's machine: tests/commands/test_node_wait.py",
    "consensus why --follow": "ends when it is interrupted",
    "member": "takes key files of several hosts: tests/commands/test_member.py",
    "committee": "changes who votes: tests/commands/test_committee.py",
    "committee show": "",
    "upgrade": "changes the rules of the chain: tests/commands/test_upgrade.py",
    "upgrade show": "",
    "evidence show": "nobody has lied here: tests/commands/test_evidence.py",
    "evidence verify": "nobody has lied here: tests/commands/test_evidence.py",
    "evidence submit": "nobody has lied here: tests/commands/test_evidence.py",
    "snapshot": "reads a member's data directory: tests/commands/test_snapshot.py",
    "backup": "reads a member's data directory: tests/commands/test_backup.py",
    "restore": "takes a backup: tests/commands/test_restore.py",
    "repair": "mends a member's data directory: tests/commands/test_repair.py",
    "verify-chain": "reads a stopped node's data: tests/commands/test_verify_chain.py",
    "state-root": "reads a stopped node's data: tests/commands/test_verify_chain.py",
    "capture-token": "belongs to a node's directory: tests/commands/test_capture_token.py",
    "compare": "reads two stopped nodes' data: tests/commands/test_debug.py",
    "export": "reads a stopped node's data: tests/commands/test_debug.py",
    "bench": "loads a network for minutes: tests/commands/test_bench.py",
    "docs": "writes into the checkout: tests/commands/test_docs.py",
    "debug": "reads bytes on stdin: tests/commands/test_debug.py",
    "listen": "ends when it is interrupted: tests/commands/test_listen.py",
    "watch": "ends when it is interrupted: tests/commands/test_trade.py",
    "watch --from": "",
    "code": "needs a printed batch and its goods: tests/commands/test_code.py",
    "code batch": "",
    "code list": "",
    "code reports": "",
    "trace": "needs recorded goods: tests/commands/test_trace.py",
    "proof": "needs a header that members have signed lately: tests/commands/test_proof.py",
    "verify": "needs a proof: tests/commands/test_verify.py",
    "dispute": "needs a quarrel: tests/commands/test_disputes.py",
    "dispute list": "",
    "refund": "needs a quarrel: tests/commands/test_aftersale.py",
    "refund list": "",
    "return": "needs a quarrel: tests/commands/test_aftersale.py",
    "exchange": "needs a quarrel: tests/commands/test_aftersale.py",
    "claim": "needs a quarrel: tests/commands/test_deposits.py",
    "claim list": "",
    "penalty": "needs goods that were kept badly: tests/commands/test_penalty.py",
    "penalty list": "",
    "recourse claim": "needs a loss: tests/commands/test_deposits.py",
    "recourse repay": "needs a debt: tests/commands/test_deposits.py",
    "recall": "needs goods on their way: tests/commands/test_recall.py",
    "recall list": "",
    "sensor": "needs readings: tests/commands/test_device.py",
    "device": "needs a logger's key: tests/commands/test_device.py",
    "device list": "",
    "sla": "needs a device: tests/commands/test_penalty.py",
    "custody": "needs goods at hand: tests/commands/test_custody.py",
    "custody list": "",
    "capture ": "needs recorded goods: tests/commands/test_trace.py",
    "review": "needs a settled order: tests/commands/test_review.py",
    "review list": "",
    "review reputation": "",
    "arbiter appoint": "takes an appointment of the regulator: tests/commands/test_disputes.py",
    "arbiter bond": "needs an appointment: tests/commands/test_disputes.py",
    "arbiter unbond": "needs a bond: tests/commands/test_disputes.py",
    "card": "needs a dealer of cards: tests/commands/test_bank.py",
    "card list": "",
    "court": "needs a ruling: tests/commands/test_bank.py",
    "court list": "",
    "bank": "needs requests and an issuer's answer: tests/commands/test_bank.py",
    "bank list": "",
    "bank redeem": "",
    "cert": "needs a role of the inspector's: tests/commands/test_cert.py",
    "cert list": "",
    "fee schedule": "sets fees for all that follow: tests/commands/test_bank.py",
    "fee collect": "needs fees: tests/commands/test_bank.py",
    "parameters change": "moves all clocks: tests/commands/test_catalogue.py",
    "epcis": "takes files of events: tests/commands/test_epcis.py",
    "epcis link": "",
    "tx submit": "a file is good for two minutes: tests/commands/test_effects.py",
    "delegate": "needs another system's key: tests/commands/test_trade.py",
    "licence": "needs a second merchant: tests/commands/test_catalogue.py",
    "deposit": "needs a merchant in good standing: tests/commands/test_deposits.py",
    "deposit show": "",
    "prefix grant": "the regulator's: tests/commands/test_prefix.py",
    "location register": "the regulator's: tests/commands/test_prefix.py",
    "location show": "nobody has registered it: tests/commands/test_prefix.py",
    "role": "changes who may do what: tests/commands/test_trade.py",
    "account open ceo.key": "takes a member's own key file: tests/commands/test_trade.py",
    "keys new merchant.key": "asks for a passphrase: tests/commands/test_keys.py",
    "import shipments": "needs paid orders: tests/commands/test_import.py",
    "order create $LISTING --": "needs a coupon: tests/commands/test_catalogue.py",
    "order create $LISTING@1": "names a version that has changed: tests/commands/test_trade.py",
    "arbiter show": "needs a bond: tests/commands/test_disputes.py",
    "code batch show": "needs its id: tests/commands/test_code.py",
    "order cancel": "ends the order of the other examples: tests/commands/test_trade.py",
    "order extend": "needs a parcel on its way: tests/commands/test_aftersale.py",
    "order keep": "needs a recall: tests/commands/test_recall.py",
    "order reprice": "both sides agree to it: tests/commands/test_catalogue.py",
    "order readdress": "both sides agree to it: tests/commands/test_catalogue.py",
    "order confirm": "moves money that other examples hold: tests/commands/test_trade.py",
    'order pay $ORDER "': "it is paid by the example before",
    "shipment": "needs a carrier and a parcel: tests/commands/test_trade.py",
    "listing withdraw": "ends the offer of other examples: tests/commands/test_trade.py",
    "coupon": "needs a coupon: tests/commands/test_catalogue.py",
    "coupon list": "",
    'coupon issue --budget "CNY 5000.00" --amount': "",
    "context add": "names nodes that are nowhere: tests/commands/test_context.py",
    "context use shanghai": "needs that context: tests/commands/test_context.py",
    "context show": "needs a context in use: tests/commands/test_context.py",
    "context name": "needs a context in use: tests/commands/test_context.py",
    "context remove": "needs that context: tests/commands/test_context.py",
    "status --node http": "names a node that is nowhere",
    "peers --node http": "names a node that is nowhere",
    "consensus why --node http": "names a node that is nowhere",
    "committee show 3": "there is no epoch 3",
}


def command_of(example: str) -> str:
    """What stands after `hushang`."""
    return example.partition("hushang ")[2]


def reason(example: str) -> str:
    """Why an example isn't run; empty if it is."""
    command = command_of(example)
    starts = [start for start in NOT_RUN if command.startswith(start)]
    # A whole word, or as much of the line as stands there.
    whole = [start for start in starts if re.match(r"\W|$", command[len(start) :]) or " " in start]
    return NOT_RUN[max(whole, key=len)] if whole else ""


RUN: Final = [example for example in EXAMPLES if not reason(example)]


@dataclass(frozen=True)
class Workshop:
    """A network, the directory that examples run in, and what stands for their $NAMES."""

    network: LocalNetwork
    names: dict[str, str]

    def run(self, *words: str) -> Ran:
        """One command line."""
        return inside(*words)

    def ok(self, *words: str) -> Ran:
        """As `run`, with JSON and no error."""
        ran = self.run("-o", "json", *words)
        assert ran.code == 0, ran.err
        return ran


def prepared(network: LocalNetwork) -> Workshop:
    """The files and things that examples name."""
    shop = Workshop(network, {})
    for name in ("merchant", "buyer", "carrier"):
        seed = json.loads(network.key_file(network.account(name)).read_text())["seed"]
        keystore.write_key(Path(f"{name}.key"), bytes.fromhex(seed))
    keystore.write_key(Path("shop.key"), keystore.new_seed())
    keystore.write_key(Path("tags.key"), keystore.new_seed())
    Path("genesis.json").write_bytes((network.directory / GENESIS).read_bytes())
    Path("testnet").mkdir()
    Path("testnet/genesis.json").write_bytes(Path("genesis.json").read_bytes())
    Path("tea.csv").write_text(catalogue(100, 3))
    tea = ("product", "register", "06901234000023", "--title", "x", "--class", "tea")
    shop.ok(*tea, "--as", "merchant")
    offer = ("listing", "publish", "06901234000023", "--price", "CNY 5", "--stock", "50")
    listing = shop.ok(*offer, "--as", "merchant").json["listing_id"]
    made = shop.ok("order", "create", listing, "--ship-to", "x", "--as", "buyer").json
    shop.names.update(LISTING=listing, ORDER=made["order_id"], ID=made["id"])
    to = network.account("merchant").account
    payload = {"to": to, "symbol": "CNY", "amount_minor": "1", "memo_commitment": None}
    operations = {"operations": [{"type": "pay.transfer", "payload": payload}]}
    Path("operations.json").write_text(json.dumps(operations))
    return shop


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    """Four nodes of their own: examples change what other tests count on."""
    place = tmp_path_factory.mktemp("examples")
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("HUSHANG_")]:
            patch.delenv(name)
        (place / "work").mkdir()
        patch.chdir(place / "work")
        patch.setenv("HUSHANG_HOME", str(place / "nets"))
        patch.setenv("HUSHANG_CONFIG_HOME", str(place / "config"))
        network = testnet.up(Plan(place / "nets" / "local", "local", 4), lambda _: None)
        try:
            yield prepared(network)
        finally:
            testnet.reset(network)


@pytest.mark.parametrize("example", RUN)
def test_the_example_does_what_it_says(workshop: Workshop, example: str) -> None:
    words = [
        re.sub(r"\$([A-Z]+)", lambda match: workshop.names[match[1]], word).replace(
            "hs1...", workshop.network.account("merchant").account
        )
        for word in words_of(example)
    ]
    ran = workshop.run(*words)
    assert ran.code == 0, ran.err


def test_each_reason_is_of_an_example_that_there_is() -> None:
    commands = [f"{command_of(example)} " for example in EXAMPLES]
    unused = [start for start in NOT_RUN if not any(c.startswith(start) for c in commands)]
    assert unused == []


def test_most_nouns_have_an_example_that_is_run() -> None:
    run = {command_of(example).split()[0] for example in RUN}
    assert len(run) > 30, sorted(run)
