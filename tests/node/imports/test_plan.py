"""Batches: in the file's order, as many rows as one transaction holds."""

import pytest

from chain.errors import OperationMalformed
from commerce.payments import PayTransfer
from commerce.registry import operation
from node.imports import plan
from node.imports.plan import Planned, batches, check_form, row_at
from node.imports.sheet import Row

PAY = operation("pay.transfer", PayTransfer(bytes(32), "CNY", 1, None))


def planned(number: int, operations: int) -> Planned:
    return Planned(Row(number, {}), (PAY,) * operations)


def test_a_batch_holds_what_a_transaction_holds() -> None:
    packed = batches([planned(n, 2) for n in range(120)])
    assert [len(batch) for batch in packed] == [50, 50, 20]
    assert [entry.row.number for batch in packed for entry in batch] == list(range(120))
    assert batches([]) == []


def test_a_batch_is_bounded_in_bytes_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "BATCH_SIZE_MAX", 200)
    assert len(batches([planned(n, 1) for n in range(6)])) > 1


def test_a_failed_operation_names_its_row() -> None:
    batch = [planned(1, 2), planned(2, 1), planned(3, 2)]
    assert [row_at(batch, index).row.number for index in range(5)] == [1, 1, 2, 3, 3]


def test_what_the_door_would_refuse_is_found_row_by_row() -> None:
    check_form([PAY])
    with pytest.raises(OperationMalformed):
        check_form([operation("pay.transfer", PayTransfer(bytes(32), "CNY", 0, None))])
