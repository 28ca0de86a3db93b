"""POST /v1/transactions/dry-run: what a transaction would do now, without sending it.

It is executed as in the next block (`chain.rehearsal`), in a thread for long reads, on an overlay
that is dropped; the places for it are few. Whoever asks names the signers instead of signing, so
that no node gets anything that it could send; a signed transaction is taken too, and its signatures
are verified as at the door. What could stand in no block is refused as at the door.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from chain.account import ACCOUNTS, SignatureEntry
from chain.bech32m import decode_account, encode_account
from chain.block import OK
from chain.codec import decode, encode
from chain.crypto import HASH_SIZE, SIGNATURE_SIZE, require_valid
from chain.deadlines import DEADLINES
from chain.errors import SenderUnknown
from chain.ledger import Ledger
from chain.rehearsal import Rehearsal
from chain.state import StateReader
from chain.transaction import (
    SIGNATURES_MAX,
    TRANSACTION_SIZE_MAX,
    ReceivedTransaction,
    SignedTransaction,
    Transaction,
    read_transaction,
)
from commerce.banking.fees import fees_for
from commerce.money import ASSETS, BALANCES, NO_BALANCE, asset_part, load_asset, symbol_of
from node.api.body import JSON, MSGPACK, OCTETS, body_of, json_form, media_type
from node.api.models import EventView, TimeMs, View, Whole
from node.api.outcomes import event_json
from node.api.problems import TYPE_PREFIX, BodyInvalid, Busy, title_of
from node.api.render import AccountText, HashText, HexText, IntegerText, Json
from node.api.replies import Reply, json_reply
from node.api.routing import Call
from node.state_rows import read_row

# Blocks that may be written while one dry run reads, before it gives up.
TRIES_MAX: Final = 8
NEXT_BLOCK_MS: Final = 500
OBJECTS_MAX: Final = 1_000
# What a transaction writes for the chain's own book-keeping, or is told in words of its own.
BOOKS: Final = frozenset({"balance", "deadline", "remembered", "leaders"})


class SignerForm(BaseModel):
    """Who would sign: an account, with the key of `public_key` or with all of its policy's."""

    model_config = ConfigDict(extra="forbid")

    account: AccountText
    public_key: HashText | None = None


class DryRunForm(BaseModel):
    """A signed `transaction`, or an unsigned one's `content` and who would sign it: default the
    sender, with all keys of its policy.
    """

    model_config = ConfigDict(extra="forbid")

    transaction: HexText | None = None
    content: HexText | None = None
    signers: Annotated[list[SignerForm], Field(max_length=SIGNATURES_MAX)] | None = None


TAKES: Final = {MSGPACK: None, OCTETS: None, JSON: DryRunForm}


class DryRunRefusalView(View):
    """The rule that would refuse it, with the numbers of this case in `detail`."""

    type: str
    title: str
    detail: str
    code: str
    hint: str | None


class BalanceChangeView(View):
    """What an account would have before and after."""

    account: AccountText
    symbol: str
    decimals: Whole
    before_minor: IntegerText
    after_minor: IntegerText
    frozen_before_minor: IntegerText
    frozen_after_minor: IntegerText


class ObjectChangeView(View):
    """A row of the state that would be made, changed or removed; `value` is what it would be."""

    change: Literal["made", "changed", "removed"]
    title: str
    key: HexText
    value: dict[str, Any] | None


class ClockView(View):
    """A deadline that would be set or ended."""

    change: Literal["set", "ended"]
    kind: str
    object_id: HashText
    time_ms: TimeMs


class FeeView(View):
    """What it would cost its sender."""

    symbol: str
    decimals: Whole
    amount_minor: IntegerText


class DryRunView(View):
    """What the transaction would do in the next block, `height`, on the state under `state_root`.

    `status` is `ok` or the code of the rule that would refuse it; then it would change nothing.
    `objects` are the first 1000 rows besides balances and clocks, `more_objects` counts the rest.
    """

    id: HashText
    height: Whole
    time_ms: TimeMs
    state_root: HashText
    status: str
    failed_operation: Whole | None
    refusal: DryRunRefusalView | None
    fees: list[FeeView]
    balances: list[BalanceChangeView]
    objects: list[ObjectChangeView]
    more_objects: Whole
    clocks: list[ClockView]
    events: list[EventView]


async def dry_run(call: Call) -> Reply:
    """POST /v1/transactions/dry-run: what a transaction would do now."""
    settings, service, places = call.edge.settings, call.service, call.edge.dry_runs
    kind = media_type(call.request, TAKES)
    if not places.free:
        msg = f"{places.count_max} dry runs are under way"
        raise Busy(msg)
    with places.place():
        size_max, timeout_s = settings.body_size_max, settings.body_timeout_s
        async with body_of(call.request, call.edge.bodies, size_max, timeout_s) as data:
            time_ms = service.status().time_ms
            for _ in range(TRIES_MAX):
                height = service.ledger.tip.height
                told = await call.off_loop(tried, service.ledger, kind, data, time_ms)
                if told is not None:
                    return json_reply(told)
                # A block came in between: the next try begins right behind it.
                await service.wait_height(height + 1, NEXT_BLOCK_MS)
    msg = "the state changed under every try"
    raise Busy(msg)


def tried(ledger: Ledger, kind: str, data: bytes, time_ms: int) -> dict[str, Json] | None:
    """The data of a `DryRunView`; None if a block was written meanwhile."""
    received = _received(ledger, kind, data)
    found = ledger.rehearse(received, time_ms)
    return None if found is None else told_of(ledger, received, found)


