"""Codes as the API shows them: the verdict on one, batches, reports, and claims that wait."""

import re
from dataclasses import dataclass, replace

from pydantic import BaseModel

from chain.codec import Hash
from chain.ledger import Ledger
from chain.state import StateReader
from commerce.codes import indexes
from commerce.codes.claiming import Commit, waiting_commits
from commerce.codes.serials import SERIAL_MAX, code_id
from commerce.codes.views import (
    CodeBatchView,
    CodeReportView,
    VerdictView,
    batch_view,
    report_view,
    verdict_of_id,
    verdict_view,
)
from commerce.epcis.identifiers import is_key
from commerce.epcis.stored_index import StoredIndex
from node.api.paging import CURSOR, LIMIT, newest, split_place
from node.api.parameters import (
    account_in_path,
    account_in_query,
    hash_in_path,
    text_in_path,
    text_in_query,
)
from node.api.problems import ParameterInvalid
from node.api.render import model_of, render_fields
from node.api.replies import Reply, json_reply
from node.api.routing import Call
from node.code_words import Said, said_of

_GTIN = "[0-9]{14}"
_DIGITS = re.compile(_GTIN)
_SERIAL = f"[0-9A-Za-z][0-9A-Za-z._-]{{0,{SERIAL_MAX - 1}}}"
_SERIAL_WORDS = f"a serial of 1 to {SERIAL_MAX} letters, digits, . - and _, a letter or digit first"


def gtin_text(text: str) -> str:
    """A GTIN whose check digit is right."""
    if not _DIGITS.fullmatch(text) or not is_key(text):
        msg = "a GTIN of 14 digits, of which the last is the check digit"
        raise ValueError(msg)
    return text


GTIN = replace(text_in_path("gtin", _GTIN, "a GTIN of 14 digits"), parse=gtin_text)
SERIAL = text_in_path("serial", _SERIAL, _SERIAL_WORDS)
BATCH = hash_in_path("id", "id of a batch of codes")
REPORT = hash_in_path("id", "id of a report")
ACCOUNT = account_in_path("account", "a claimant")
OF_GTIN = replace(
    text_in_query("gtin", _GTIN, "of this product, a GTIN of 14 digits"), parse=gtin_text
)
OF_OWNER = account_in_query("owner", "that this account claimed or was given")
OF_BRAND = account_in_query("brand", "of this brand")
OF_SERIAL = text_in_query("serial", _SERIAL, "about the code with this serial; gtin too")


@dataclass(frozen=True, slots=True)
class VerdictSaid:
    """The verdict on a code, the words for whoever scanned it, and where its proof is."""

    said: Said
    code: VerdictView
    proof: str


