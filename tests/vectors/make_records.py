"""Vectors of the records of a journal, one of each type and both forms of silence."""

from dataclasses import replace

from chain.block import Block, VoteType, transactions_root
from chain.codec import encode, to_value
from chain.transaction import body_hash
from consensus.messages import NewView
from consensus.records import (
    BlockRecord,
    DecidedRecord,
    NewViewRecord,
    PreparedRecord,
    Record,
    SilenceRecord,
    SyncedRecord,
    ViewChangeRecord,
    VoteRecord,
    encode_record,
)
from consensus.signing import signing_bytes
from tests.vectors.make_basics import tagged
from tests.vectors.make_evidence import (
    CULPRIT,
    HEIGHT,
    VIEW,
    change,
    header,
    node_key,
    prepared,
    vote,
)
from tests.vectors.material import Json, certify, examples, genesis


def records() -> Json:
    """Each record of a journal, as its bytes and as its fields."""
    return {
        "genesis_hash": genesis().hash().hex(),
        "member": CULPRIT,
        "records": [
            {
                "name": type(record).__name__,
                "fields": tagged(to_value(record)),
                "bytes": encode_record(record).hex(),
            }
            for record in _journal()
        ],
    }


def _journal() -> tuple[Record, ...]:
    bodies = tuple(encode(example.signed()) for example in examples()[:2])
    hashes = tuple(body_hash(raw) for raw in bodies)
    full = replace(header(), transactions_root=transactions_root(hashes), transactions_count=2)
    voted = vote(VoteType.COMMIT, full.digest())
    promise = change(3, prepared(VIEW))
    changes = (change(3, None, member=0), promise, change(3, None, member=2))
    began = NewView(3, HEIGHT, 2, changes, bytes(64))
    signed = signing_bytes(began, genesis().hash(), 0)
    return (
        BlockRecord(Block(full, bodies), hashes),
        VoteRecord(voted.type, voted.view, voted.height, voted.digest, voted.signature),
        PreparedRecord(prepared(VIEW)),
        ViewChangeRecord(promise),
        NewViewRecord(replace(began, signature=node_key(began.member, signed))),
        DecidedRecord(certify(full, view=VIEW)),
        SyncedRecord(256),
        SilenceRecord(None),
        SilenceRecord(HEIGHT + 2),
    )
