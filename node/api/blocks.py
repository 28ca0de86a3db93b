"""Reading the chain: blocks, headers with certificates, transactions, receipts. All are readers."""

from collections.abc import Sequence

from chain.block import Header, Receipt
from chain.codec import decode, encode
from chain.ledger import Ledger
from chain.stored_chain import ReceiptPlace, read_row
from chain.transaction import (
    TRANSACTION_SIZE_MAX,
    SignedTransaction,
    read_transaction,
    transaction_id,
)
from node.api.cursors import RECEIPT_INDEX_MAX
from node.api.models import (
    BlockListView,
    BlockReceiptsView,
    BlockView,
    CertificateView,
    HeaderView,
    ReceiptView,
    SignedHeaderView,
    TransactionView,
)
from node.api.parameters import (
    HEIGHT_MAX,
    LATEST,
    LATEST_OR_HEIGHT,
    Parameter,
    flag,
    hash_in_path,
    latest_or_height,
    number,
)
from node.api.problems import BlockUnknown, ReceiptNotFound, TransactionNotFound
from node.api.replies import Reply, json_reply
from node.api.routing import Call
from node.service import Decided

PAGE_MAX = 100
TRANSACTIONS_PAGE_MAX = 1000
RECEIPTS_PAGE_MAX = 1000
# Bytes of receipts in one page; one receipt may be larger.
RECEIPTS_PAGE_SIZE_MAX = 4 * 1024 * 1024

HEIGHT: Parameter[int] = Parameter(
    "height",
    "path",
    latest_or_height,
    {"type": "string", "pattern": LATEST_OR_HEIGHT},
    "a height, or `latest`",
    LATEST,
)
FULL = flag("full", "fill `transactions`")
TRANSACTIONS_FROM = number(
    "transactions_from", 0, HEIGHT_MAX, 0, "index of the first transaction of the page"
)
TRANSACTIONS_LIMIT = number(
    "transactions_limit", 0, TRANSACTIONS_PAGE_MAX, TRANSACTIONS_PAGE_MAX, "transactions per page"
)
RECEIPTS_FROM = number(
    "receipts_from", 0, RECEIPT_INDEX_MAX, 0, "index of the first receipt of the page"
)
RECEIPTS_LIMIT = number(
    "receipts_limit", 1, RECEIPTS_PAGE_MAX, RECEIPTS_PAGE_MAX, "receipts per page"
)
FROM = number("from", 0, HEIGHT_MAX, 0, "height of the first block")
LIMIT = number("limit", 1, PAGE_MAX, 20, "blocks per page")
TRANSACTION_ID = hash_in_path("id", "id of a transaction")
RECEIPT_ID = hash_in_path("id", "id of a transaction or system transition")


def read_block(call: Call) -> Reply:
    """GET /v1/blocks/{height}."""
    ledger = call.service.ledger
    height = _resolve(ledger, call.get(HEIGHT))
    block, certificate = ledger.block(height), ledger.certificate(height)
    receipts = ledger.receipts(height)
    # After reading, so that what is pruned meanwhile is not half an answer.
    ledger.require_block(height)
    if block is None or certificate is None:
        raise _no_block(ledger, height)
    start, count = call.get(TRANSACTIONS_FROM), call.get(TRANSACTIONS_LIMIT)
    page = block.bodies[start : start + count]
    end = start + len(page)
    view = BlockView(
        header=HeaderView.of(block.header),
        certificate=CertificateView.of(certificate, ledger.committee_at(height)),
        transaction_ids=[_id_of(raw).hex() for raw in page],
        receipt_ids=[receipt.id.hex() for receipt in receipts],
        transactions=_transactions(ledger, block.header, page, receipts) if call.get(FULL) else [],
        next=end if page and end < len(block.bodies) else None,
    )
    return json_reply(view)


def read_block_receipts(call: Call) -> Reply:
    """GET /v1/blocks/{height}/receipts."""
    ledger = call.service.ledger
    height = _resolve(ledger, call.get(HEIGHT))
    # Before reading: a block that is decided meanwhile must not look like an empty one.
    if height > ledger.tip.height:
        raise _no_block(ledger, height)
    start, limit = call.get(RECEIPTS_FROM), call.get(RECEIPTS_LIMIT)
    page: list[str] = []
    size, following = 0, None
    for row in ledger.receipt_rows(height, start):
        size += len(row)
        if page and (len(page) == limit or size > RECEIPTS_PAGE_SIZE_MAX):
            following = start + len(page)
            break
        page.append(row.hex())
    ledger.require_block(height)
    return json_reply(BlockReceiptsView(height=height, receipts=page, next=following))


