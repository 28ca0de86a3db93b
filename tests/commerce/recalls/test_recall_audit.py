"""The audit finds rows of recalls that don't agree."""

from collections.abc import Callable

import pytest

from chain.errors import InvariantBreach
from chain.state import Overlay, u64
from commerce.recalls.blocked import RECALLED, TOUCHED, RecalledProducts, Touched
from commerce.recalls.demands import DEMANDS
from commerce.recalls.marks import MARKED, QUEUE
from commerce.recalls.notices import NOTICES
from commerce.recalls.recall_audit import check_recalls
from commerce.recalls.record import RECALLS
from commerce.records import altered
from tests.commerce.recalls.dairy import Dairy, milk, tea

Damage = Callable[[Overlay, bytes], None]


def changed(**fields: object) -> Damage:
    """Other values in the recall's record."""

    def damage(state: Overlay, recall_id: bytes) -> None:
        known = RECALLS.load(state, recall_id)
        assert known is not None
        RECALLS.store(state, altered(known, **fields), recall_id)  # type: ignore[arg-type]

    return damage


def _misplaced(state: Overlay, _: bytes) -> None:
    key, marked = next(MARKED.items(state))
    MARKED.store(state, altered(marked, number=marked.number + 5), key)


DAMAGES: dict[str, Damage] = {
    "open recalls stand in one row": lambda state, _: RECALLED.store(
        state, RecalledProducts((), marked=True)
    ),
    "what is outstanding is counted": changed(outstanding=7),
    "what has something to do has a clock": changed(cursor=bytes(32)),
    "products reached are counted": lambda state, recall_id: TOUCHED.store(
        state, Touched(0), b"0" * 14, recall_id
    ),
    "marks are numbered in a row": lambda state, recall_id: QUEUE.remove(state, recall_id, u64(0)),
    "what is followed up is marked": lambda state, _: MARKED.remove(
        state, next(MARKED.items(state))[0]
    ),
    "a mark knows its newest place": _misplaced,
    "what is asked back stands in a notice": lambda state, _: NOTICES.remove(
        state, next(NOTICES.items(state))[0]
    ),
    "a notice is of a recall": lambda state, _: NOTICES.store(
        state, next(NOTICES.items(state))[1], b"\x01" * 65
    ),
}


@pytest.mark.parametrize("rule", DAMAGES)
def test_rows_that_do_not_agree_are_found_by_name(rule: str) -> None:
    at = Dairy()
    at.make([milk("M1")], [tea(1)])
    at.send_items(at.tea, tea(1))
    recall_id = at.recall("M1")
    at.settle()
    damaged = Overlay(at.state)
    check_recalls(damaged)
    assert next(DEMANDS.items(damaged))[1].met_by is None
    DAMAGES[rule](damaged, recall_id)
    with pytest.raises(InvariantBreach, match=rule):
        check_recalls(damaged)
