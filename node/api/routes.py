"""The route table: one row a route. Dispatch, /v1/openapi.json and the tests all read it."""

from dataclasses import replace

from chain import errors
from chain.bundle import MEDIA_TYPE as BUNDLE
from node.api import (
    blocks,
    committees,
    dry_runs,
    events,
    evidence,
    node_reads,
    proofs,
    stream,
    submission,
)
from node.api.aftersale_routes import AFTERSALE
from node.api.bank_routes import BANKING
from node.api.catalogue_routes import CATALOGUE
from node.api.code_routes import CODES
from node.api.codes import GTIN, SERIAL
from node.api.committee_models import CommitteeNowView, EpochView
from node.api.cursors import CURSOR
from node.api.custody_routes import CUSTODY
from node.api.device_routes import DEVICES
from node.api.epcis.routes import EPCIS
from node.api.evidence_models import EvidencePageView
from node.api.models import (
    BatchView,
    BlockListView,
    BlockReceiptsView,
    BlockView,
    EventPageView,
    ReceiptView,
    SignedHeaderView,
    SubmissionView,
    TransactionView,
)
from node.api.page_routes import PAGES
from node.api.problems import (
    BlockUnknown,
    BodyInvalid,
    BodyTooLarge,
    Busy,
    MediaTypeUnsupported,
    ObjectNotFound,
    ReceiptNotFound,
    TooManyStreams,
    TransactionNotFound,
)
from node.api.recall_routes import RECALLS
from node.api.review_routes import REVIEWS
from node.api.routing import PROOF_COST, Route
from node.api.status_models import (
    CONSENSUS_MODEL,
    GenesisView,
    HealthView,
    ReadyView,
    StatusView,
    TransactionTypesView,
    TransactionTypeView,
)
from node.api.trace_routes import TRACES
from node.api.trade_routes import ACCOUNTS, PROVENANCE, TRADE
from node.api.visitors import AskedTooOften, SubmitTokenNeeded
from node.service import PoolFull
from node.strict_json import JsonRefused

# What the door may answer to a transaction (ledger.md § Node).
DOOR = (
    errors.EncodingInvalid,
    errors.TextNotCanonical,
    errors.TooLarge,
    errors.OperationUnknown,
    errors.OperationMalformed,
    errors.SignaturesUnsorted,
    errors.SignatureInvalid,
    errors.VersionUnknown,
    errors.WrongChain,
    errors.TransactionExpired,
    errors.LifetimeTooLong,
    errors.SenderUnknown,
    errors.PolicyNotSatisfied,
    PoolFull,
)
SUBMITTER = (SubmitTokenNeeded, AskedTooOften)
FORM = (MediaTypeUnsupported, JsonRefused, BodyInvalid, BodyTooLarge)