def read_blocks(call: Call) -> Reply:
    """GET /v1/blocks."""
    ledger, start = call.service.ledger, call.get(FROM)
    tip_height = ledger.tip.height
    stop = min(start + call.get(LIMIT), tip_height + 1)
    headers = [_header(ledger, height) for height in range(start, stop)]
    view = BlockListView(
        blocks=[HeaderView.of(header) for header in headers],
        next=stop if stop <= tip_height and headers else None,
        height=tip_height,
    )
    return json_reply(view)


def read_header(call: Call) -> Reply:
    """GET /v1/headers/{height}."""
    ledger = call.service.ledger
    height = _resolve(ledger, call.get(HEIGHT))
    view = signed_header(ledger, height)
    if view is None:
        ledger.require_header(height)
        raise _no_block(ledger, height)
    return json_reply(view)


def signed_header(ledger: Ledger, height: int) -> SignedHeaderView | None:
    """The view of a header with its certificate, or None above the tip."""
    header, certificate = ledger.header(height), ledger.certificate(height)
    if header is None or certificate is None:
        return None
    return SignedHeaderView(
        header=HeaderView.of(header),
        certificate=CertificateView.of(certificate, ledger.committee_at(height)),
        raw_header=encode(header).hex(),
        raw_certificate=encode(certificate).hex(),
    )


def read_receipt(call: Call) -> Reply:
    """GET /v1/receipts/{id}."""
    view = find_receipt_view(call.service.ledger, call.get(RECEIPT_ID))
    if view is None:
        raise ReceiptNotFound(f"no receipt of this id here{_kept(call.service.ledger)}")
    return json_reply(view)


async def read_transaction_by_id(call: Call) -> Reply:
    """GET /v1/transactions/{id}. The pool is asked on the loop, the ledger off it."""
    wanted = call.get(TRANSACTION_ID)
    pending = call.service.is_pending(wanted)
    view = await call.off_loop(find_transaction_view, call.service.ledger, wanted)
    if view is None and pending:
        view = TransactionView.pending(wanted)
    if view is None:
        words = f"neither decided nor pending here{_kept(call.service.ledger)}"
        raise TransactionNotFound(words)
    return json_reply(view, 202 if view.state == "pending" else 200)


def find_receipt_view(ledger: Ledger, receipt_id: bytes) -> ReceiptView | None:
    """The view of a receipt, or None."""
    found = ledger.receipt_row(receipt_id)
    if found is None:
        return None
    place, row = found
    header = _header(ledger, place.height)
    decided = Decided(place, read_row(Receipt, row), row, header.digest(), header.time_ms)
    return ReceiptView.of(decided, ledger.tip.height)


def find_transaction_view(ledger: Ledger, wanted: bytes) -> TransactionView | None:
    """The view of a decided transaction, or None (a system transition has a receipt only)."""
    receipt = find_receipt_view(ledger, wanted)
    if receipt is None:
        return None
    received = ledger.find_body(ReceiptPlace(receipt.height, receipt.index), wanted)
    return None if received is None else TransactionView.of(received, receipt)


def _transactions(
    ledger: Ledger, header: Header, bodies: Sequence[bytes], receipts: Sequence[Receipt]
) -> list[TransactionView]:
    """Views of transactions of a block whose receipts these are."""
    block_hash, tip_height = header.digest(), ledger.tip.height
    places = {receipt.id: index for index, receipt in enumerate(receipts)}
    found: list[TransactionView] = []
    for raw in bodies:
        received = read_transaction(raw, ledger.rules)
        # Block and receipts are written in one batch, and pruned in one.
        place = ReceiptPlace(header.height, places[received.id])
        receipt = receipts[place.index]
        decided = Decided(place, receipt, encode(receipt), block_hash, header.time_ms)
        found.append(TransactionView.of(received, ReceiptView.of(decided, tip_height)))
    return found


def _id_of(raw: bytes) -> bytes:
    """The id alone: a tenth of the work of reading the whole transaction."""
    return transaction_id(decode(SignedTransaction, raw, size_max=TRANSACTION_SIZE_MAX).content)


def _resolve(ledger: Ledger, height: int) -> int:
    return ledger.tip.height if height == LATEST else height


def _header(ledger: Ledger, height: int) -> Header:
    header = ledger.header(height)
    if header is None:
        ledger.require_header(height)
    assert header is not None, "at or below the tip"
    return header


def _kept(ledger: Ledger) -> str:
    """A node that has pruned can't tell an id that never was from an old one."""
    first = ledger.base.first_block
    return f"; this node keeps blocks from {first} on" if first > 1 else ""


def _no_block(ledger: Ledger, height: int) -> BlockUnknown:
    return BlockUnknown(f"no block {height}; the newest here is {ledger.tip.height}", "path.height")
