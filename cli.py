"""The `hushang` command: assembles the nouns of `node/commands/`, each imported when asked for.

`hushang --help` and every error of usage come without importing a library but Typer, so that the
shell never waits, and `hushang verify` without Typer; what went wrong is told once, in
`node/commands/failures.py`, with its exit code.
"""

import importlib
import io
import sys
from collections.abc import Sequence
from typing import Final

NOUNS: Final = {
    "demo": "Four nodes agree on one real trade, told in plain words.",
    "context": "Name the networks that you use: nodes, key, chain, language.",
    "testnet": "A network of real node processes on this machine.",
    "node": "Run a member's node.",
    "genesis": "Found a chain: a genesis of all members' cards.",
    "keys": "Key files: make one, look at one.",
    "status": "What a node says of itself.",
    "doctor": "Check a node and its machine: what is wrong, and what to do.",
    "consensus": "What stands between the nodes and the next block.",
    "peers": "Who is connected to whom, and how well.",
    "top": "The nodes at a glance, as they run.",
    "support": "Pack what helps to find a fault, without secrets.",
    "account": "Open and look at accounts.",
    "asset": "Money: create, issue, look at.",
    "pay": "Pay another account directly.",
    "bank": "Money into the chain and out of it: requests, settlements.",
    "card": "Prepaid cards: pay in advance, and keep the money until it is served.",
    "court": "Freeze money by order of a court, lift it, hand it over.",
    "fee": "What operations cost: nothing, unless a quorum has said so.",
    "parameters": "Timers and holidays, and how a quorum changes them.",
    "product": "Register goods under their GTIN.",
    "licence": "License merchants to sell your goods.",
    "listing": "Offer goods for sale.",
    "coupon": "Issue discounts that you fund.",
    "order": "Buy: order, pay into escrow, confirm; see what can happen next.",
    "import": "Import CSV files: catalogues, shipments.",
    "shipment": "Ship, deliver, report lost.",
    "refund": "Ask for a refund, a return or an exchange, and answer that.",
    "return": "Send goods back after a sale, receive or contest them.",
    "exchange": "Send other goods for those that came back.",
    "recall": "Recall goods: no sale, shipment or payment from that block on.",
    "dispute": "Let a panel of arbiters decide, or vote as one of them.",
    "arbiter": "Post a bond and decide disputes; the regulator's list.",
    "deposit": "Put up money for those who buy from you.",
    "claim": "Claim what was pledged, or what the law gives beyond the price.",
    "fund": "The mutual fund: what it has, gifts to it.",
    "recourse": "Debts to buyers and to the mutual fund.",
    "review": "Review what was bought, reply, see what reviews are worth.",
    "role": "Grant and revoke roles.",
    "prefix": "GS1 company prefixes: who may make goods of them.",
    "location": "Locations: who may say what was seen there.",
    "member": "Organisations that are members, and the keys of their nodes.",
    "committee": "Who votes on blocks, and how a quorum changes it.",
    "upgrade": "Protocol versions: rules that a quorum puts in force at a height.",
    "evidence": "What convicts a member: look, verify offline, submit.",
    "delegate": "Scoped keys for other systems.",
    "custody": "Hand goods over, and take them: who has them, who owns them.",
    "device": "Sensors that sign their own reports, and what they are attached to.",
    "sensor": "Report what a device measured; check raw readings against a report.",
    "sla": "Promise how goods are kept on their way; see what watches a parcel.",
    "penalty": "Penalties for goods that were kept badly: look, contest.",
    "cert": "Certify products, lots and places as an inspector.",
    "capture": "Record EPCIS 2.0 events of a file.",
    "capture-token": "Bearer tokens for captures by REST through a node.",
    "epcis": "EPCIS documents and GS1 identifiers, without a node: hash, validate, link.",
    "code": "Codes against counterfeits: batches, scans, claims, labels.",
    "trace": "Where goods came from and where they went.",
    "proof": "Get a proof that anyone can check: state, transactions, receipts, events.",
    "verify": "Check a proof offline, trusting nothing but the genesis.",
    "tx": "Transactions: build, sign, submit, look at.",
    "watch": "What the nodes decide, as it happens.",
    "listen": "Send events to a program in the making, signed.",
    "snapshot": "Snapshots of the state, from which new nodes start.",
    "backup": "Copy a live node's data.",
    "restore": "Make a data directory of a backup, checked.",
    "repair": "Put a node with a damaged disk back to work.",
    "verify-chain": "Replay a stopped node's data from the genesis and check all of it.",
    "state-root": "The state root of a stopped node's data, computed anew.",
    "compare": "The first height where two nodes' data differ.",
    "export": "Blocks and receipts as JSON lines.",
    "bench": "Offered load, decided transactions a second, latency.",
    "docs": "Regenerate the pages of docs/ that the code itself tells.",
    "debug": "Decode and check raw bytes, without a node.",
    "completion": "Complete commands in bash, zsh or fish.",
    "explain": "What an error code means.",
}

EXAMPLES: Final = """\b
Exit codes:
  0 ok, 1 internal, 2 usage, 3 not found, 4 not authorised, 5 unreachable,
  6 outcome unknown, 7 refused by a rule, 8 verification failed,
  9 bad configuration, 130 interrupted; hushang explain NAME tells which an error has

\b
Examples:
  hushang testnet up -n 4
  hushang status -o json
  hushang pay transfer merchant "CNY 129.00" --as buyer
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command line and exit with its code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal of another encoding than UTF-8 is no reason to end after a payment.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        code = _run(given)
    except KeyboardInterrupt:
        code = 130
    except Exception as error:  # noqa: BLE001 - the outermost frame: every error becomes a code
        # Imported here, because a command line without an error has no use for it.
        failures = importlib.import_module("node.commands.failures")
        code = failures.report(error, given)
    sys.exit(code if isinstance(code, int) else 0)


def _run(given: list[str]) -> object:
    if given[:1] == ["--complete"]:
        # A shell asks at every Tab: without Typer.
        return importlib.import_module("node.completion.values").print_values(given[1:])
    for place, word in enumerate(given, 1):
        if not _is_text(word):
            failures = importlib.import_module("node.commands.failures")
            raise failures.UsageWrong(f"argument {place} is not in UTF-8: {word}")
    if given[:1] == ["verify"]:
        # Typer takes as long to import as a proof to check: it only reads what isn't plain.
        answered = importlib.import_module("node.proof_file").answer_plainly(given[1:])
        if answered is not None:
            return answered
    return importlib.import_module("node.commands.root").run(given, NOUNS, EXAMPLES)


def _is_text(word: str) -> bool:
    # Bytes of another encoding come as surrogates, which no file, node or ledger takes.
    return not any("\ud800" <= sign <= "\udfff" for sign in word)


if __name__ == "__main__":
    main()