NODE: tuple[Route, ...] = (
    Route("GET", "/", "What is here", {200: "text/plain"}, handle=node_reads.index, cost=0),
    Route(
        "GET",
        "/health",
        "Are the process, its loop and its ledger's thread alive?",
        {200: HealthView, 503: HealthView},
        handle=node_reads.health,
        cost=0,
    ),
    Route(
        "GET",
        "/ready",
        "Does the node take part and serve what is current?",
        {200: ReadyView, 503: ReadyView},
        handle=node_reads.ready,
        cost=0,
    ),
    Route(
        "GET",
        "/metrics",
        "Prometheus metrics",
        {200: "text/plain"},
        handle=node_reads.metrics,
        cost=0,
    ),
    Route(
        "GET",
        "/v1/openapi.json",
        "This document",
        {200: "application/json"},
        handle=node_reads.document,
        cost=0,
    ),
    Route("GET", "/v1/status", "The node", {200: StatusView}, handle=node_reads.status, cost=0),
    Route(
        "GET",
        "/v1/consensus",
        "Where this node stands before the next decision",
        {200: CONSENSUS_MODEL},
        handle=node_reads.consensus,
    ),
    Route(
        "GET",
        "/v1/genesis",
        "What the chain starts from",
        {200: GenesisView},
        read=node_reads.read_genesis,
    ),
    Route(
        "GET",
        "/v1/committee",
        "Who votes on the next block, and who will if a change is pending",
        {200: CommitteeNowView},
        read=committees.read_committee,
    ),
    Route(
        "GET",
        "/v1/committee/{epoch}",
        "The committee of an epoch and the certified header that names it",
        {200: EpochView},
        read=committees.read_epoch,
        parameters=(committees.EPOCH,),
        problems=(ObjectNotFound,),
    ),
    Route(
        "GET",
        "/v1/members",
        "Every member organisation, its node keys and its seat",
        {200: committees.MEMBERS_MODEL},
        read=committees.read_members,
    ),
    Route(
        "GET",
        "/v1/evidence/recorded",
        "What the chain has recorded against members",
        {200: committees.RECORDED_MODEL},
        read=committees.read_recorded,
    ),
    Route(
        "GET",
        "/v1/evidence",
        "What this node found against members: a page, or with an upgrade a WebSocket",
        {200: EvidencePageView},
        handle=evidence.evidence,
        parameters=(evidence.CURSOR, evidence.LIMIT),
        problems=(TooManyStreams,),
    ),
    Route(
        "GET",
        "/v1/transaction-types",
        "Every native transaction type",
        {200: TransactionTypesView},
        read=node_reads.read_types,
    ),
    Route(
        "GET",
        "/v1/transaction-types/{name}",
        "One native transaction type",
        {200: TransactionTypeView},
        read=node_reads.read_type,
        parameters=(node_reads.TYPE_NAME,),
        problems=(ObjectNotFound,),
    ),
)

CHAIN: tuple[Route, ...] = (
    Route(
        "POST",
        "/v1/transactions",
        "Submit a signed transaction",
        {200: SubmissionView, 202: SubmissionView},
        handle=submission.submit,
        parameters=(submission.WAIT, submission.TIMEOUT_MS),
        bodies=submission.ONE_TAKES,
        problems=(*FORM, *DOOR, *SUBMITTER),
    ),
    Route(
        "POST",
        "/v1/transactions/batch",
        "Submit up to 1000 signed transactions",
        {200: BatchView, 202: BatchView},
        handle=submission.submit_many,
        parameters=(submission.WAIT, submission.TIMEOUT_MS),
        bodies=submission.MANY_TAKES,
        problems=(*FORM, errors.EncodingInvalid, errors.TooLarge, *SUBMITTER),
    ),
    Route(
        "POST",
        "/v1/transactions/dry-run",
        "What a transaction would do now, without sending it",
        {200: dry_runs.DryRunView},
        handle=dry_runs.dry_run,
        bodies=dry_runs.TAKES,
        problems=(*FORM, *DOOR, errors.TransactionRepeated, Busy),
        is_long=True,
    ),
    Route(
        "GET",
        "/v1/transactions/{id}",
        "A transaction and its outcome",
        {200: TransactionView, 202: TransactionView},
        handle=blocks.read_transaction_by_id,
        parameters=(blocks.TRANSACTION_ID,),
        problems=(TransactionNotFound,),
    ),
    Route(
        "GET",
        "/v1/receipts/{id}",
        "The outcome of a transaction or system transition",
        {200: ReceiptView},
        read=blocks.read_receipt,
        parameters=(blocks.RECEIPT_ID,),
        problems=(ReceiptNotFound,),
    ),
    Route(
        "GET",
        "/v1/blocks",
        "Headers in order of height",
        {200: BlockListView},
        read=blocks.read_blocks,
        parameters=(blocks.FROM, blocks.LIMIT),
        problems=(errors.HistoryPruned,),
    ),
    Route(
        "GET",
        "/v1/blocks/{height}",
        "A block",
        {200: BlockView},
        read=blocks.read_block,
        parameters=(
            blocks.HEIGHT,
            blocks.FULL,
            blocks.TRANSACTIONS_FROM,
            blocks.TRANSACTIONS_LIMIT,
        ),
        problems=(BlockUnknown, errors.HistoryPruned),
    ),
    Route(
        "GET",
        "/v1/blocks/{height}/receipts",
        "Every receipt of a block, the leaves of the root in the header above",
        {200: BlockReceiptsView},
        read=blocks.read_block_receipts,
        parameters=(blocks.HEIGHT, blocks.RECEIPTS_FROM, blocks.RECEIPTS_LIMIT),
        problems=(BlockUnknown, errors.HistoryPruned),
    ),
    Route(
        "GET",
        "/v1/headers/{height}",
        "A header, its certificate and the canonical bytes of both",
        {200: SignedHeaderView},
        read=blocks.read_header,
        parameters=(blocks.HEIGHT,),
        problems=(BlockUnknown, errors.HistoryPruned),
    ),
    Route(
        "GET",
        "/v1/events",
        "Events from a cursor: a page, or with an upgrade a WebSocket",
        {200: EventPageView},
        handle=stream.events,
        parameters=(CURSOR, events.TYPES, events.ACCOUNT, events.LIMIT),
        problems=(TooManyStreams, errors.HistoryPruned),
    ),
)

