"""Asking for the committee: the one of now, the pending one, and each epoch's with its proof."""

from dataclasses import dataclass

from pydantic import BaseModel

from chain import committees
from chain.committees import CommitteeRecord
from chain.ledger import Ledger
from commerce.committee_views import (
    EvidenceView,
    OrganisationView,
    evidence_views,
    organisation_views,
)
from node.api.blocks import signed_header
from node.api.committee_models import CommitteeNowView, CommitteeView, EpochView
from node.api.parameters import HEIGHT_MAX, Parameter, whole
from node.api.problems import ObjectNotFound
from node.api.render import model_of, render_fields
from node.api.replies import Reply, json_reply
from node.api.routing import Call


@dataclass(frozen=True, slots=True)
class OrganisationsView:
    """Every member organisation, by account."""

    members: tuple[OrganisationView, ...]


@dataclass(frozen=True, slots=True)
class RecordedView:
    """What the chain has recorded against members, by account and epoch."""

    recorded: tuple[EvidenceView, ...]


MEMBERS_MODEL: type[BaseModel] = model_of(OrganisationsView)
RECORDED_MODEL: type[BaseModel] = model_of(RecordedView)

EPOCH: Parameter[int] = Parameter(
    "epoch",
    "path",
    whole(0, HEIGHT_MAX),
    {"type": "integer", "minimum": 0, "maximum": HEIGHT_MAX},
    "a committee's number; the founders' is 0",
    0,
)


def read_committee(call: Call) -> Reply:
    """GET /v1/committee."""
    ledger = call.service.ledger
    governing = ledger.committee_at(ledger.tip.height + 1)
    record, newest = find_epoch(ledger, governing.epoch), committees.newest(ledger.state)
    assert record is not None, "it governs"
    is_pending = newest is not None and newest.committee.epoch > governing.epoch
    return json_reply(CommitteeNowView.now(record, newest if is_pending else None))


def read_epoch(call: Call) -> Reply:
    """GET /v1/committee/{epoch}."""
    ledger, epoch = call.service.ledger, call.get(EPOCH)
    record = find_epoch(ledger, epoch)
    if record is None:
        msg = f"no committee of epoch {epoch} here"
        raise ObjectNotFound(msg, "path.epoch")
    header = signed_header(ledger, record.first_height - 1) if epoch else None
    return json_reply(EpochView(committee=CommitteeView.of(record), header=header))


def read_members(call: Call) -> Reply:
    """GET /v1/members."""
    ledger = call.service.ledger
    views = organisation_views(ledger.state, ledger.chain.genesis.committee())
    return json_reply(render_fields(OrganisationsView(tuple(views))))


def read_recorded(call: Call) -> Reply:
    """GET /v1/evidence/recorded."""
    views = evidence_views(call.service.ledger.state)
    return json_reply(render_fields(RecordedView(tuple(views))))


def find_epoch(ledger: Ledger, epoch: int) -> CommitteeRecord | None:
    """The committee of an epoch and its first height; None if this node knows none."""
    return committees.of_epoch(ledger.state, ledger.chain.genesis.committee(), epoch)
