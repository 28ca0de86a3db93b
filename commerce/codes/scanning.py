"""Scans: scan.record, a gateway's or a custodian's batch of them.

Consumers scan anonymously: their gateway (the brand's own resolver, or an account with the role)
sends what it saw, under pseudonyms. Somebody of the trade scans what it has itself, and speaks
under its own account.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from chain.block import Event
from chain.codec import Hash, Size, TimeMs
from chain.context import Context, event
from commerce.codes.batch import ACTIVE, DEAD, load_batch, since_of
from commerce.codes.cells import CELL_SIZE, check_cell
from commerce.codes.errors import (
    CellMalformed,
    CodeBatchUnknown,
    CodeUnknown,
    LeafInvalid,
    NotInHand,
    ScannerForeign,
    ScanTimeInvalid,
    SerialElsewhere,
    SerialMalformed,
    TagElsewhere,
    TapReplayed,
    TapUnsigned,
    VerifierMissing,
)
from commerce.codes.items import Code, Membership, Seen, save_code, shown_code
from commerce.codes.serials import Serial, code_id, link_of
from commerce.codes.signals import Facts, seen_by
from commerce.codes.taps import Tap, tapped
from commerce.codes.trade import is_of_trade
from commerce.goods.things import THINGS, maker_of, name_part, owner_of, possessor_of
from commerce.orders import load_order
from commerce.parcels import PARCELS_MAX, load_parcel, parcel_id
from commerce.products import Gtin
from commerce.refusals import refuses
from commerce.roles import has_role_for_goods
from commerce.timers import DAY_MS

SCANS_MAX = 100
SCAN_AGE_MAX_MS = 7 * DAY_MS
GATEWAY = "gateway"

ScanCell = Annotated[str, Size(min=CELL_SIZE, max=CELL_SIZE)]


@dataclass(frozen=True, slots=True)
class Scan:
    """One scan of a code. `scanner` is the account of somebody of the trade, or a gateway's
    pseudonym (a salted hash) of a consumer's device; `cell` a geohash of 4 characters. `member`
    shows a code that the chain doesn't know yet; `tap` is the verdict on its tag.
    """

    gtin: Gtin
    serial: Serial
    scanner: Hash
    time_ms: TimeMs
    cell: ScanCell
    member: Membership | None
    tap: Tap | None


@dataclass(frozen=True, slots=True)
class ScanRecord:
    """Scans in the order in which they are judged: that of their times, as a rule."""

    scans: Annotated[tuple[Scan, ...], Size(min=1, max=SCANS_MAX)]


@refuses(
    CellMalformed,
    SerialMalformed,
    CodeBatchUnknown,
    LeafInvalid,
    SerialElsewhere,
    CodeUnknown,
    ScanTimeInvalid,
    NotInHand,
    ScannerForeign,
    VerifierMissing,
    TapUnsigned,
    TagElsewhere,
    TapReplayed,
)
def scan_record(op: ScanRecord, context: Context) -> tuple[Event, ...]:
    """Remember scans, all or none, and tell which codes became suspect by them."""
    for scan in op.scans:
        check_cell(scan.cell)
    before: dict[bytes, Code] = {}
    after: dict[bytes, Code] = {}
    for scan in op.scans:
        known_id = code_id(scan.gtin, scan.serial)
        code = after.get(known_id)
        if code is None:
            code = shown_code(context, scan.gtin, scan.serial, scan.member)
            before[known_id] = code
        after[known_id] = _scanned(context, code, scan)
    events = [event("scan.recorded", by=context.sender, count=len(op.scans))]
    for known_id, code in after.items():
        save_code(context, before[known_id], code)
        events += suspected(context, before[known_id], code)
    return tuple(events)


def suspected(context: Context, before: Code, after: Code) -> Sequence[Event]:
    """The notice to who has the thing, where a sign of copies is new."""
    kinds = tuple([signal.kind for signal in after.signals[len(before.signals) :]])
    if not kinds:
        return ()
    thing = link_of(after.gtin, after.serial)
    told = event(
        "code.suspected",
        code_id=code_id(after.gtin, after.serial),
        gtin=after.gtin,
        serial=after.serial,
        kinds=kinds,
        brand=load_batch(context.state, after.batch_id).brand,
        owner=owner_of(context.state, thing),
        holder=possessor_of(context.state, thing),
    )
    return (told,)


def _scanned(context: Context, code: Code, scan: Scan) -> Code:
    genesis = context.chain.genesis
    age_ms = context.time_ms - scan.time_ms
    # Clocks differ: as far as those of members may, so may a gateway's.
    ahead_ms = genesis.consensus.clock_drift_max_ms
    if not -ahead_ms <= age_ms <= genesis.scaled_ms(SCAN_AGE_MAX_MS):
        msg = f"the scan of {scan.gtin} {scan.serial} is of time {scan.time_ms}"
        raise ScanTimeInvalid(msg)
    _require_right(context, scan)
    batch = load_batch(context.state, code.batch_id)
    if scan.tap is not None:
        code = tapped(context, code, batch, scan.tap, (scan.time_ms, scan.cell))
    custodian = is_of_trade(context.state, scan.scanner, scan.gtin, scan.serial)
    seen = Seen(scan.scanner, custodian, scan.time_ms, scan.cell)
    return seen_by(code, seen, _facts(context, code, batch.brand, seen))


def _require_right(context: Context, scan: Scan) -> None:
    """The brand and a gateway tell of anybody's scan, who has the thing of its own."""
    state, sender = context.state, context.sender
    thing = link_of(scan.gtin, scan.serial)
    if maker_of(state, thing) == sender or has_role_for_goods(state, sender, GATEWAY, scan.gtin):
        return
    if possessor_of(state, thing) != sender:
        msg = f"{scan.gtin} {scan.serial} is not in the sender's hands, and it is no gateway"
        raise NotInHand(msg)
    if scan.scanner != sender:
        msg = "who has the thing scans it under its own account"
        raise ScannerForeign(msg)


def _facts(context: Context, code: Code, brand: bytes, seen: Seen) -> Facts:
    state = context.state
    thing = THINGS.load(state, name_part(link_of(code.gtin, code.serial)))
    return Facts(
        active_ms=since_of(ACTIVE, state, code.batch_id, code.index),
        dead_ms=since_of(DEAD, state, code.batch_id, code.index),
        possessed_ms=0 if thing is None else thing.since_ms,
        brand=brand,
        # Nobody asks who else's a consumer's scan could be.
        parties=_parties(context, code, brand) if seen.custodian else (),
        time_scale=context.chain.genesis.time_scale,
    )


def _parties(context: Context, code: Code, brand: bytes) -> tuple[bytes, ...]:
    """Who may have a thing that is sold: its brand, the seller, buyer and carriers of its order,
    and who has it or owns it by now.
    """
    if code.sale is None:
        return ()
    order = load_order(context.state, code.sale.order_id)
    thing = link_of(code.gtin, code.serial)
    numbers = range(min(order.parcels, PARCELS_MAX))
    parcels = [load_parcel(context.state, parcel_id(code.sale.order_id, n)) for n in numbers]
    now = (possessor_of(context.state, thing), owner_of(context.state, thing))
    return (
        *(brand, order.seller, order.buyer),
        *[parcel.carrier for parcel in parcels],
        *[account for account in now if account is not None],
    )
