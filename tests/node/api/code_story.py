"""A batch of codes on a fake node, and what happens to some of them."""

from collections.abc import Sequence

from chain.crypto import sha256
from commerce.codes.batching import CodeActivate, CodeBatch, CodeDecommission
from commerce.codes.claiming import ClaimCommit, ClaimReveal
from commerce.codes.reports import CodeReport
from commerce.codes.scanning import Scan, ScanRecord
from commerce.codes.serials import ClaimSeal, seal_of
from commerce.codes.stretches import stretch_path
from commerce.timers import MINUTE_MS
from tests.chain.world import account
from tests.commerce.codes.atelier import (
    BEIJING,
    COUNT,
    LEAVES,
    LEVELS,
    ROOT,
    SHANGHAI,
    hidden,
    serial_of,
)
from tests.node.api.market import GTIN, done
from tests.node.api.service import FakeService

SALT = sha256(b"salt")
WINDOW_MS = 10 * MINUTE_MS


async def labelled(service: FakeService) -> bytes:
    """The merchant's tea has a batch of ten codes, all active; its id."""
    _, (made, *_) = await done(
        service, "merchant", "code.batch", CodeBatch(GTIN, "L1", COUNT, ROOT, None)
    )
    batch_id = made["batch_id"]
    assert isinstance(batch_id, bytes)
    path = stretch_path(LEVELS, 0, COUNT)
    activation = CodeActivate(batch_id, 0, COUNT - 1, LEAVES, path)
    await done(service, "merchant", "code.activate", activation)
    return batch_id


async def scanned(service: FakeService, index: int, cells: Sequence[str]) -> None:
    """The brand tells of scans, all at one time."""
    now_ms = service.clock_ms()
    scans = tuple(
        Scan(GTIN, serial_of(index), bytes([place] * 32), now_ms, cell, None, None)
        for place, cell in enumerate(cells)
    )
    await done(service, "merchant", "scan.record", ScanRecord(scans))


async def copied(service: FakeService, index: int) -> None:
    """A label in two cities at once."""
    await scanned(service, index, (SHANGHAI, BEIJING))


async def committed(service: FakeService, index: int) -> None:
    """The buyer commits to a claim."""
    seal = ClaimSeal(GTIN, serial_of(index), hidden(index), account("buyer"), SALT)
    await done(service, "buyer", "code.claim_commit", ClaimCommit(seal_of(seal)))


async def revealed(service: FakeService, index: int) -> None:
    """And shows what for."""
    await committed(service, index)
    reveal = ClaimReveal(GTIN, serial_of(index), hidden(index), SALT, None)
    await done(service, "buyer", "code.claim_reveal", reveal)


async def claimed(service: FakeService, index: int) -> None:
    """And becomes the owner."""
    await revealed(service, index)
    await service.decide(WINDOW_MS)


async def withdrawn(service: FakeService, batch_id: bytes, index: int) -> None:
    """The brand takes a code out of circulation."""
    dead = CodeDecommission(batch_id, index, index)
    await done(service, "merchant", "code.decommission", dead)


async def reported(service: FakeService, index: int) -> bytes:
    """The buyer reports a copy; the report's id."""
    report = CodeReport(GTIN, serial_of(index), sha256(b"a photograph"))
    _, (told, *_) = await done(service, "buyer", "code.report", report)
    report_id = told["report_id"]
    assert isinstance(report_id, bytes)
    return report_id
