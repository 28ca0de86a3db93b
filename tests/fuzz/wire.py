"""Decoders of bytes from sockets and of everything that is signed or hashed."""

import json
import struct
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.serialization import Encoding

from chain.block import Block, Certificate, Header, Receipt
from chain.bundle import bundle_check_sum, encode_bundle, read_bundle
from chain.bundle_check import verify_bundle
from chain.codec import decode, encode, from_value, pack, unpack
from chain.committee import Committee
from chain.crypto import HASH_SIZE
from chain.errors import EncodingInvalid, EvidenceMalformed, LedgerError, ProtocolError
from chain.evidence import decode_evidence, encode_evidence
from chain.genesis import Genesis
from chain.snapshot import PartId, PartKind, SnapshotPartWrong, manifest_check_sum
from chain.snapshot_check import check_part, read_manifest
from chain.transaction import SignedTransaction, Transaction, read_transaction
from commerce.families import TYPES
from commerce.registry import Registry
from consensus.messages import decode_message, encode_message
from consensus.records import RecordInvalid, decode_record, encode_record
from node.api.problems import ApiProblem
from node.api.submission import BATCH_ITEMS_MAX, _batch_msgpack
from p2p.certificates import issuer_key
from p2p.frames import FRAME_SIZE_MAX, Channel, FrameDecoder, frame_header
from p2p.link import check_hello
from p2p.messages import _KINDS, Hello, read_message, write_message
from tests.fuzz.decoders import Decoder
from tests.fuzz.mutation import Form
from tests.p2p.certs import honest, identity
from tests.vectors.make_payloads import example

VECTORS: Final = Path(__file__).parents[1] / "vectors"


@cache
def vectors(name: str) -> Any:
    """A file of frozen bytes."""
    return json.loads((VECTORS / f"{name}.json").read_text("utf-8"))


def frozen(name: str, rows: str, field: str) -> Callable[[], Sequence[bytes]]:
    """The bytes of one field of each row."""
    return lambda: [bytes.fromhex(row[field]) for row in vectors(name)[rows]]


def _blocks(field: str) -> Callable[[], Sequence[bytes]]:
    def read() -> Sequence[bytes]:
        value = vectors("blocks")["genesis"].get(field) or vectors("blocks")[field]["bytes"]
        return [bytes.fromhex(value)]

    return read


def _canonical() -> Sequence[bytes]:
    some: tuple[Any, ...] = (1, 2**64 - 1, -(2**63), True, "沪商", b"\0" * 33)
    values = (*some, (), {}, {"a": (1, None), "b": {"": None}})
    return [pack(value) for value in (*values, tuple(range(300)), (values,) * 3)]


def _examples(classes: Iterable[type]) -> list[tuple[type, Any]]:
    return [
        (cls, from_value(cls, example(cls, most=most))) for cls in classes for most in (False, True)
    ]


def _peer_messages() -> Sequence[bytes]:
    """The channel's number, then the payload."""
    made = (write_message(value) for _, value in _examples(cls for _, cls in _KINDS.values()))
    return [bytes([channel]) + payload for channel, payload in made]


def _read_peer_message(data: bytes) -> Any:
    message = read_message(Channel(data[0] % len(Channel)) if data else Channel.SYNC, data[1:])
    if isinstance(message, Hello):
        check_hello(message, message)
    return message


def _frames() -> Sequence[bytes]:
    pieces = [(Channel(m[0]), m[1:]) for m in _peer_messages() if len(m) > 1]
    framed = [frame_header(channel, len(data)) + data for channel, data in pieces]
    return [*framed, b"".join(framed[:6]), struct.pack(">IB", FRAME_SIZE_MAX, 1) + bytes(100)]


def _read_frames(data: bytes) -> None:
    """As a link does, in pieces of seven bytes and then at once, and what is held is bounded."""
    for step in (7, len(data) or 1):
        decoder = FrameDecoder()
        for at in range(0, min(len(data), 20_000), step):
            decoder.feed(data[at : at + step])
            while decoder.next_frame() is not None:
                pass
            assert decoder.held_size <= len(data)


def _payloads() -> Sequence[bytes]:
    return [
        pack((entry.name, example(entry.payload, most=most)))
        for entry in TYPES
        for most in (False, True)
    ]


def _read_payload(data: bytes) -> object:
    operation = from_value(Transaction, _transaction_around(unpack(data))).operations[0]
    return Registry().decode(operation)


def _transaction_around(operation: Any) -> Any:
    return (1, bytes(32), bytes(32), 0, 0, (operation,), None)


def _batches() -> Sequence[bytes]:
    raws = frozen("transactions", "valid", "raw")()
    return [pack(tuple(raws)), pack((b"",)), pack((raws[0],) * BATCH_ITEMS_MAX)]


def _without_sum(data: bytes) -> bytes:
    return data[:-HASH_SIZE]


def _summed(content: bytes) -> bytes:
    return content + bundle_check_sum(content)


def _summed_manifest(content: bytes) -> bytes:
    return content + manifest_check_sum(content)


def _verify(data: bytes) -> object:
    genesis = decode(Genesis, bytes.fromhex(vectors("proofs")["genesis"]))
    return verify_bundle(data, genesis)


@cache
def _manifest() -> Any:
    return read_manifest(bytes.fromhex(vectors("snapshot")["manifest"]))


def _parts() -> Sequence[bytes]:
    """The part's kind and number, each a byte, then its bytes."""
    made = []
    for name, text in vectors("snapshot")["parts"].items():
        kind, _, number = name.partition("-")
        made.append(bytes([PartKind[kind.upper()], int(number)]) + bytes.fromhex(text))
    return made


