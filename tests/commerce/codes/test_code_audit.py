"""The audit of codes: what disagrees is found."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from chain.errors import InvariantBreach
from chain.state import Overlay
from commerce.codes.batch import BATCHES, DEAD, Stretch
from commerce.codes.binding import BOUND, BoundLine, CodeBind
from commerce.codes.claiming import COMMITS, COUNT, CommitCount
from commerce.codes.code_audit import check_codes
from commerce.codes.items import CODES, code_deadlines
from commerce.codes.reports import OPEN_REPORTS, CodeReport, OpenReport
from commerce.codes.serials import code_id
from commerce.codes.taps import TAGS, Tag
from tests.commerce.codes.atelier import UID, Atelier, serial_of
from tests.commerce.shop import TEA
from tests.commerce.world import account


def busy() -> Atelier:
    """Something in every table."""
    atelier = Atelier()
    order_id = atelier.paid((atelier.tea, 1))
    atelier.done("merchant", ("code.bind", CodeBind(TEA, serial_of(0), order_id, 0, None)))
    atelier.scanned(atelier.scan(tap=atelier.tap(1)))
    atelier.committed("buyer", 1)
    atelier.revealed("buyer", 1)
    atelier.committed("buyer", 2)
    atelier.done("friend", ("code.report", CodeReport(TEA, serial_of(0), bytes(32))))
    return atelier


def test_all_that_the_rules_write_agrees() -> None:
    atelier = busy()
    check_codes(atelier.state)
    (deadline,) = code_deadlines(atelier.state)
    assert deadline.kind == "sys.code.claim"
    assert deadline.object_id == code_id(TEA, serial_of(1))


def _miscounted(atelier: Atelier, state: Overlay) -> None:
    batch = BATCHES.load(state, atelier.batch_id)
    assert batch is not None
    BATCHES.store(state, replace(batch, active=3), atelier.batch_id)


def _beyond(atelier: Atelier, state: Overlay) -> None:
    DEAD.store(state, Stretch(8, 1), atelier.batch_id, (99).to_bytes(4, "big"))


def _astray(_: Atelier, state: Overlay) -> None:
    code = CODES.load(state, code_id(TEA, serial_of(0)))
    assert code is not None
    CODES.store(state, code, bytes(32))


def _unbound(atelier: Atelier, state: Overlay) -> None:
    ((key, _),) = BOUND.items(atelier.state)
    BOUND.store(state, BoundLine(2), key)


def _tagged(_: Atelier, state: Overlay) -> None:
    TAGS.store(state, Tag(bytes(32), 1), account("merchant"), UID)


def _uncounted(_: Atelier, state: Overlay) -> None:
    COUNT.store(state, CommitCount(1, 1))


def _shared(_: Atelier, state: Overlay) -> None:
    commits = COMMITS.load(state, account("buyer"))
    assert commits is not None
    COMMITS.store(state, commits, account("friend"))


def _forgotten(_: Atelier, state: Overlay) -> None:
    OPEN_REPORTS.store(state, OpenReport(bytes(32)), account("friend"), bytes(32))


def _unreported(_: Atelier, state: Overlay) -> None:
    known_id = code_id(TEA, serial_of(0))
    code = CODES.load(state, known_id)
    assert code is not None
    CODES.store(state, replace(code, reports=0), known_id)


@pytest.mark.parametrize(
    "breach",
    [
        *(_miscounted, _beyond, _astray, _unbound, _tagged),
        *(_uncounted, _shared, _forgotten, _unreported),
    ],
)
def test_what_disagrees_is_found(breach: Callable[[Atelier, Overlay], None]) -> None:
    atelier = busy()
    state = Overlay(atelier.state)
    breach(atelier, state)
    with pytest.raises(InvariantBreach):
        check_codes(state)
