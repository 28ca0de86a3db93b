"""Proofs that need no trust in this node: bundles of chain/bundle.py for state, transactions,
receipts and events.

What is claimed is read in the API's threads, state proofs are taken on the ledger's own, and the
certified header that they need is awaited. The answer is a file, the same bytes that `hushang
verify` and the page under node/web check.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeAlias

from chain.bundle import FILE_SUFFIX, MEDIA_TYPE
from chain.codec import decode
from chain.errors import HistoryPruned
from chain.head import HeadStatement
from chain.ledger import Ledger
from chain.state import STATE_KEY_MAX
from chain.stored_chain import ReceiptPlace
from commerce.codes.serials import code_id
from commerce.codes.views import proof_keys
from commerce.epcis.capture import DECLARATIONS, EVENTS
from commerce.epcis.stored_index import EVENT, IndexedEvent
from node.api.codes import GTIN, SERIAL
from node.api.parameters import HEIGHT_MAX, Parameter, flag, hash_in_path, whole
from node.api.problems import (
    BlockUnknown,
    Busy,
    ReceiptNotFound,
    TransactionNotFound,
)
from node.api.render import Json
from node.api.replies import Reply
from node.api.routing import Call
from node.proofs import (
    WAIT_MS,
    Claims,
    ProofNotReady,
    Start,
    StartUnusable,
    StateProof,
    make_bundle,
    receipt_claims,
    transaction_claims,
)
from node.state_names import proof_name, state_proof_name


def _state_key(text: str) -> bytes:
    """The bytes of a state key from lower-case hex."""
    if len(text) % 2 or not 0 < len(text) <= 2 * STATE_KEY_MAX or set(text) - set(_HEX):
        msg = f"1 to {STATE_KEY_MAX} bytes in lower-case hex"
        raise ValueError(msg)
    return bytes.fromhex(text)


def _trusted(text: str) -> int | None:
    return whole(0, HEIGHT_MAX)(text)


_HEX: Final = "0123456789abcdef"
_KEY_SCHEMA: dict[str, Json] = {
    "type": "string",
    "pattern": f"^([0-9a-f]{{2}}){{1,{STATE_KEY_MAX}}}$",
}
_TRUSTED_SCHEMA: dict[str, Json] = {"type": "integer", "minimum": 0, "maximum": HEIGHT_MAX}

KEY: Parameter[bytes] = Parameter(
    "key", "path", _state_key, _KEY_SCHEMA, "a state key: its table, `/`, its parts; as hex", b""
)
TRANSACTION_ID = hash_in_path("id", "id of a transaction")
RECEIPT_ID = hash_in_path("id", "id of a transaction or system transition")
EVENT_KEY = hash_in_path("key", "key of an EPCIS event")
TRUSTED: Parameter[int | None] = Parameter(
    "trusted",
    "query",
    _trusted,
    _TRUSTED_SCHEMA,
    "begin at the header of this height, which the client trusts, instead of the genesis",
    None,
)
HEADS = flag("heads", "add what the members sign about their newest header just now")

PROBLEMS: Final = (StartUnusable, HistoryPruned, ProofNotReady, Busy)


@dataclass(frozen=True, slots=True)
class Found:
    """What is claimed, and whether it can be taken anew for a newer header."""

    claims: tuple[Claims, ...]
    is_newest: bool


Find: TypeAlias = Callable[[Call], Awaitable[Found]]
# The file's name by the height of its newest header.
Name: TypeAlias = Callable[[int], str]


async def prove_state(call: Call) -> Reply:
    """GET /v1/proof/state/{key}: the value under a key, or that there is none."""
    return await _serve(call, _find_state, partial(state_proof_name, call.get(KEY)))


async def prove_transaction(call: Call) -> Reply:
    """GET /v1/proof/transaction/{id}: that a block has it; its outcome is the receipt's."""
    return await _serve(
        call, _find_transaction, partial(proof_name, "transaction", call.get(TRANSACTION_ID))
    )


async def prove_receipt(call: Call) -> Reply:
    """GET /v1/proof/receipt/{id}: an outcome."""
    return await _serve(call, _find_receipt, partial(proof_name, "receipt", call.get(RECEIPT_ID)))


async def prove_event(call: Call) -> Reply:
    """GET /v1/proof/event/{key}: the state's row, the transaction that captured it, its receipt.

    And whether its capturer declared it an error since. An event that nobody captured is proven to
    be absent.
    """
    return await _serve(call, _find_event, partial(proof_name, "event", call.get(EVENT_KEY)))


async def prove_code(call: Call) -> Reply:
    """GET /v1/proof/code/{gtin}/{serial}: its row, its batch's and that which says it is active.

    A code that the chain doesn't know is proven to be absent.
    """
    known_id = code_id(call.get(GTIN), call.get(SERIAL))
    return await _serve(call, _find_code, partial(proof_name, "code", known_id))


async def _serve(call: Call, find: Find, name: Name) -> Reply:
    places = call.edge.proofs
    if not places.free:
        msg = f"{places.count_max} proofs are being made"
        raise Busy(msg)
    with places.place():
        claims, heads = await _take(call, find)
        data = await call.off_loop(_make, call.service.ledger, claims, _start(call), heads)
    file = name(_newest(claims)) + FILE_SUFFIX
    headers = {"Content-Disposition": f'attachment; filename="{file}"'}
    return Reply(data, content_type=MEDIA_TYPE, headers=headers)