@dataclass(frozen=True, slots=True)
class CodesView:
    """Codes, newest first."""

    codes: tuple[VerdictView, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class CodeBatchesView:
    """Batches, newest first."""

    batches: tuple[CodeBatchView, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class CodeReportsView:
    """Reports, newest first."""

    reports: tuple[CodeReportView, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class CommitsView:
    """An account's commitments to claims, oldest first."""

    account: Hash
    commits: tuple[Commit, ...]


VERDICT_MODEL: type[BaseModel] = model_of(VerdictSaid)
CODES_MODEL: type[BaseModel] = model_of(CodesView)
BATCH_MODEL: type[BaseModel] = model_of(CodeBatchView)
BATCHES_MODEL: type[BaseModel] = model_of(CodeBatchesView)
REPORT_MODEL: type[BaseModel] = model_of(CodeReportView)
REPORTS_MODEL: type[BaseModel] = model_of(CodeReportsView)
COMMITS_MODEL: type[BaseModel] = model_of(CommitsView)


def known_events(ledger: Ledger) -> StoredIndex:
    """The index of events, by which a thing inherits the recall of what it was made of."""
    return StoredIndex(ledger.index, ledger.tip.height, ledger.index_tails)


def read_verdict(call: Call) -> Reply:
    """GET /v1/codes/{gtin}/{serial}."""
    gtin, serial, ledger = call.get(GTIN), call.get(SERIAL), call.service.ledger
    verdict = verdict_view(ledger.state, known_events(ledger), gtin, serial)
    proof = f"/v1/proof/code/{gtin}/{serial}"
    return json_reply(render_fields(VerdictSaid(said_of(verdict), verdict, proof)))


def read_codes(call: Call) -> Reply:
    """GET /v1/codes?gtin= or ?owner=; of an owner what is still its own."""
    ledger, gtin, owner = call.service.ledger, call.get(OF_GTIN), call.get(OF_OWNER)
    if (gtin is None) == (owner is None):
        msg = "give either gtin or owner"
        raise ParameterInvalid(msg, "query.gtin")
    prefix = (
        indexes.OWNER_CODE + owner
        if owner is not None
        else indexes.GTIN_CODE + (gtin or "").encode()
    )
    places, following = _places(call, prefix)
    index = known_events(ledger)
    found = [verdict_of_id(ledger.state, index, known_id) for known_id in dict.fromkeys(places)]
    kept = tuple(view for view in found if owner is None or view.owner == owner)
    return json_reply(render_fields(CodesView(kept, following)))


def read_batch(call: Call) -> Reply:
    """GET /v1/code-batches/{id}."""
    return json_reply(render_fields(batch_view(call.service.ledger.state, call.get(BATCH))))


def read_batches(call: Call) -> Reply:
    """GET /v1/code-batches?gtin= or ?brand=."""
    gtin, brand = call.get(OF_GTIN), call.get(OF_BRAND)
    if (gtin is None) == (brand is None):
        msg = "give either gtin or brand"
        raise ParameterInvalid(msg, "query.gtin")
    prefix = (
        indexes.BRAND_BATCH + brand
        if brand is not None
        else indexes.GTIN_BATCH + (gtin or "").encode()
    )
    places, following = _places(call, prefix)
    views = tuple(batch_view(call.service.ledger.state, known_id) for known_id in places)
    return json_reply(render_fields(CodeBatchesView(views, following)))


def read_report(call: Call) -> Reply:
    """GET /v1/code-reports/{id}."""
    return json_reply(render_fields(report_view(call.service.ledger.state, call.get(REPORT))))


def read_reports(call: Call) -> Reply:
    """GET /v1/code-reports?brand= or ?gtin=&serial=."""
    places, following = _places(call, _reports_of(call))
    state: StateReader = call.service.ledger.state
    views = tuple(report_view(state, known_id) for known_id in places)
    return json_reply(render_fields(CodeReportsView(views, following)))


def read_commits(call: Call) -> Reply:
    """GET /v1/accounts/{account}/claim-commits."""
    account = call.get(ACCOUNT)
    ledger = call.service.ledger
    now_ms = ledger.tip.header.time_ms
    waiting = waiting_commits(ledger.state, account)
    commits = tuple(commit for commit in waiting if now_ms < commit.until_ms)
    return json_reply(render_fields(CommitsView(account, commits)))


def _reports_of(call: Call) -> bytes:
    gtin, serial, brand = call.get(OF_GTIN), call.get(OF_SERIAL), call.get(OF_BRAND)
    if brand is not None and gtin is None and serial is None:
        return indexes.BRAND_REPORT + brand
    if brand is None and gtin is not None and serial is not None:
        return indexes.CODE_REPORT + code_id(gtin, serial)
    msg = "give brand, or gtin and serial"
    raise ParameterInvalid(msg, "query.brand")


def _places(call: Call, prefix: bytes) -> tuple[list[bytes], str | None]:
    """Ids of an index's newest rows, and the next cursor."""
    found, following = newest(call.service.ledger, prefix, call.get(CURSOR), call.get(LIMIT))
    return [split_place(rest)[1] for rest, _ in found], following
