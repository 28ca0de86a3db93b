"""Disputes and arbiters as parties and arbiters type them.

The shared network's clocks run in real time: evidence is brought for three days. So a vote is tried
against a node that answers as it would after that.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from chain.bech32m import decode_account, encode_account
from chain.codec import decode
from chain.transaction import SignedTransaction, Transaction
from commerce.disputes.votes import DisputeCommit, DisputeReveal, vote_commitment
from commerce.registry import Registry
from node.client import NodeClient, Outcome
from tests.commands.conftest import Shop
from tests.commands.goods_sold import asked, delivered, offer, paid

DISPUTE = "ab" * 32


@pytest.fixture(scope="module")
def listing(shop: Shop) -> str:
    return offer(shop, 4001)


@pytest.fixture
def photo(tmp_path: Path) -> str:
    path = tmp_path / "photo.jpg"
    path.write_bytes(b"broken")
    return str(path)


@pytest.fixture
def case(shop: Shop, listing: str) -> str:
    """A request that the seller has refused."""
    order = paid(shop, listing)
    made = asked(shop, order, delivered(shop, order), "quality")
    shop.ok("refund", "reject", made, "--reason", "it was whole", "--as", "merchant")
    return made


def test_a_dispute_is_opened_heard_and_settled(shop: Shop, case: str, photo: str) -> None:
    before = shop.balance("buyer")
    opening = ("dispute", "open", case, "--share", "1000", "--file", photo, "--as", "buyer")
    assert shop.ok(*opening).json["dispute_id"] == case
    shown = shop.ok("dispute", "show", case).json
    assert (shown["claim"], shown["opener"]) == ([1000], shop.network.account("buyer").account)
    told = shop.run("dispute", "show", case).out.decode()
    assert "round 1, about CNY 40.00" in told
    assert "buyer and seller together: settle (hushang dispute settle)" in told
    assert "it ends at the latest" in told
    evidence = ("dispute", "evidence", case, "--kind", "photo", "--file", photo)
    shop.ok(*evidence, "--as", "merchant")
    assert "CNY 40.00" in shop.run("dispute", "list", "buyer").out.decode()
    for who in ("buyer", "merchant"):
        listed = shop.ok("dispute", "list", who, "--waiting").json
        assert case in [entry["dispute_id"] for entry in listed]
    settle = ("dispute", "settle", case, "--share", "250", "--as", "buyer")
    assert shop.refused(*settle) == (7, "CosignerMissing")
    shop.ok(*settle, "--cosign", "merchant")
    assert shop.balance("buyer") == before + 1_000
    assert "ended by settlement: 250 ‰" in shop.run("dispute", "show", case).out.decode()
    listed = shop.ok("dispute", "list", "buyer", "--waiting").json
    assert case not in [entry["dispute_id"] for entry in listed]


def test_a_seller_disputes_with_a_bond_and_the_proof_of_a_delivery(
    shop: Shop, listing: str, photo: str
) -> None:
    words = ("shipment", "create", paid(shop, listing), "--carrier", "carrier", "--as", "merchant")
    parcel = shop.ok(*words, "--cosign", "carrier").json["parcel_id"]
    opening = ("dispute", "open", parcel, "--share", "0", "--file", photo, "--as", "merchant")
    assert shop.refused(*opening) == (7, "BondTooSmall")
    dispute = shop.ok(*opening, "--bond", "CNY 5.00").json["dispute_id"]
    told = shop.run("dispute", "show", dispute).out.decode()
    assert f"bond CNY 5.00 of {shop.network.account('merchant').account} (merchant)" in told
    appeal = ("dispute", "appeal", dispute, "--as", "buyer")
    assert shop.refused(*appeal) == (7, "PhaseForbids")
    # 20 ‰ of ¥40, twice that for an appeal.
    assert "bond CNY 1.60" in shop.run(*appeal).err


def test_shares_are_one_for_all_lines_or_one_each(shop: Shop, case: str, photo: str) -> None:
    two = ("--share", "1000", "--share", "0")
    words = ("dispute", "open", case, *two, "--file", photo, "--as", "buyer")
    assert shop.refused(*words) == (2, "UsageWrong")
    without = ("dispute", "open", case, "--share", "1000", "--as", "buyer")
    assert shop.refused(*without) == (2, "UsageWrong")


def test_an_arbiter_posts_a_bond_and_asks_for_it(shop: Shop, photo: str) -> None:
    assert shop.refused("arbiter", "bond", "CNY 1000.00", "--as", "buyer") == (7, "RoleMissing")
    shop.ok("arbiter", "bond", "CNY 1000.00", "--as", "arbiter")
    shown = shop.ok("arbiter", "show", "--as", "arbiter").json
    assert (shown["symbol"], shown["bond_minor"]) == ("CNY", "100000")
    assert shown in shop.ok("arbiter", "list").json
    assert "CNY 1000.00" in shop.run("arbiter", "list").out.decode()
    made = shop.ok("arbiter", "unbond", "CNY 1000.00", "--as", "arbiter").json
    assert made["due_ms"] == shop.ok("arbiter", "show", "arbiter").json["due_ms"]
    appoint = ("arbiter", "appoint", "arbiter", "--as", "regulator")
    assert shop.refused(*appoint) == (2, "UsageWrong")
    shop.ok(*appoint, "--file", photo)
    assert shop.ok("arbiter", "show", "arbiter").json["listed"] is not None
    shop.ok(*appoint, "--dismiss")
    assert shop.ok("dispute", "list", "--arbiter", "--waiting", "--as", "arbiter").json == []


class Court:
    """Answers for one dispute in which `arbiter` sits, and takes its votes."""

    def __init__(self, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
        self.arbiter = shop.network.account("arbiter").account
        self.commitment: str | None = None
        self.sent: list[Any] = []
        ask, court = NodeClient.get, self

        def get(client: NodeClient, path: str, query: Mapping[str, object] | None = None) -> Any:
            return court.dispute if path == f"/v1/disputes/{DISPUTE}" else ask(client, path, query)

        def submit(_client: NodeClient, raw: bytes, **_how: object) -> Outcome:
            content = decode(SignedTransaction, raw).content
            (operation,) = decode(Transaction, content).operations
            court.sent.append(Registry().decode(operation))
            return Outcome("00" * 32, None)

        monkeypatch.setattr(NodeClient, "get", get)
        monkeypatch.setattr(NodeClient, "submit", submit)

    @property
    def dispute(self) -> dict[str, Any]:
        seat = {"arbiter": self.arbiter, "commitment": self.commitment}
        return {"round": 1, "claim": [1000, 500], "seats": [seat]}


def test_the_vote_of_the_commitment_that_the_chain_took_is_found_and_revealed(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    court = Court(shop, monkeypatch)
    place = ("--votes", str(tmp_path / "votes"), "--as", "arbiter")
    files = [
        shop.ok("dispute", "commit", DISPUTE, *shares, *place).json["vote_file"]
        for shares in (("--share", "700", "--share", "0"), ("--share", "300"))
    ]
    assert [Path(file).stat().st_mode & 0o777 for file in files] == [0o600, 0o600]
    first, second = court.sent
    assert isinstance(first, DisputeCommit)
    assert first.commitment != second.commitment
    # The second never arrived.
    court.commitment = first.commitment.hex()
    shop.ok("dispute", "reveal", DISPUTE, *place)
    revealed = court.sent[-1]
    assert isinstance(revealed, DisputeReveal)
    assert revealed.shares == (700, 0)
    own = shop.ok("account", "show", "arbiter").json["account"]
    assert own == court.arbiter
    sealed = vote_commitment(
        bytes.fromhex(DISPUTE), 1, decode_account(own), revealed.salt, revealed.shares
    )
    assert sealed == first.commitment


def test_a_vote_that_can_not_be_kept_is_not_sent_and_one_that_is_lost_is_told(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    court = Court(shop, monkeypatch)
    blocked = tmp_path / "file"
    blocked.write_text("no directory")
    words = ("dispute", "commit", DISPUTE, "--share", "1", "--as", "arbiter")
    assert shop.refused(*words, "--votes", str(blocked)) == (2, "UsageWrong")
    assert court.sent == []
    reveal = ("dispute", "reveal", DISPUTE, "--as", "arbiter")
    assert shop.refused(*reveal) == (3, "SealedVoteMissing")
    court.commitment = "cd" * 32
    assert shop.refused(*reveal) == (3, "SealedVoteMissing")


def test_a_vote_is_kept_beside_the_key_unless_something_else_is_said(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    court = Court(shop, monkeypatch)
    words = ("dispute", "commit", DISPUTE, "--share", "400", "--as", "arbiter")
    kept = Path(shop.ok(*words).json["vote_file"])
    key_file = shop.network.key_file(shop.network.account("arbiter"))
    assert kept.parent == key_file.with_name(f"{key_file.name}.votes")
    court.commitment = court.sent[-1].commitment.hex()
    shop.ok("dispute", "reveal", DISPUTE, "--as", "arbiter")
    assert court.sent[-1].shares == (400, 400)


def test_arbiters_leave_and_are_refused(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    court = Court(shop, monkeypatch)
    shop.ok("dispute", "recuse", DISPUTE, "--reason", "a cousin", "--as", "arbiter")
    shop.ok("dispute", "challenge", DISPUTE, "arbiter", "--as", "buyer")
    recused, challenged = court.sent
    assert recused.reason == "a cousin"
    assert encode_account(challenged.arbiter) == court.arbiter
