"""What the API shows of members and their seats: pure reads of the agreed state.

`founders` is the committee of the genesis; see chain/committees.py for the committees themselves.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from chain import committees
from chain.codec import Hash
from chain.committee import Committee
from chain.state import StateReader
from commerce.committee_errors import MemberUnknown
from commerce.evidence import EVIDENCE, EvidenceRecord
from commerce.members import MEMBERS, OrganisationRecord

_EPOCH_SIZE = 8


@dataclass(frozen=True, slots=True)
class OrganisationView:
    """A member organisation; `seat_key` is the node key of its seat in the newest committee, None
    without one, and `suspended` whether that seat may not lead.
    """

    account: Hash
    organisation: str
    node_keys: tuple[bytes, ...]
    certificate: Hash | None
    registered_ms: int
    seat_key: Hash | None
    suspended: bool


@dataclass(frozen=True, slots=True)
class EvidenceView:
    """What the chain has recorded against a member; the proof is in the transaction of that id."""

    account: Hash
    organisation: str
    epoch: int
    node_key: Hash
    kind: str
    height: int
    view: int
    reporter: Hash
    transaction_id: Hash
    time_ms: int


def organisation_views(state: StateReader, founders: Committee) -> Iterator[OrganisationView]:
    """Every member organisation, by account."""
    committee = _newest(state, founders)
    for account, record in MEMBERS.items(state):
        yield _organisation(account, record, committee)


def organisation_view(state: StateReader, founders: Committee, account: bytes) -> OrganisationView:
    """One member organisation, or `MemberUnknown`."""
    record = MEMBERS.load(state, account)
    if record is None:
        msg = f"{account.hex()} is no member organisation's account"
        raise MemberUnknown(msg)
    return _organisation(account, record, _newest(state, founders))


def evidence_views(state: StateReader, account: bytes = b"") -> Iterator[EvidenceView]:
    """What is recorded, by account and epoch; against one account if one is named."""
    for key, record in EVIDENCE.items(state, account):
        convicted, epoch = key[:-_EPOCH_SIZE], int.from_bytes(key[-_EPOCH_SIZE:], "big")
        yield _evidence(state, convicted, epoch, record)


def _newest(state: StateReader, founders: Committee) -> Committee:
    newest = committees.newest(state)
    return founders if newest is None else newest.committee


def _organisation(
    account: bytes, record: OrganisationRecord, committee: Committee
) -> OrganisationView:
    seat = next((member for member in committee.members if member.account == account), None)
    return OrganisationView(
        account=account,
        organisation=record.organisation,
        node_keys=record.node_keys,
        certificate=record.certificate,
        registered_ms=record.registered_ms,
        seat_key=None if seat is None else seat.node_key,
        suspended=seat is not None and seat.suspended,
    )


def _evidence(
    state: StateReader, account: bytes, epoch: int, record: EvidenceRecord
) -> EvidenceView:
    organisation = MEMBERS.load(state, account)
    assert organisation is not None
    return EvidenceView(
        account=account,
        organisation=organisation.organisation,
        epoch=epoch,
        node_key=record.node_key,
        kind=record.kind,
        height=record.height,
        view=record.view,
        reporter=record.reporter,
        transaction_id=record.transaction_id,
        time_ms=record.time_ms,
    )
