"""Commands of a trade on a running network, as a merchant, a buyer and a carrier type them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from chain.bech32m import encode_account
from chain.crypto import PrivateKey
from node.demo import goods
from node.keystore import show_key, write_key
from tests.commands.command_line import ROOT
from tests.commands.conftest import Shop
from tests.commands.test_session import run_without_answer

MEMBERS = ("--as", "pudong", "--cosign", "xuhui", "--cosign", "jingan")
NO_ID = "00" * 32


@pytest.fixture(scope="module")
def listing(shop: Shop) -> str:
    """A listing of the registered product."""
    words = ("product", "register", goods.GTIN, "--title", "Tea", "--class", "tea")
    shop.ok(*words, "--as", "merchant")
    words = ("listing", "publish", goods.GTIN, "--price", "CNY 129.00", "--stock", "50")
    made = shop.ok(*words, "--freight", "CNY 8.00", "--ship-within", "48 h", "--as", "merchant")
    found: str = made.json["listing_id"]
    return found


def shown_transaction(shop: Shop, *words: str) -> str:
    """What a person sees of a transaction that these words send."""
    sent = shop.ok(*words).json["id"]
    return shop.run("tx", "show", sent).out.decode()


def ordered(shop: Shop, listing: str, units: int = 1) -> dict[str, str]:
    """A paid order."""
    words = ("order", "create", f"{listing}:{units}", "--ship-to", "Century Avenue 1")
    made = shop.ok(*words, "--as", "buyer").json
    shop.ok("order", "pay", made["order_id"], "--as", "buyer")
    found: dict[str, str] = made
    return found


def test_a_trade_from_the_listing_to_the_merchants_money(shop: Shop, listing: str) -> None:
    before = shop.balance("merchant")
    order = ordered(shop, listing, 2)
    assert (order["total_minor"], order["symbol"]) == ("26600", "CNY")
    shown = shop.ok("order", "show", order["order_id"]).json
    assert (shown["state"], shown["held_minor"]) == ("HELD", "26600")
    words = ("shipment", "create", order["order_id"], "--carrier", "carrier", "--as", "merchant")
    parcel = shop.ok(*words, "--cosign", "carrier", "--epc", goods.PACKETS[0]).json["parcel_id"]
    assert shop.refused("shipment", "delivered", parcel, "--code", "x" * 24, "--as", "carrier") == (
        7,
        "RecipientCodeWrong",
    )
    shown = shop.run("order", "show", order["order_id"]).out.decode()
    assert "line 0: 2 × 06901234000016, CNY 266.00, paid CNY 266.00: held CNY 266.00" in shown
    assert "CNY 266.00" in shown
    assert not [sign for sign in ("_minor", "_ms", "{", "26600", "=") if sign in shown]
    code = order["recipient_code"]
    shop.ok("shipment", "delivered", parcel, "--code", code, "--as", "carrier")
    assert shop.ok("shipment", "show", parcel).json["state"] == "DELIVERED"
    paid = shop.ok("order", "confirm", parcel, "--as", "buyer").json
    assert paid["released_minor"] == "26600"
    assert shop.balance("merchant") == before + 26600
    assert shop.ok("order", "show", order["order_id"]).json["state"] == "RELEASED"


def test_units_go_in_parcels_and_a_lost_one_is_refunded(shop: Shop, listing: str) -> None:
    before = shop.balance("buyer")
    order = ordered(shop, listing, 3)["order_id"]
    words = ("shipment", "create", order, "--carrier", "carrier", "--as", "merchant")
    first = shop.ok(*words, "--cosign", "carrier", "--units", "0:1").json["parcel_id"]
    rest = shop.ok(*words, "--cosign", "carrier").json["parcel_id"]
    assert shop.ok("shipment", "show", rest).json["lines"][0]["quantity"] == 2
    shop.ok("order", "confirm", first, "--units", "0:1", "--as", "buyer")
    shop.ok("shipment", "lost", rest, "--as", "carrier")
    total_minor = 3 * 12900 + 800
    assert shop.balance("buyer") == before - total_minor // 3


def test_an_order_is_cancelled_and_listed(shop: Shop, listing: str) -> None:
    order = ordered(shop, listing)["order_id"]
    assert shop.refused("order", "cancel", order, "--as", "buyer") == (7, "CosignerMissing")
    assert "--cosign" in shop.run("order", "cancel", order, "--as", "buyer").err
    words = ("pay", "transfer", "merchant", "CNY 0", "--as", "buyer")
    assert shop.refused(*words) == (2, "OperationMalformed")
    assert "hint: docs/transactions.md" in shop.run(*words).err
    shop.ok("order", "cancel", order, "--reason", "x", "--as", "buyer", "--cosign", "merchant")
    listed = shop.ok("order", "list", "buyer").json
    assert next(entry for entry in listed if entry["order_id"] == order)["state"] == "REFUNDED"
    by_key = shop.ok("order", "list", "--as", "buyer").json
    assert by_key == listed


@pytest.mark.usefixtures("listing")
def test_a_listing_changes_by_versions_and_deltas(shop: Shop) -> None:
    words = ("listing", "publish", goods.GTIN, "--price", "CNY 100", "--stock", "1")
    other = shop.ok(*words, "--as", "merchant").json["listing_id"]
    shop.ok("listing", "update", other, "--stock-delta", "4", "--as", "merchant")
    shop.ok("listing", "update", other, "--price", "CNY 99.50", "--as", "merchant")
    known = shop.ok("listing", "show", other).json
    assert (known["version"], known["stock"], known["price_minor"]) == (2, 5, "9950")
    words = ("order", "create", f"{other}@1", "--ship-to", "x", "--as", "buyer")
    assert shop.refused(*words) == (7, "ListingVersionStale")
    shop.ok("listing", "withdraw", other, "--as", "merchant")
    assert shop.refused("listing", "withdraw", other, "--as", "buyer") == (7, "NotTheSeller")


def test_money_is_issued_and_paid(shop: Shop) -> None:
    before = shop.balance("carrier")
    words = ("asset", "issue", "carrier", "CNY 1,000.01", "--reference", "bank-1")
    shop.ok(*words, "--as", "issuer")
    assert shop.refused(*words, "--as", "issuer") == (7, "ReferenceUsed")
    assert shop.refused(*words, "--as", "buyer")[1] == "NotTheIssuer"
    paid = shop.ok("pay", "transfer", "buyer", "CNY 0.01", "--as", "carrier").json
    assert paid["to"] == shop.network.account("buyer").account
    assert (paid["amount_minor"], paid["symbol"]) == ("1", "CNY")
    assert shop.balance("carrier") == before + 100000
    shown = shop.run("account", "balances", "carrier").out.decode()
    assert f"CNY {(before + 100000) / 100:.2f}" in shown
    assert shop.refused("pay", "transfer", "buyer", "CNY 0.001", "--as", "carrier") == (
        2,
        "AmountMalformed",
    )
    assert shop.refused("pay", "transfer", "buyer", "EUR 1", "--as", "carrier")[0] == 3


def test_an_asset_needs_a_quorum_of_members(shop: Shop) -> None:
    words = ("asset", "create", "POINT", "--decimals", "0", "--issuer", "issuer")
    code = shop.refused(*words, "--as", "pudong", "--cosign", "issuer")
    assert code == (7, "CosignerMissing")
    shop.ok(*words, *MEMBERS, "--cosign", "issuer")
    assert shop.ok("asset", "show", "POINT").json["decimals"] == 0
    assert {entry["symbol"] for entry in shop.ok("asset", "list").json} == {"CNY", "POINT"}
    shop.ok("asset", "issue", "buyer", "POINT 7", "--reference", "p-1", "--as", "issuer")


def test_accounts_open_with_one_key_or_several(shop: Shop, tmp_path: Path) -> None:
    files = [str(tmp_path / f"{name}.key") for name in "abc"]
    keys = [write_key(Path(file), bytes([n]) * 32) for n, file in enumerate(files, 1)]
    one = shop.ok("account", "open", files[0], "--as", "pudong").json["account"]
    assert one == encode_account(keys[0].account)
    opened = shop.ok("account", "open", *files, "--threshold", "2", "--as", "pudong").json
    policy = shop.ok("account", "show", opened["account"]).json["policy"]
    assert (policy["threshold"], len(policy["keys"])) == (2, 3)
    assert shop.refused("account", "open", files[0], "--as", "buyer")[0] == 7


def test_roles_come_and_go_by_a_quorum(shop: Shop) -> None:
    shop.ok("role", "grant", "buyer", "inspector", *MEMBERS)
    roles = shop.ok("account", "show", "buyer").json["roles"]
    assert [entry["role"] for entry in roles] == ["inspector"]
    shop.ok("role", "revoke", "buyer", "inspector", *MEMBERS)
    assert shop.ok("account", "show", "buyer").json["roles"] == []
    assert shop.refused("role", "grant", "buyer", "king", *MEMBERS) == (7, "RoleUnknown")


def test_a_delegated_key_works_within_its_scope(shop: Shop, tmp_path: Path) -> None:
    place = shop.network.account("merchant")
    file = tmp_path / "erp.key"
    owner = show_key(shop.network.key_file(place)).account
    made = write_key(file, bytes([77]) * 32, account=owner)
    scope = ("--type", "pay.transfer", "--amount-max", "CNY 1.00", "--valid", "1 h")
    shop.ok("delegate", "add", made.public_key.hex(), *scope, "--as", "merchant")
    shop.ok("pay", "transfer", "buyer", "CNY 1.00", "--key", str(file))
    words = ("pay", "transfer", "buyer", "CNY 0.01", "--key", str(file))
    assert shop.refused(*words) == (7, "DelegationExceeded")
    shop.ok("delegate", "revoke", made.public_key.hex(), "--as", "merchant")
    assert shop.refused(*words)[1] == "PolicyNotSatisfied"


def test_events_are_captured_and_traced(shop: Shop, tmp_path: Path) -> None:
    now_ms = 1_790_000_000_000
    file = tmp_path / "tea.jsonld"
    file.write_bytes(goods.document(now_ms, goods.harvest(now_ms), goods.roasting(now_ms + 1000)))
    captured = shop.ok("capture", str(file), "--as", "merchant").json["captured"]
    assert [entry["type"] for entry in captured] == ["ObjectEvent", "TransformationEvent"]
    back = shop.ok("trace", goods.PACKETS[1]).json
    assert [step["key"] for step in back["steps"]] == [entry["event_key"] for entry in captured]
    words = ("trace", goods.LEAVES_GTIN, "--lot", goods.LOT, "--forward")
    assert len(shop.ok(*words).json["steps"]) == 2
    assert "went into" in shop.run(*words).err


def test_a_transaction_is_shown_with_its_money_and_without_raw_documents(
    shop: Shop, listing: str, tmp_path: Path
) -> None:
    words = ("order", "create", listing, "--ship-to", "x", "--as", "buyer")
    order = shop.ok(*words).json["order_id"]
    shown = shown_transaction(shop, "order", "pay", order, "--as", "buyer")
    # The payload names no asset: it is the order's.
    assert shown.count("CNY 137.00") == 2
    assert "_minor" not in shown
    file = tmp_path / "tea.jsonld"
    file.write_bytes(goods.document(1_790_000_000_000, goods.harvest(1_790_000_000_000)))
    shown = shown_transaction(shop, "capture", str(file), "--as", "merchant")
    assert f"{file.stat().st_size} bytes of EPCIS 2.0" in shown
    assert file.read_bytes()[:20].hex() not in shown


@pytest.mark.parametrize(
    "words",
    [
        ("nonsense",),
        ("06901234000017",),
        ("690123",),
        ("urn:epc:id:sgtin:6901234.000001",),
        ("https://id.gs1.org/01/06901234000017/21/1",),
        (goods.PACKETS[0], "--lot", "A"),
    ],
)
def test_what_names_no_goods_is_wrong_usage_of_trace(shop: Shop, words: tuple[str, ...]) -> None:
    assert shop.refused("trace", *words) == (2, "UsageWrong")


@pytest.mark.parametrize(
    "words",
    [("urn:epc:id:sgtin:6901234.000009.404",), (goods.GTIN, "--lot", "NONE"), ("https://a.b/c",)],
)
def test_goods_of_which_nothing_is_recorded_are_not_found(
    shop: Shop, words: tuple[str, ...]
) -> None:
    assert shop.refused("trace", *words) == (3, "NothingRecorded")


def test_a_document_is_refused_before_it_is_sent_with_the_place_and_the_rule(
    shop: Shop, tmp_path: Path
) -> None:
    file = tmp_path / "tea.jsonld"
    words = ("capture", str(file), "--as", "merchant")
    event = goods.harvest(1_790_000_000_000) | {"action": "INVENT"}
    file.write_bytes(goods.document(1_790_000_000_000, event))
    ran = shop.run("-o", "json", *words)
    assert (ran.code, ran.error["code"]) == (7, "EpcisInvalid")
    assert ran.error["path"] == "epcisBody.eventList[0].action"
    assert ran.error["rule"]
    assert "epcisBody.eventList[0].action: " in shop.run(*words).err
    for text, code in (
        ("{}", "EpcisInvalid"),
        ("", "EpcisMalformed"),
        (" " * 300_000, "EpcisTooLarge"),
    ):
        file.write_text(text)
        assert shop.refused(*words) == (7, code)


def test_a_transaction_travels_in_three_files(shop: Shop, tmp_path: Path) -> None:
    buyer = shop.network.account("buyer").account
    transfer = {"to": buyer, "symbol": "CNY", "amount_minor": "5", "memo_commitment": None}
    wanted = tmp_path / "operations.json"
    operations = [{"type": "pay.transfer", "payload": transfer}] * 2
    wanted.write_text(json.dumps({"operations": operations}))
    unsigned, signed = str(tmp_path / "unsigned.json"), str(tmp_path / "signed.json")
    genesis = str(shop.network.directory / "genesis.json")
    words = ("tx", "build", str(wanted), "--sender", "merchant", "--genesis", genesis)
    assert shop.run(*words, "--memo", "丝绸", "--out", unsigned).code == 0
    assert shop.refused("tx", "submit", unsigned) == (2, "TransactionFileInvalid")
    assert shop.run("tx", "sign", unsigned, "--as", "merchant", "--out", signed).code == 0
    sent = shop.ok("tx", "submit", signed).json
    again = shop.ok("tx", "submit", signed).json
    assert (sent["id"], sent["height"]) == (again["id"], again["height"])
    shown = shop.ok("tx", "show", sent["id"]).json
    assert (shown["memo"], len(shown["operations"])) == ("丝绸", 2)
    assert sent["id"] in shop.run("tx", "show", sent["id"]).out.decode()
    operations[0]["type"] = "pay.transfr"
    wanted.write_text(json.dumps({"operations": operations}))
    ran = shop.run(*words)
    assert ran.code == 2
    assert "did you mean pay.transfer" in ran.err


def test_events_are_watched_from_a_cursor(shop: Shop) -> None:
    first = shop.run("watch", "--from", "0.0.0", "--count", "2", "-o", "ndjson")
    events = [json.loads(line) for line in first.out.splitlines()]
    assert len(events) == 2
    rest = shop.run("watch", "--from", events[0]["next"], "--count", "1", "-o", "ndjson")
    assert json.loads(rest.out) == events[1]
    words = ("watch", "--from", "0.0.0", "--type", "asset", "--account", "buyer", "--count", "1")
    assert b"CNY 100000.00" in shop.run(*words).out


def test_status_tells_the_node_that_was_asked(shop: Shop) -> None:
    for node in shop.network.nodes:
        assert shop.ok("status", "--node", node.name).json["name"] == node.name
        assert shop.ok("status", "--node", node.api).json["name"] == node.name
    assert shop.ok("status").json["ready"] is True


def test_each_kind_of_failure_has_its_exit_code(shop: Shop, tmp_path: Path) -> None:
    assert shop.refused("order", "show", NO_ID) == (3, "OrderUnknown")
    assert shop.refused("order", "show", "xyz") == (2, "FormRefused")
    assert shop.refused("tx", "show", NO_ID)[0] == 3
    assert shop.refused("pay", "transfer", "buyer", "CNY 1") == (4, "KeyMissing")
    assert shop.refused("pay", "transfer", "nobody", "CNY 1", "--as", "buyer")[0] == 3
    for who in (("--as", "nobody"), ("--as", "buyer", "--cosign", "nobody")):
        ran = shop.run("-o", "json", "pay", "transfer", "buyer", "CNY 1", *who)
        assert (ran.code, ran.error["code"]) == (3, "AccountUnnamed")
        assert "merchant, buyer, carrier" in ran.error["message"]
    words = ("pay", "transfer", "buyer", "CNY 1", "--key", "nobody")
    assert shop.refused(*words) == (3, "KeyFileMissing")
    away = ("status", "--node", "http://127.0.0.1:9")
    assert shop.refused(*away) == (5, "NodeUnreachable")
    stranger = tmp_path / "stranger.key"
    write_key(stranger, PrivateKey(bytes([9]) * 32).public_key)
    words = ("pay", "transfer", "buyer", "CNY 1", "--key", str(stranger))
    assert shop.refused(*words)[1] == "SenderUnknown"
    words = ("pay", "transfer", "merchant", "CNY 99999999.00", "--as", "buyer")
    assert shop.refused(*words) == (7, "InsufficientFunds")


def test_a_payment_tells_people_how_much_went_to_whom(shop: Shop) -> None:
    shown = shop.run("pay", "transfer", "merchant", "CNY 0.02", "--as", "buyer").out.decode()
    assert "CNY 0.02" in shown
    assert shop.network.account("merchant").account in shown


def test_whoever_does_not_wait_gets_the_id(shop: Shop) -> None:
    words = ("pay", "transfer", "merchant", "CNY 0.01", "--as", "buyer", "--wait", "accepted")
    made = shop.ok(*words).json
    assert (made["state"] in {"pending", "decided"}, len(made["id"])) == (True, 64)
    shown = shop.run(*words[:-1], "none").out.decode()
    assert ("CNY 0.01" in shown, "_minor" in shown) == (True, False)


def test_a_watch_ends_when_nobody_reads_it_any_more(shop: Shop) -> None:
    words = ("--context", str(shop.network.directory), "watch", "--from", "0.0.0")
    command = [sys.executable, str(ROOT / "cli.py"), *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert b"asset.issued" in process.stdout.readline()
        process.stdout.close()
        process.wait(timeout=30)
    assert process.returncode in {0, 141}


@pytest.mark.parametrize("form", ["table", "json", "ndjson"])
def test_a_pipe_that_nobody_reads_is_no_error(shop: Shop, form: str) -> None:
    reads, writes = os.pipe()
    os.close(reads)
    words = ("--context", str(shop.network.directory), "watch", "--from", "0.0.0", "-o", form)
    command = [sys.executable, str(ROOT / "cli.py"), *words]
    with os.fdopen(writes, "wb") as closed:
        ran = subprocess.run(
            command, stdout=closed, stderr=subprocess.PIPE, timeout=30, check=False
        )
    assert (ran.returncode, ran.stderr) == (141, b"")


def test_an_order_whose_outcome_is_unknown_keeps_its_private_part(
    shop: Shop, listing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ("order", "create", listing, "--ship-to", "x", "--as", "buyer")
    ran = run_without_answer(shop, monkeypatch, "-o", "json", *words)
    assert ran.code == 6
    assert len(ran.error["recipient_code"]) >= 16
    assert len(ran.error["ship_to_salt"]) == 64
    shop.ok("tx", "submit", ran.error["file"])


@pytest.mark.parametrize("seconds", ["-1", "nan", "inf"])
def test_a_timeout_that_makes_no_sense_is_refused(shop: Shop, seconds: str) -> None:
    words = ("pay", "transfer", "merchant", "CNY 1", "--as", "buyer", f"--timeout={seconds}")
    assert shop.refused(*words) == (2, "UsageWrong")
