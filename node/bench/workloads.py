"""What is offered: each workload is one function from a turn's number to a draft.

A further one is a function and a line in `WORKLOADS`. Every turn differs from all others of the
run, so that nothing is a repetition that a node could answer without work.
"""

import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from chain.codec import encode
from chain.crypto import PrivateKey
from chain.transaction import TRANSACTION_VERSION, Operation, Transaction, sign_transaction
from commerce.epcis.capture import EpcisCapture
from commerce.payments import PayTransfer
from commerce.registry import operation
from node.bench.plan import BenchRefused, LoadPlan

VALID_FOR_MS: Final = 9 * 60_000
NONCE_BITS: Final = 64
EVENTS_PER_TRANSACTION: Final = 100
EPCS_PER_EVENT: Final = 5
CONTEXT: Final = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
# The company prefix that the example genesis gives to its merchant.
PREFIX: Final = "6901234"


@dataclass(frozen=True, slots=True)
class Draft:
    """A transaction to be signed: which sender of the plan, and what it does."""

    sender: int
    operations: tuple[Operation, ...]


@dataclass(frozen=True, slots=True)
class Workload:
    """How a turn is drafted, and how many pieces of work one transaction carries.

    `speaker` is the role that alone may do it with effect; empty: everybody in turn.
    """

    draft: Callable[[LoadPlan, int], Draft]
    operations_per_transaction: int
    speaker: str = ""


def transfer(plan: LoadPlan, turn: int) -> Draft:
    """Each sender in turn pays one minor unit to the account after it, so that nobody runs dry."""
    sender = turn % len(plan.senders)
    payer = plan.senders[sender].account
    payee = plan.accounts[(plan.accounts.index(payer) + 1) % len(plan.accounts)]
    return Draft(sender, (operation("pay.transfer", PayTransfer(payee, plan.symbol, 1, None)),))


def provenance(plan: LoadPlan, turn: int) -> Draft:
    """One document of 100 ObjectEvents, each of five new items with a temperature."""
    first = turn * EVENTS_PER_TRANSACTION
    events = [_observation(plan.run, first + at) for at in range(EVENTS_PER_TRANSACTION)]
    document = {
        "@context": [CONTEXT],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-01-01T00:00:00Z",
        "epcisBody": {"eventList": events},
    }
    data = json.dumps(document, separators=(",", ":")).encode()
    return Draft(
        turn % len(plan.senders), (operation("epcis.capture", EpcisCapture(data, "public")),)
    )


def _observation(run: int, number: int) -> Mapping[str, Any]:
    serials = [number * EPCS_PER_EVENT + at for at in range(EPCS_PER_EVENT)]
    moment = "2026-01-01T08:00:00+08:00"
    return {
        "type": "ObjectEvent",
        "eventTime": moment,
        "eventTimeZoneOffset": "+08:00",
        "eventID": f"urn:uuid:{run:08x}-0000-4000-8000-{number:012x}",
        "epcList": [f"urn:epc:id:sgtin:{PREFIX}.012345.{run}{serial:08}" for serial in serials],
        "action": "ADD",
        "bizStep": "commissioning",
        "disposition": "active",
        "readPoint": {"id": f"urn:epc:id:sgln:{PREFIX}.00001.0"},
        "bizLocation": {"id": f"urn:epc:id:sgln:{PREFIX}.00001.0"},
        "sensorElementList": [
            {
                "sensorMetadata": {"time": moment},
                "sensorReport": [{"type": "Temperature", "value": 4.5, "uom": "CEL"}],
            }
        ],
    }


WORKLOADS: Final[Mapping[str, Workload]] = {
    "transfer": Workload(transfer, 1),
    "provenance": Workload(provenance, EVENTS_PER_TRANSACTION, "merchant"),
}


def workload_of(name: str) -> Workload:
    """The workload of a name, or `BenchRefused`."""
    if name not in WORKLOADS:
        raise BenchRefused(f"no workload {name}; there are {', '.join(WORKLOADS)}")
    return WORKLOADS[name]


def sign_all(plan: LoadPlan, keys: list[PrivateKey], now_ms: int) -> Iterator[bytes]:
    """Raw signed bytes of every turn; `keys` are those of the plan's senders."""
    draft_of = workload_of(plan.load.workload).draft
    for turn in range(plan.count):
        draft = draft_of(plan, turn)
        sender = plan.senders[draft.sender].account
        content = Transaction(
            version=TRANSACTION_VERSION,
            genesis_hash=plan.genesis_hash,
            sender=sender,
            nonce=secrets.randbits(NONCE_BITS),
            valid_until_ms=now_ms + VALID_FOR_MS,
            operations=draft.operations,
            memo=None,
        )
        yield encode(sign_transaction(content, [(sender, keys[draft.sender])]))
