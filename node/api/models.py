"""The JSON views of the chain: what every answer under /v1 looks like.

Hashes are lower-case hex, accounts `hs1…`, times UTC milliseconds. Amounts (`…_minor`) and `nonce`
are strings of decimal digits, all other integers JSON numbers (node/api/render.py).
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from chain.bech32m import encode_account
from chain.block import Certificate, Header
from chain.committee import Committee
from chain.transaction import ReceivedTransaction
from node.api.outcomes import receipt_json
from node.api.problems import Problem
from node.api.render import AccountText, HashText, HexText, IntegerText, render_fields
from node.service import Decided

Whole = Annotated[int, Field(ge=0)]
TimeMs = Annotated[int, Field(ge=0, description="UTC milliseconds")]
Plain = Annotated[
    dict[str, Any],
    Field(description="plain data; bytes in hex, accounts as hs1…, …_minor as strings"),
]


class View(BaseModel):
    """A view is complete and has nothing else."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class EventView(View):
    """Something that happened."""

    type: str
    data: Plain


class RuleView(View):
    """The rule that a failed transaction broke."""

    type: str
    title: str
    hint: str | None


class ReceiptView(View):
    """The outcome of a transaction or system transition; it is synced on the answering node.

    `status` is "ok" or the broken rule's name; `certified` says that the next header, which commits
    to it, is decided too. `raw` are the canonical bytes, a leaf of its block's receipts root.
    """

    id: HashText
    status: str
    failed_operation: Whole | None
    rule: RuleView | None
    height: Whole
    index: Whole
    block_hash: HashText
    time_ms: TimeMs
    certified: bool
    events: list[EventView]
    raw: HexText

    @classmethod
    def of(cls, decided: Decided, tip_height: int) -> "ReceiptView":
        """The view of a decision."""
        return cls.model_validate(receipt_json(decided, tip_height))


class SubmissionForm(BaseModel):
    """A signed transaction as JSON carries it."""

    model_config = ConfigDict(extra="forbid")

    transaction: HexText


class SubmissionView(View):
    """What became of a submitted transaction: `decided` with its receipt, or still `pending`."""

    id: HashText
    state: Literal["decided", "pending"]
    receipt: ReceiptView | None


class BatchForm(BaseModel):
    """Several signed transactions."""

    model_config = ConfigDict(extra="forbid")

    transactions: Annotated[list[HexText], Field(min_length=1, max_length=1000)]


class BatchItemView(View):
    """What became of one item of a batch; `problem` when it was refused at the door."""

    index: Whole
    id: HashText | None
    state: Literal["decided", "pending", "refused"]
    receipt: ReceiptView | None
    problem: Problem | None


class BatchView(View):
    """One result per item, in the batch's order."""

    results: list[BatchItemView]


class OperationView(View):
    """One operation: its type and its payload by field names."""

    type: str
    payload: Plain


class SignatureView(View):
    """Who signed with which key."""

    account: AccountText
    public_key: HashText
    signature: HexText


class TransactionView(View):
    """A transaction and its outcome; while it is pending only id and state are told."""

    id: HashText
    state: Literal["decided", "pending"]
    receipt: ReceiptView | None
    body_hash: HashText | None
    sender: AccountText | None
    nonce: IntegerText | None
    valid_until_ms: TimeMs | None
    memo: str | None
    operations: list[OperationView]
    signatures: list[SignatureView]
    raw: HexText | None

    @classmethod
    def pending(cls, transaction_id: bytes) -> "TransactionView":
        """The view of a transaction in the pool."""
        return cls(
            id=transaction_id.hex(),
            state="pending",
            receipt=None,
            body_hash=None,
            sender=None,
            nonce=None,
            valid_until_ms=None,
            memo=None,
            operations=[],
            signatures=[],
            raw=None,
        )

    @classmethod
    def of(cls, received: ReceivedTransaction, receipt: ReceiptView) -> "TransactionView":
        """The view of a decided transaction."""
        transaction = received.transaction
        return cls(
            id=received.id.hex(),
            state="decided",
            receipt=receipt,
            body_hash=received.body_hash.hex(),
            sender=encode_account(transaction.sender),
            nonce=str(transaction.nonce),
            valid_until_ms=transaction.valid_until_ms,
            memo=transaction.memo,
            operations=[
                OperationView(type=name, payload=render_fields(payload))
                for name, payload in zip(received.types, received.payloads, strict=True)
            ],
            signatures=[
                SignatureView(
                    account=encode_account(entry.account),
                    public_key=entry.public_key.hex(),
                    signature=entry.signature.hex(),
                )
                for entry in received.signatures
            ],
            raw=received.raw.hex(),
        )


class HeaderView(View):
    """A block's header. The two result roots are those after the parent."""

    hash: HashText
    version: Whole
    genesis_hash: HashText
    height: Whole
    parent_hash: HashText
    view: Whole
    parent_view: Whole
    time_ms: TimeMs
    proposer: Whole
    epoch: Whole
    transactions_root: HashText
    transactions_count: Whole
    state_root: HashText
    receipts_root: HashText
    next_committee_hash: HashText

    @classmethod
    def of(cls, header: Header) -> "HeaderView":
        """The view of a header."""
        return cls.model_validate({"hash": header.digest().hex(), **render_fields(header)})


class CommitView(View):
    """One member's Commit."""

    member: Whole
    name: str
    signature: HexText


class CertificateView(View):
    """A quorum of Commits; height 0 needs none."""

    height: Whole
    view: Whole
    digest: HashText
    signatures: list[CommitView]

    @classmethod
    def of(cls, certificate: Certificate, committee: Committee) -> "CertificateView":
        """The view of a certificate."""
        commits = [
            CommitView(
                member=entry.member,
                name=committee.members[entry.member].name,
                signature=entry.signature.hex(),
            )
            for entry in certificate.signatures
        ]
        return cls(
            height=certificate.height,
            view=certificate.view,
            digest=certificate.digest.hex(),
            signatures=commits,
        )


class SignedHeaderView(View):
    """A header with its certificate, and the canonical bytes of both to check them."""

    header: HeaderView
    certificate: CertificateView
    raw_header: HexText
    raw_certificate: HexText


class BlockView(View):
    """A block: header, certificate, a page of its transactions and its receipts' ids.

    `transactions` is filled with `full`; `next` is the `transactions_from` of the next page.
    `receipt_ids` are all of the block's, system transitions' too, in order of execution.
    """

    header: HeaderView
    certificate: CertificateView
    transaction_ids: list[HashText]
    receipt_ids: list[HashText]
    transactions: list[TransactionView]
    next: Whole | None


class BlockListView(View):
    """Headers in order of height; `next` is the `from` of the next page, null at the tip."""

    blocks: list[HeaderView]
    next: Whole | None
    height: Whole


class BlockReceiptsView(View):
    """The canonical receipts of a block in order of execution, system transitions' too.

    All of them are the leaves of the receipts root of the header above. `next` is the
    `receipts_from` of the next page, null on the last.
    """

    height: Whole
    receipts: list[HexText]
    next: Whole | None


class PlacedEventView(View):
    """An event at its place in the chain; `next` is the cursor that resumes after it."""

    cursor: str
    next: str
    height: Whole
    block_hash: HashText
    time_ms: TimeMs
    receipt_id: HashText
    type: str
    data: Plain


class EventPageView(View):
    """A page of events. `next` resumes after it; `height` is the newest block here.

    A filtered page may be short or empty while there is more: go on until `complete`.
    """

    events: list[PlacedEventView]
    next: str
    height: Whole
    complete: bool
