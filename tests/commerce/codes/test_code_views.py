"""Verdicts: what is said of a code, and never that a label is genuine."""

import dataclasses

import pytest

from chain.merkle import root_of_hashes
from commerce.codes.batch import ACTIVE, BATCHES, DEAD
from commerce.codes.batching import CodeDecommission
from commerce.codes.errors import CodeBatchUnknown, CodeUnknown
from commerce.codes.items import CODES
from commerce.codes.scanning import ScanRecord
from commerce.codes.serials import code_id
from commerce.codes.views import VERDICTS, batch_view, proof_keys, verdict_view
from commerce.epcis.stored_index import StoredIndex
from commerce.recalls.recalls import RecallExtend, RecallOpen
from tests.commerce.codes.atelier import BEIJING, COUNT, ROOT, Atelier, serial_of
from tests.commerce.shop import TEA
from tests.commerce.world import HOUR_MS, account


def test_a_code_goes_from_verdict_to_verdict() -> None:
    atelier = Atelier(shown=False)
    atelier.done("merchant", ("scan.record", _scan_of(atelier)))
    seen = [atelier.verdict().verdict]
    atelier.activate(0, COUNT - 1)
    seen.append(atelier.verdict().verdict)
    atelier.scanned(atelier.scan(), atelier.scan(cell=BEIJING))
    seen.append(atelier.verdict().verdict)
    atelier.committed("buyer")
    atelier.revealed("buyer")
    atelier.wait(HOUR_MS)
    seen.append(atelier.verdict().verdict)
    stop = CodeDecommission(atelier.batch_id, 0, 1)
    atelier.done("merchant", ("code.decommission", stop))
    # What is claimed stays so: a brand doesn't void it.
    seen += [atelier.verdict(0).verdict, atelier.verdict(1).verdict]
    assert seen == ["inactive", "registered", "suspect", "claimed", "claimed", "withdrawn"]
    assert set(seen) == set(VERDICTS)


def _scan_of(atelier: Atelier) -> ScanRecord:
    scan = dataclasses.replace(atelier.scan(by=account("merchant")), member=atelier.member(0))
    return ScanRecord((scan,))


def test_a_verdict_tells_product_lot_brand_and_recall() -> None:
    atelier = Atelier()
    verdict = atelier.verdict()
    assert (verdict.product, verdict.lot, verdict.brand) == (
        f"goods {TEA}",
        "L1",
        account("merchant"),
    )
    assert not verdict.recalled
    atelier.done("merchant", ("recall.open", RecallOpen(TEA, 1, bytes(32), None)))
    assert atelier.verdict().recalled


@pytest.mark.parametrize(
    ("lots", "items"), [(("L1",), ()), ((), (f"https://id.gs1.org/01/{TEA}/21/{serial_of(0)}",))]
)
def test_a_verdict_tells_the_recall_of_a_lot_or_an_item(
    lots: tuple[str, ...], items: tuple[str, ...]
) -> None:
    atelier = Atelier()
    opening = RecallOpen(TEA, 1, bytes(32), None, ("L2",))
    recall_id = atelier.done("merchant", ("recall.open", opening))[0].data["recall_id"]
    assert isinstance(recall_id, bytes)
    assert not atelier.verdict().recalled
    extended = RecallExtend(
        recall_id=recall_id,
        lots=lots,
        items=items,
        from_ms=None,
        to_ms=None,
        whole=False,
        recall_class=None,
        instruction=None,
        report=None,
    )
    atelier.done("merchant", ("recall.extend", extended))
    assert atelier.verdict().recalled


def test_nothing_is_said_of_a_code_that_was_never_shown() -> None:
    atelier = Atelier()
    with pytest.raises(CodeUnknown):
        verdict_view(atelier.state, StoredIndex(atelier.state.index), TEA, "none")
    with pytest.raises(CodeBatchUnknown):
        batch_view(atelier.state, bytes(32))


def test_a_batch_tells_its_root_and_which_codes_are_out() -> None:
    atelier = Atelier(shown=False)
    atelier.activate(2, 4)
    view = batch_view(atelier.state, atelier.batch_id)
    assert (view.count, view.active, view.dead, view.root) == (COUNT, 3, 0, ROOT)
    assert [(entry.first, entry.last) for entry in view.active_stretches] == [(2, 4)]
    assert root_of_hashes([ROOT]) == ROOT


def test_what_a_verdict_rests_on_is_provable_also_of_a_code_that_nobody_made() -> None:
    atelier = Atelier()
    keys = proof_keys(atelier.state, TEA, serial_of(0))
    assert [key.partition(b"/")[0] for key in keys] == [b"code-item", b"code-batch", b"code-active"]
    assert all(atelier.state.get(key) is not None for key in keys)
    assert keys[2].startswith(ACTIVE.prefix)
    assert keys[1] == BATCHES.key(atelier.batch_id)
    unknown = proof_keys(atelier.state, TEA, "none")
    assert unknown == (CODES.key(code_id(TEA, "none")),)
    stop = CodeDecommission(atelier.batch_id, 0, 0)
    atelier.done("merchant", ("code.decommission", stop))
    assert proof_keys(atelier.state, TEA, serial_of(0))[3].startswith(DEAD.prefix)