def _read_part(data: bytes) -> None:
    kinds = [kind for kind in PartKind if kind is not PartKind.MANIFEST]
    head = (*data[:2], 0, 0)
    kind = kinds[head[0] % len(kinds)] if head[0] not in set(kinds) else PartKind(head[0])
    number = head[1] % 16 if kind is PartKind.STATE else 0
    check_part(_manifest(), PartId(kind, number), data[2:])


def _read_certificate(data: bytes) -> bytes:
    return issuer_key(data)


def _certificates() -> Sequence[bytes]:
    return [
        certificate.public_bytes(Encoding.DER) for certificate in honest(identity("pudong")).chain
    ]


def _struct(cls: type, corpus: Callable[[], Sequence[bytes]]) -> Decoder:
    return Decoder(
        cls.__name__,
        lambda data: decode(cls, data),
        (EncodingInvalid,),
        Form.PACKED,
        corpus,
        ("chain/codec.py:decode",),
        encode,
    )


WIRE: Final = (
    Decoder(
        "canonical",
        unpack,
        (EncodingInvalid,),
        Form.PACKED,
        _canonical,
        ("chain/codec.py:unpack",),
        pack,
    ),
    _struct(SignedTransaction, frozen("transactions", "valid", "raw")),
    _struct(Transaction, frozen("transactions", "valid", "content")),
    _struct(Header, _blocks("header")),
    _struct(Block, lambda: [bytes.fromhex(vectors("blocks")["block"])]),
    _struct(Certificate, frozen("certificates", "valid", "bytes")),
    _struct(Committee, lambda: [bytes.fromhex(vectors("evidence")["committee"])]),
    _struct(Genesis, lambda: [bytes.fromhex(vectors("snapshot")["genesis"])]),
    _struct(Receipt, lambda: [bytes.fromhex(text) for text in vectors("blocks")["receipts"]]),
    Decoder(
        "transaction at the door",
        lambda data: read_transaction(data, Registry()),
        (LedgerError,),
        Form.PACKED,
        frozen("transactions", "valid", "raw"),
        ("chain/transaction.py:read_transaction",),
        lambda received: received.raw,
    ),
    Decoder(
        "payload of every type",
        _read_payload,
        (LedgerError,),
        Form.PACKED,
        _payloads,
        ("commerce/registry.py:Registry.decode",),
    ),
    Decoder(
        "consensus message",
        decode_message,
        (ProtocolError,),
        Form.PACKED,
        frozen("votes", "messages", "bytes"),
        ("consensus/messages.py:decode_message",),
        encode_message,
    ),
    Decoder(
        "peer message",
        _read_peer_message,
        (ProtocolError,),
        Form.PACKED,
        _peer_messages,
        (
            "p2p/messages.py:read_message",
            "p2p/link.py:Link._receive",
            "p2p/link.py:Link._greet",
            "node/router.py:Router.received",
            "node/joining_peers.py:Exchange.received",
        ),
    ),
    Decoder(
        "frames",
        _read_frames,
        (ProtocolError,),
        Form.PACKED,
        _frames,
        ("p2p/frames.py:FrameDecoder._read_header",),
    ),
    Decoder(
        "peer certificate",
        _read_certificate,
        (ProtocolError,),
        Form.PACKED,
        _certificates,
        ("p2p/certificates.py:issuer_key",),
    ),
    Decoder(
        "journal record",
        decode_record,
        (RecordInvalid,),
        Form.PACKED,
        frozen("records", "records", "bytes"),
        ("consensus/records.py:decode_record",),
        encode_record,
    ),
    Decoder(
        "evidence",
        decode_evidence,
        (EvidenceMalformed,),
        Form.PACKED,
        frozen("evidence", "convicting", "bytes"),
        ("chain/evidence.py:decode_evidence", "commerce/evidence.py:evidence_submit"),
        encode_evidence,
    ),
    Decoder(
        "proof bundle",
        read_bundle,
        (LedgerError,),
        Form.PACKED,
        frozen("proofs", "good", "bundle"),
        ("chain/bundle.py:read_bundle",),
        encode_bundle,
        opened=_without_sum,
        seal=_summed,
    ),
    Decoder(
        "proof bundle, verified",
        _verify,
        (LedgerError,),
        Form.PACKED,
        frozen("proofs", "good", "bundle"),
        ("chain/bundle_check.py:verify_bundle", "chain/bundle_check.py:_transaction"),
        opened=_without_sum,
        seal=_summed,
    ),
    Decoder(
        "snapshot manifest",
        read_manifest,
        (SnapshotPartWrong,),
        Form.PACKED,
        lambda: [bytes.fromhex(vectors("snapshot")["manifest"])],
        (
            "chain/snapshot_check.py:read_manifest",
            "chain/snapshot_check.py:check_manifest",
            "node/snapshot_files.py:manifest_in",
        ),
        opened=_without_sum,
        seal=_summed_manifest,
    ),
    Decoder(
        "snapshot part",
        _read_part,
        (SnapshotPartWrong,),
        Form.PACKED,
        _parts,
        ("chain/snapshot_check.py:_read",),
    ),
    Decoder(
        "batch of transactions",
        lambda data: _batch_msgpack(data, 8 * 1024 * 1024),
        (EncodingInvalid, ApiProblem),
        Form.PACKED,
        _batches,
        ("node/api/submission.py:_batch_msgpack",),
    ),
)