async def _take(call: Call, find: Find) -> tuple[tuple[Claims, ...], tuple[HeadStatement, ...]]:
    """The claims, and where they are wanted the statements about the last one's header.

    Where the chain went on while the members were asked, the claims are taken anew, once: on a busy
    chain nobody vouches for a header, and its own time says that it is of now.
    """
    found = await find(call)
    if not call.get(HEADS):
        return found.claims, ()
    heads = await _heads(call, found)
    if not (found.is_newest and _is_over(call, found)):
        return found.claims, heads
    found = await find(call)
    if call.service.ledger.tip.needs_seal:
        return found.claims, ()
    return found.claims, await _heads(call, found)


async def _heads(call: Call, found: Found) -> tuple[HeadStatement, ...]:
    header = call.service.ledger.header(_newest(found.claims))
    assert header is not None, "what is claimed is under a decided header"
    return await call.service.proofs.heads_about(header)


def _is_over(call: Call, found: Found) -> bool:
    return call.service.ledger.tip.height > _newest(found.claims)


def _newest(claims: Sequence[Claims]) -> int:
    return max(entry.height for entry in claims)


def _make(
    ledger: Ledger,
    claims: Sequence[Claims],
    start: Start | None,
    heads: Sequence[HeadStatement],
) -> bytes:
    return make_bundle(ledger, claims, start=start, heads=heads)


def _start(call: Call) -> Start | None:
    height = call.get(TRUSTED)
    if height is None:
        return None
    newest = call.service.ledger.tip.height
    if height > newest:
        msg = f"no block {height}; the newest here is {newest}"
        raise BlockUnknown(msg, "query.trusted")
    return call.service.proofs.start(height)


async def _find_state(call: Call) -> Found:
    found = await call.service.proofs.state(call.get(KEY))
    return Found((_state_claims(found),), is_newest=True)


async def _find_transaction(call: Call) -> Found:
    wanted = call.get(TRANSACTION_ID)
    place = await call.off_loop(_place, call.service.ledger, wanted)
    if place is None:
        raise TransactionNotFound(_not_here(call))
    claims = await _transaction(call, place, wanted)
    if claims is None:
        msg = "a system transition, which has a receipt and no transaction"
        raise TransactionNotFound(msg)
    return Found((claims,), is_newest=False)


async def _find_receipt(call: Call) -> Found:
    place = await call.off_loop(_place, call.service.ledger, call.get(RECEIPT_ID))
    if place is None:
        raise ReceiptNotFound(_not_here(call))
    return Found((await _receipt(call, place),), is_newest=False)


async def _find_event(call: Call) -> Found:
    found = await call.service.proofs.state(EVENTS.key(call.get(EVENT_KEY)))
    claims = [_state_claims(found)]
    if found.claim.value is not None:
        captured = EVENTS.read(found.claim.value)
        place = await call.off_loop(_place, call.service.ledger, captured.transaction_id)
        if place is None:
            words = f"the transaction of height {captured.height} that captured it is gone"
            raise HistoryPruned(words)
        transaction = await _transaction(call, place, captured.transaction_id)
        assert transaction is not None, "events are captured by transactions"
        claims += [transaction, await _receipt(call, place)]
        # Whether its capturer has declared it an error, or hasn't.
        record = call.service.ledger.index_value(EVENT + call.get(EVENT_KEY))
        if record is not None:
            stated = decode(IndexedEvent, record)
            void = DECLARATIONS.key(stated.capturer, stated.statement)
            claims.insert(1, _state_claims(await call.service.proofs.state(void)))
    return Found(tuple(claims), is_newest=True)


async def _find_code(call: Call) -> Found:
    """Several keys are taken between writes: a block in between gives their claims two headers."""
    state = call.service.ledger.state
    keys = await call.off_loop(proof_keys, state, call.get(GTIN), call.get(SERIAL))
    found = [await call.service.proofs.state(key) for key in keys]
    return Found(tuple(_state_claims(one) for one in found), is_newest=True)


def _state_claims(found: StateProof) -> Claims:
    return Claims(found.height, states=(found.claim,))


def _not_here(call: Call) -> str:
    first = call.service.ledger.base.first_block
    kept = f" among the blocks from {first} on that this node keeps" if first > 1 else ""
    return f"nothing of this id is decided here{kept}"


def _place(ledger: Ledger, wanted: bytes) -> ReceiptPlace | None:
    found = ledger.find_receipt(wanted)
    return None if found is None else found[0]


async def _transaction(call: Call, place: ReceiptPlace, wanted: bytes) -> Claims | None:
    return await call.off_loop(transaction_claims, call.service.ledger, place, wanted)


async def _receipt(call: Call, place: ReceiptPlace) -> Claims:
    """The header above the block carries the receipts' root: it follows by itself."""
    above = place.height + 1
    if await call.service.wait_height(above, WAIT_MS) < above:
        raise ProofNotReady(f"height {above} is not decided")
    return await call.off_loop(receipt_claims, call.service.ledger, place)
