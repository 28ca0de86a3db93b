"""A member's card: signed by its node key, refused when anything in it was changed."""

import json
from pathlib import Path
from typing import Any

import pytest

from chain.crypto import PrivateKey
from node.genesis_file import PolicyForm
from node.member_card import FILE_SIZE_MAX, MemberCardInvalid, card_text, make_card, read_card
from tests.chain.world import key

POLICY = PolicyForm(threshold=1, keys={"00" * 32: 1})


def written(path: Path, **changes: Any) -> Path:
    card = make_card("pudong", PrivateKey(key("node").seed), POLICY, ("node.example", 26_700))
    record = json.loads(card_text(card)) | changes
    path.write_text(json.dumps(record))
    return path


def test_a_card_reads_back(tmp_path: Path) -> None:
    card = read_card(written(tmp_path / "c"))
    assert card.member.node_key == key("node").public_key.hex()
    assert card.member.policy == POLICY
    peer = card.peer
    assert peer is not None
    assert (peer.name, peer.host, peer.port, peer.node_key) == (
        "pudong",
        "node.example",
        26_700,
        None,
    )


def test_a_card_without_an_address_is_nobodys_peer(tmp_path: Path) -> None:
    card = make_card("pudong", PrivateKey(key("node").seed), POLICY, None)
    (tmp_path / "c").write_text(card_text(card))
    assert read_card(tmp_path / "c").peer is None


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "xuhui"},
        {"node_key": key("other").public_key.hex()},
        {"address": {"host": "evil.example", "port": 26_700}},
        {"address": None},
        {"policy": {"threshold": 1, "keys": {"11" * 32: 1}}},
        {"signature": "00" * 64},
        {"signature": ""},
        {"signature": "zz"},
        {"format": "hushang-seat"},
        {"version": 2},
        {"nmae": "pudong"},
    ],
    ids=str,
)
def test_whatever_is_changed_is_refused(tmp_path: Path, changes: dict[str, Any]) -> None:
    with pytest.raises(MemberCardInvalid):
        read_card(written(tmp_path / "c", **changes))


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b"\xff", b" " * (FILE_SIZE_MAX + 1)])
def test_what_is_no_card_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "c").write_bytes(data)
    with pytest.raises(MemberCardInvalid):
        read_card(tmp_path / "c")
    with pytest.raises(MemberCardInvalid):
        read_card(tmp_path / "missing")
