"""The journal's records come back from their bytes; anything else is refused by name."""

import pytest

from chain.block import Block
from consensus.messages import NewView
from consensus.records import (
    BlockRecord,
    DecidedRecord,
    NewViewRecord,
    PreparedRecord,
    Record,
    RecordInvalid,
    SyncedRecord,
    ViewChangeRecord,
    VoteRecord,
    decode_record,
    encode_record,
)
from tests.consensus.samples import CHANGES, DIGEST, FIRST, PREPARED, PROOF

RECORDS: list[Record] = [
    BlockRecord(Block(FIRST, (b"raw",)), (DIGEST,)),
    VoteRecord(3, 1, 2, DIGEST, bytes(64)),
    PreparedRecord(PREPARED),
    ViewChangeRecord(CHANGES[0]),
    NewViewRecord(NewView(1, 2, 1, CHANGES, bytes(64))),
    DecidedRecord(PROOF),
    SyncedRecord(9),
]


@pytest.mark.parametrize("record", RECORDS, ids=lambda r: type(r).__name__)
def test_a_record_comes_back_from_its_bytes(record: Record) -> None:
    data = encode_record(record)
    assert decode_record(data) == record
    for spoiled in (data[:-1], data + b"\x00", b"\x00" + data[1:], b""):
        with pytest.raises(RecordInvalid):
            decode_record(spoiled)


def test_each_kind_begins_with_its_own_byte() -> None:
    assert [encode_record(record)[0] for record in RECORDS] == [1, 2, 3, 4, 5, 6, 7]