def _received(ledger: Ledger, kind: str, data: bytes) -> ReceivedTransaction:
    form = json_form(data, DryRunForm) if kind == JSON else None
    if form is None or form.transaction is not None:
        if form is not None and (form.content is not None or form.signers is not None):
            msg = "give transaction, or content and signers"
            raise BodyInvalid(msg, "body#transaction")
        raw = data if form is None else bytes.fromhex(form.transaction or "")
        received = read_transaction(raw, ledger.rules)
        for entry in received.signatures:
            require_valid(entry.public_key, received.signing, entry.signature)
        return received
    if form.content is None:
        msg = "give transaction, or content and signers"
        raise BodyInvalid(msg, "body#content")
    content = bytes.fromhex(form.content)
    sender = decode(Transaction, content, size_max=TRANSACTION_SIZE_MAX).sender
    keys = _keys(ledger.state, sender, form.signers)
    entries = [SignatureEntry(*pair, bytes(SIGNATURE_SIZE)) for pair in sorted(keys)]
    return read_transaction(encode(SignedTransaction(content, tuple(entries))), ledger.rules)


def _keys(
    state: StateReader, sender: bytes, signers: Sequence[SignerForm] | None
) -> set[tuple[bytes, bytes]]:
    """(account, public key) of everybody who would sign."""
    named = [(decode_account(entry.account), entry.public_key) for entry in signers or ()]
    keys: set[tuple[bytes, bytes]] = set()
    for account, public_key in named or [(sender, None)]:
        if public_key is not None:
            keys.add((account, bytes.fromhex(public_key)))
            continue
        known = ACCOUNTS.load(state, account)
        if known is None:
            msg = f"{encode_account(account)} has no account here"
            raise SenderUnknown(msg)
        keys |= {(account, entry.public_key) for entry in known.policy.keys}
    return keys


def told_of(ledger: Ledger, received: ReceivedTransaction, found: Rehearsal) -> dict[str, Json]:
    """The data of a `DryRunView`."""
    objects = list(_objects(found))
    return {
        "id": received.id.hex(),
        "height": found.header.height,
        "time_ms": found.header.time_ms,
        "state_root": found.header.state_root.hex(),
        "status": found.receipt.status,
        "failed_operation": found.receipt.failed_operation,
        "refusal": _refusal(found),
        "fees": _fees(ledger.state, received, found),
        "balances": list(_balances(ledger.state, found)),
        "objects": [*objects[:OBJECTS_MAX]],
        "more_objects": max(0, len(objects) - OBJECTS_MAX),
        "clocks": list(_clocks(found)),
        "events": [event_json(event) for event in found.receipt.events],
    }


def _refusal(found: Rehearsal) -> Json:
    error = found.refusal
    if error is None:
        return None
    return {
        "type": TYPE_PREFIX + error.code,
        "title": title_of(type(error)),
        "detail": str(error),
        "code": error.code,
        "hint": error.hint or None,
    }


def _fees(state: StateReader, received: ReceivedTransaction, found: Rehearsal) -> Json:
    if found.receipt.status != OK:
        return []
    due: Mapping[str, int] = fees_for(state, received.types, found.header.time_ms)
    return [
        {
            "symbol": symbol,
            "decimals": _decimals(state, found, symbol),
            "amount_minor": str(amount_minor),
        }
        for symbol, amount_minor in due.items()
    ]


def _rows(found: Rehearsal, prefix: bytes) -> Iterator[tuple[bytes, bytes | None, bytes | None]]:
    for key, before, after in found.changes:
        if key.startswith(prefix) and before != after:
            yield key[len(prefix) :], before, after


def _balances(state: StateReader, found: Rehearsal) -> Iterator[Json]:
    for key, before, after in _rows(found, BALANCES.prefix):
        symbol = symbol_of(key[HASH_SIZE:])
        old = NO_BALANCE if before is None else BALANCES.read(before)
        new = NO_BALANCE if after is None else BALANCES.read(after)
        yield {
            "account": encode_account(key[:HASH_SIZE]),
            "symbol": symbol,
            "decimals": _decimals(state, found, symbol),
            "before_minor": str(old.available_minor),
            "after_minor": str(new.available_minor),
            "frozen_before_minor": str(old.frozen_minor),
            "frozen_after_minor": str(new.frozen_minor),
        }


def _decimals(state: StateReader, found: Rehearsal, symbol: str) -> int:
    """How many decimals an asset has, also one that the transaction itself would create."""
    key = ASSETS.key(asset_part(symbol))
    made = next((after for changed, _, after in found.changes if changed == key), None)
    return (load_asset(state, symbol) if made is None else ASSETS.read(made)).decimals


def _objects(found: Rehearsal) -> Iterator[Json]:
    for key, before, after in _rows(found, b""):
        row = read_row(key, after)
        if row.table in BOOKS:
            continue
        change = "removed" if after is None else "made" if before is None else "changed"
        yield {"change": change, "title": row.title, "key": key.hex(), "value": row.value}


def _clocks(found: Rehearsal) -> Iterator[Json]:
    for _, before, after in _rows(found, DEADLINES.prefix):
        row = before if after is None else after
        assert row is not None
        clock = DEADLINES.read(row)
        yield {
            "change": "ended" if after is None else "set",
            "kind": clock.kind,
            "object_id": clock.object_id.hex(),
            "time_ms": clock.time_ms,
        }
