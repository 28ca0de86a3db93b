"""Decoders of files: what operators, merchants, auditors and arbiters keep or are handed."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from chain.bech32m import encode_account
from chain.codec import encode
from chain.committees import ready_bytes
from chain.crypto import PrivateKey, sha256
from chain.errors import HushangError, LedgerError
from commerce.committee import Seat
from node import (
    contexts,
    keystore,
    relay,
    sealed_votes,
    testnet_layout,
)
from node.backup_note import FILE_NAME as NOTE
from node.backup_note import read_note
from node.clients.feed import CursorFileDamaged, FeedCursor
from node.clients.outbox import Entry, OutboxDamaged, _read, _text
from node.clients.signing import Made
from node.commands.evidence import raw_evidence
from node.config import ConfigInvalid, NodeConfig, load_config, to_toml
from node.following import CommitteeFileInvalid, read_step
from node.gateway.tokens import TokenEntry, TokenFileMalformed, read_tokens, write_tokens
from node.genesis_file import (
    GenesisFileInvalid,
    PolicyForm,
    example_path,
    genesis_text,
    parse_genesis,
)
from node.genesis_quick import quick_genesis
from node.json_values import FormRefused
from node.member_card import MemberCardInvalid, card_text, make_card, read_card
from node.readings import ReadingsUnreadable, read_readings
from node.rendering import render_fields
from node.seats import ReadySeat, SeatFileInvalid, from_text, to_text
from node.strict_json import JsonRefused, read_json
from node.transaction_file import (
    TransactionFile,
    TransactionFileInvalid,
    read_operations,
)
from node.transaction_file import (
    from_text as transaction_of,
)
from node.transaction_file import (
    to_text as transaction_text,
)
from tests.fuzz.decoders import Decoder, folder, of_file
from tests.fuzz.disk import ID, made
from tests.fuzz.mutation import Form
from tests.fuzz.wire import frozen, vectors
from tests.vectors.material import TIME_MS, account, genesis, seed

SEALED: Final = sealed_votes.SealedVote(ID, 1, account("shop"), (500, 0), bytes(32))


# Files of JSON.


def _transactions() -> Sequence[bytes]:
    raws = frozen("transactions", "valid", "raw")()
    found = [transaction_text(transaction_of(raw)).encode() for raw in raws]
    content = bytes.fromhex(vectors("transactions")["valid"][0]["content"])
    return [*found, transaction_text(TransactionFile(content, ())).encode()]


def _operations() -> Sequence[bytes]:
    return [
        json.dumps(json.loads(text)["readable"]["operations"]).encode() for text in _transactions()
    ]


def _step() -> Sequence[bytes]:
    told = vectors("evidence")
    raw = {
        "committee": {"raw": told["committee"]},
        "header": {
            "raw_header": vectors("blocks")["header"]["bytes"],
            "raw_certificate": vectors("certificates")["valid"][0]["bytes"],
        },
    }
    return [json.dumps(raw).encode()]


def _evidence() -> Sequence[bytes]:
    rows = frozen("evidence", "convicting", "bytes")()
    return [json.dumps({"raw": row.hex()}).encode() for row in rows]


def _card() -> bytes:
    owner = PrivateKey(seed("owner of pudong"))
    policy = PolicyForm(keys={owner.public_key.hex(): 1})
    place = ("10.0.0.1", 26700)
    return card_text(make_card("pudong", PrivateKey(seed("node")), policy, place)).encode()


def _outbox() -> bytes:
    made = Made.read(frozen("transactions", "valid", "raw")()[0])
    return _text(Entry("invoice 7", 1, "00" * 32, 3, made, None))


def _seat() -> bytes:
    key = PrivateKey(seed("node of pudong"))
    signed = key.sign(ready_bytes(genesis().hash(), 3, 7, ID))
    seat = Seat(account("pudong"), key.public_key, 7, ID, signed)
    return to_text(ReadySeat("pudong", 3, genesis().hash(), seat)).encode()


def _tokens(path: Path) -> None:
    rows = [
        TokenEntry("erp", sha256(b"a").hex(), account("shop"), "erp.key", TIME_MS),
        TokenEntry("door", sha256(b"b").hex(), None, None, TIME_MS, 7),
    ]
    write_tokens(path, rows)


def _vote_path(path: Path) -> Path:
    return path.parent / f"vote-{ID.hex()[:16]}-{SEALED.commitment.hex()[:16]}.json"


def _read_vote(path: Path) -> object:
    found = sealed_votes._path(path.parent, ID, SEALED.commitment)
    path.replace(found)
    return sealed_votes.find_vote(path.parent, ID, SEALED.commitment)


def _network() -> bytes:
    network = testnet_layout.LocalNetwork(
        folder(),
        "local",
        "test-local",
        "00" * 32,
        (testnet_layout.NodePlace(1, "pudong", 26601, 26701),),
        (testnet_layout.AccountPlace("b", "b", encode_account(account("buyer")), "keys/b.key"),),
    )
    network.save()
    return (folder() / testnet_layout.MANIFEST).read_bytes()


def _read_network(data: bytes) -> object:
    (folder() / testnet_layout.MANIFEST).write_bytes(data)
    return testnet_layout.load(folder())


def _read_contexts(data: bytes) -> object:
    path = folder() / contexts.FILE_NAME
    path.write_bytes(data)
    path.chmod(0o600)
    return contexts.load({"HUSHANG_CONFIG_HOME": str(folder())})


CONTEXTS: Final = b"""current = "shop"
[contexts.shop]
nodes = ["https://node.example:26600"]
key = "shop.key"
[contexts.shop.accounts]
sf = "hs169terhl043jgya22uuee39r7ajm8p8a9sfhl3szttqcj2gvmgn3sn8squz"
"""


def _read_plan(data: bytes) -> object:
    (folder() / relay.PLAN_NAME).write_bytes(data)
    return relay.load_plan(folder())


def _read_note(data: bytes) -> object:

    (folder() / NOTE).write_bytes(data)
    return read_note(folder())


SETTINGS: Final[dict[str, Any]] = {
    "name": "pudong",
    "data_dir": "data",
    "genesis": "genesis.json",
    "node_key": "node.key",
    "peers": [{"name": "xuhui", "host": "10.0.0.2", "port": 26700}],
    "api_hosts": ["node.example"],
}


def _tomls() -> Sequence[bytes]:
    return [to_toml(NodeConfig.model_validate(SETTINGS)).encode(), b'name = "a"\n']


def _read_toml(path: Path) -> NodeConfig:
    return load_config(path, {}, {})


def _genesis_texts() -> Sequence[bytes]:
    return [example_path().read_bytes(), genesis_text(replace(genesis(), limits={})).encode()]


READINGS: Final = (
    b"# a comment\n2026-01-01T00:00:00+08:00,4.5\n1767225661000, -18e-1\n1767225662000,5\n"
)

FILES: Final = (
    Decoder(
        "transaction file",
        transaction_of,
        (TransactionFileInvalid,),
        Form.JSON,
        _transactions,
        (
            "node/transaction_file.py:from_text",
            "node/transaction_file.py:_from_json",
            "node/transaction_file.py:readable",
            "node/transaction_file.py:TransactionFile.transaction",
        ),
    ),
    Decoder(
        "raw transaction file",
        transaction_of,
        (TransactionFileInvalid,),
        Form.PACKED,
        frozen("transactions", "valid", "raw"),
        ("node/transaction_file.py:from_text", "node/commands/tx.py:submit"),
    ),
    Decoder(
        "operations of a file",
        lambda data: read_operations(read_json(data)),
        (JsonRefused, FormRefused, LedgerError),
        Form.JSON,
        _operations,
        ("node/transaction_file.py:_read_operation", "node/commands/tx.py:build"),
    ),
    Decoder(
        "genesis.json",
        parse_genesis,
        (GenesisFileInvalid,),
        Form.JSON,
        _genesis_texts,
        (
            "node/genesis_file.py:parse_form",
            "node/genesis_file.py:_consensus_form",
            "node/genesis_file.py:GenesisForm.core",
        ),
    ),
    Decoder(
        "genesis of any form",
        quick_genesis,
        (),
        Form.JSON,
        lambda: [*_genesis_texts(), encode(genesis())],
        ("node/genesis_quick.py:_read",),
    ),
    Decoder(
        "hushang.toml",
        of_file(_read_toml),
        (ConfigInvalid,),
        Form.TEXT,
        _tomls,
        ("node/config.py:_read_file", "node/config.py:load_config"),
    ),
    Decoder(
        "contexts.toml",
        _read_contexts,
        (HushangError,),
        Form.TEXT,
        lambda: [CONTEXTS],
        ("node/contexts.py:load", "node/contexts.py:_check_accounts"),
    ),
    Decoder(
        "key file",
        of_file(lambda path: keystore.load_key(path, lambda _: b"no")),
        (keystore.KeyFileMalformed, keystore.PassphraseWrong),
        Form.JSON,
        lambda: [made(lambda path: keystore.write_key(path, seed("shop")), "k")],
        ("node/keystore.py:_describe", "node/keystore.py:_read_record"),
        # A sealed one: scrypt at the most that a file may ask for.
        time_ms_max=3_000,
    ),
    Decoder(
        "sealed vote",
        of_file(_read_vote),
        (sealed_votes.SealedVoteDamaged,),
        Form.JSON,
        lambda: [json.dumps(render_fields(SEALED)).encode()],
        ("node/sealed_votes.py:find_vote",),
    ),
    Decoder(
        "seat file",
        lambda data: from_text(data, "seat"),
        (SeatFileInvalid,),
        Form.JSON,
        lambda: [_seat()],
        ("node/seats.py:from_text", "node/seats.py:_from_record"),
    ),
    Decoder(
        "committee file",
        lambda data: read_step(read_json(data), "step"),
        (JsonRefused, CommitteeFileInvalid, LedgerError),
        Form.JSON,
        _step,
        (
            "node/following.py:read_step",
            "node/following.py:_bytes",
            "node/commands/evidence.py:shown_committee",
        ),
    ),
    Decoder(
        "evidence file",
        of_file(raw_evidence),
        (HushangError,),
        Form.JSON,
        _evidence,
        ("node/commands/evidence.py:raw_evidence", "node/commands/evidence.py:read_evidence"),
    ),
    Decoder(
        "tokens file",
        of_file(read_tokens),
        (TokenFileMalformed,),
        Form.JSON,
        lambda: [made(_tokens, "t")],
        ("node/gateway/tokens.py:read_tokens", "node/gateway/tokens.py:_entry"),
    ),
    Decoder(
        "test network's manifest",
        _read_network,
        (testnet_layout.NetworkBroken, testnet_layout.NetworkMissing),
        Form.JSON,
        lambda: [_network()],
        ("node/testnet_layout.py:load",),
    ),
    Decoder(
        "relay's plan",
        _read_plan,
        (relay.PlanUnreadable,),
        Form.JSON,
        lambda: [b'{"ways": [{"dialler": "a", "target": "b", "port": 1, "target_port": 2}]}'],
        ("node/relay.py:load_plan",),
    ),
    Decoder(
        "note of a backup",
        _read_note,
        (),
        Form.JSON,
        lambda: [b'{"made_ms": 1, "height": 2, "file": "b"}'],
        ("node/backup_note.py:read_note",),
    ),
    Decoder(
        "readings",
        read_readings,
        (ReadingsUnreadable,),
        Form.TEXT,
        lambda: [READINGS],
        ("node/readings.py:_time_ms",),
    ),
    Decoder(
        "member's card",
        of_file(read_card),
        (MemberCardInvalid,),
        Form.JSON,
        lambda: [_card()],
        ("node/member_card.py:read_card",),
    ),
    Decoder(
        "feed's cursor",
        of_file(lambda path: FeedCursor(path).read()),
        (CursorFileDamaged,),
        Form.JSON,
        lambda: [b'{"format": "hushang-cursor", "cursor": "7.0.1"}'],
        ("node/clients/feed.py:FeedCursor.read",),
    ),
    Decoder(
        "outbox of a client",
        of_file(_read),
        (OutboxDamaged,),
        Form.JSON,
        lambda: [_outbox()],
        ("node/clients/outbox.py:_read",),
    ),
)
