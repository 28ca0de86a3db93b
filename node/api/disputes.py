"""Disputes and arbiters as the API shows them: by id, of a party, and what waits for a vote."""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel

from chain.codec import Hash
from chain.state import StateReader
from commerce import indexes
from commerce.disputes.arbiters import ARBITERS, Arbiter
from commerce.disputes.dispute import Dispute, Ending, load_dispute
from commerce.disputes.views import DisputeView, arbiter_view, dispute_view, turn_of
from node.api.paging import CURSOR, LIMIT, chosen, newest_chosen, rows_after, split_place
from node.api.parameters import account_in_path, account_in_query, flag, hash_in_path
from node.api.problems import ParameterInvalid
from node.api.render import model_of, render_fields
from node.api.replies import Reply, json_reply
from node.api.routing import Call

DISPUTE_ID = hash_in_path("id", "id of a dispute: that of its case, claim or penalty")
PARTY = account_in_path("account", "buyer or seller")
ARBITER = account_in_path("account", "an arbiter")
OF_ACCOUNT = account_in_query("account", "disputes with this buyer or seller, newest first")
OF_ARBITER = account_in_query("arbiter", "instead: disputes in which this arbiter has a seat now")
WAITING = flag("waiting", "only those that haven't ended; of an arbiter: that wait for its vote")


@dataclass(frozen=True, slots=True)
class DisputeEntry:
    """A dispute in a list. `waits_for` is what it wants of the arbiter who was asked for:
    dispute.commit, dispute.reveal, or None while it wants nothing.
    """

    dispute_id: Hash
    kind: str
    phase: str
    round: int
    buyer: Hash
    seller: Hash
    symbol: str
    worth_minor: int
    clock_ms: int | None
    clock_kind: str | None
    cap_ms: int
    ending: Ending | None
    waits_for: str | None


@dataclass(frozen=True, slots=True)
class DisputesView:
    """Disputes of a party, newest first; of an arbiter, by id."""

    disputes: tuple[DisputeEntry, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class ArbitersView:
    """Everybody with a bond, on the regulator's list or in a panel."""

    arbiters: tuple[Arbiter, ...]
    next: str | None


DISPUTE_MODEL: type[BaseModel] = model_of(DisputeView)
DISPUTES_MODEL: type[BaseModel] = model_of(DisputesView)
ARBITER_MODEL: type[BaseModel] = model_of(Arbiter)
ARBITERS_MODEL: type[BaseModel] = model_of(ArbitersView)


def read_dispute(call: Call) -> Reply:
    """GET /v1/disputes/{id}."""
    return json_reply(render_fields(dispute_view(_state(call), call.get(DISPUTE_ID))))


def read_disputes(call: Call) -> Reply:
    """GET /v1/disputes?account= or ?arbiter=."""
    account, arbiter = call.get(OF_ACCOUNT), call.get(OF_ARBITER)
    if account is not None and arbiter is None:
        return _of_party(call, account)
    if arbiter is not None and account is None:
        return _of_arbiter(call, arbiter)
    msg = "give either account or arbiter"
    raise ParameterInvalid(msg, "query.account")


def read_disputes_of(call: Call) -> Reply:
    """GET /v1/accounts/{account}/disputes."""
    return _of_party(call, call.get(PARTY))


def read_arbiters(call: Call) -> Reply:
    """GET /v1/arbiters."""
    rows = rows_after(_state(call), ARBITERS, call.get(CURSOR))
    found, following = chosen(rows, call.get(LIMIT), lambda _, arbiter: arbiter)
    return json_reply(render_fields(ArbitersView(tuple(found), following)))


def read_arbiter(call: Call) -> Reply:
    """GET /v1/arbiters/{account}."""
    return json_reply(render_fields(arbiter_view(_state(call), call.get(ARBITER))))


def _of_party(call: Call, account: bytes) -> Reply:
    state, waiting = _state(call), call.get(WAITING)

    def choose(rest: bytes, _part: bytes) -> DisputeEntry | None:
        dispute_id = split_place(rest)[1]
        dispute = load_dispute(state, dispute_id)
        return None if waiting and dispute.due_ms is None else _entry(dispute_id, dispute, None)

    page = (call.get(CURSOR), call.get(LIMIT))
    prefix = indexes.ACCOUNT_DISPUTE + account
    return _reply(*newest_chosen(call.service.ledger, prefix, page, choose))


def _of_arbiter(call: Call, arbiter: bytes) -> Reply:
    state, waiting = _state(call), call.get(WAITING)

    def choose(dispute_id: bytes, _: bytes) -> DisputeEntry | None:
        dispute = load_dispute(state, dispute_id)
        turn = turn_of(dispute, arbiter)
        return None if waiting and turn is None else _entry(dispute_id, dispute, turn)

    page = (call.get(CURSOR), call.get(LIMIT))
    prefix = indexes.ARBITER_SEAT + arbiter
    return _reply(*newest_chosen(call.service.ledger, prefix, page, choose))


def _reply(found: Sequence[DisputeEntry], following: str | None) -> Reply:
    return json_reply(render_fields(DisputesView(tuple(found), following)))


def _entry(dispute_id: bytes, dispute: Dispute, waits_for: str | None) -> DisputeEntry:
    clock_ms, clock_kind = dispute.clock() or (None, None)
    return DisputeEntry(
        dispute_id=dispute_id,
        kind=dispute.subject.kind,
        phase=dispute.phase,
        round=dispute.round,
        buyer=dispute.subject.buyer,
        seller=dispute.subject.seller,
        symbol=dispute.subject.symbol,
        worth_minor=dispute.subject.stake_minor,
        clock_ms=clock_ms,
        clock_kind=clock_kind,
        cap_ms=dispute.cap_ms,
        ending=dispute.ending,
        waits_for=waits_for,
    )


def _state(call: Call) -> StateReader:
    return call.service.ledger.state