PROOFS: tuple[Route, ...] = (
    Route(
        "GET",
        "/v1/proof/state/{key}",
        "A proof of what the state holds under a key, or that it holds nothing",
        {200: BUNDLE},
        handle=proofs.prove_state,
        parameters=(proofs.KEY, proofs.TRUSTED, proofs.HEADS),
        problems=(BlockUnknown, *proofs.PROBLEMS),
    ),
    Route(
        "GET",
        "/v1/proof/transaction/{id}",
        "A proof that a block has a transaction",
        {200: BUNDLE},
        handle=proofs.prove_transaction,
        parameters=(proofs.TRANSACTION_ID, proofs.TRUSTED, proofs.HEADS),
        problems=(TransactionNotFound, BlockUnknown, *proofs.PROBLEMS),
    ),
    Route(
        "GET",
        "/v1/proof/receipt/{id}",
        "A proof of an outcome",
        {200: BUNDLE},
        handle=proofs.prove_receipt,
        parameters=(proofs.RECEIPT_ID, proofs.TRUSTED, proofs.HEADS),
        problems=(ReceiptNotFound, BlockUnknown, *proofs.PROBLEMS),
    ),
    Route(
        "GET",
        "/v1/proof/event/{key}",
        "A proof of an EPCIS event, or that nobody captured it",
        {200: BUNDLE},
        handle=proofs.prove_event,
        parameters=(proofs.EVENT_KEY, proofs.TRUSTED, proofs.HEADS),
        problems=(BlockUnknown, *proofs.PROBLEMS),
    ),
    Route(
        "GET",
        "/v1/proof/code/{gtin}/{serial}",
        "A proof of what a verdict on a code rests on, or that the chain knows no such code",
        {200: BUNDLE},
        handle=proofs.prove_code,
        parameters=(GTIN, SERIAL, proofs.TRUSTED, proofs.HEADS),
        problems=(BlockUnknown, *proofs.PROBLEMS),
    ),
)

ROUTES: tuple[Route, ...] = (
    *(
        *NODE,
        *CHAIN,
        *(replace(row, cost=PROOF_COST) for row in PROOFS),
        *ACCOUNTS,
        *TRADE,
        *AFTERSALE,
        *CATALOGUE,
        *BANKING,
        *RECALLS,
        *REVIEWS,
        *CODES,
        *PROVENANCE,
        *TRACES,
        *CUSTODY,
        *DEVICES,
        *EPCIS,
        *(replace(row, cost=0) for row in PAGES),
    ),
)
