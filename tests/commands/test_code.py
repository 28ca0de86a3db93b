"""Codes as a brand, a gateway and consumers type them."""

import csv
import json
import stat
from pathlib import Path

import pytest

from chain.bech32m import decode_account
from commerce.codes.claiming import ClaimCommit
from commerce.epcis.identifiers import check_digit
from commerce.registry import operation
from node import claim_file
from node.code_text import read_code
from node.commands.options import Options
from node.commands.session import Session
from node.sun import mac_of
from tests.commands.conftest import Shop

GTIN = "0690123404728" + check_digit("0690123404728")
NO_ID = "00" * 32
# NXP AN12196: the address of its example, all keys zero.
MAC_OF_C = mac_of(
    bytes(16),
    bytes.fromhex("04958caa5c5e80"),
    bytes.fromhex("080000"),
    b"CEE9A53E3E463EF1F459635736738962&c=",
).hex()
TAP = "?e=EF963FF7828658A599F3041510671E88&c=94EED9EE65337086"


class Label:
    """A batch in a directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.hidden = dict(rows(directory / "hidden.csv"))
        self.serials = [serial for serial, _ in rows(directory / "leaves.csv")]

    def code_file(self, serial: str, place: Path) -> str:
        """A file with a serial's hidden code, as somebody would type it."""
        path = place / f"{serial}.txt"
        path.write_text(self.hidden[serial].lower().replace("-", " ") + "\n")
        return str(path)


def rows(path: Path) -> list[tuple[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return [(row[0], row[1]) for row in csv.reader(file)]


@pytest.fixture(scope="module")
def label(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Label:
    """Six codes, of which the last is not in circulation."""
    shop.ok("product", "register", GTIN, "--title", "Bag", "--class", "bag", "--as", "merchant")
    place = tmp_path_factory.mktemp("codes")
    shop.ok("keys", "new", str(place / "verifier.key"), "--plain")
    out = place / "batch"
    create = ("code", "batch", "create", "--gtin", GTIN, "--count", "6", "--out", str(out))
    options = ("--verifier", str(place / "verifier.key"), "--as", "merchant")
    made = shop.ok(*create, *options).json
    assert made["directory"] == str(out)
    assert stat.S_IMODE((out / "hidden.csv").stat().st_mode) == 0o600
    shop.ok("code", "activate", str(out), "--last", "4", "--as", "merchant")
    # The same command again finds what it made.
    again = shop.ok(*create, *options).json
    assert (again["batch_id"], again["active"]) == (made["batch_id"], 5)
    return Label(out)


def test_a_batch_is_made_shown_and_listed(shop: Shop, label: Label) -> None:
    (listed,) = shop.ok("code", "batch", "list", "--gtin", GTIN).json
    assert shop.ok("code", "batch", "show", listed["batch_id"]).json == listed
    assert listed in shop.ok("code", "batch", "list", "--brand", "merchant").json
    labels = dict(rows(label.directory / "labels.csv"))
    assert labels[label.serials[0]] == f"https://id.gs1.org/01/{GTIN}/21/{label.serials[0]}"
    assert len(set(label.serials)) == len(set(label.hidden.values())) == 6
    public = json.loads((label.directory / "batch.json").read_text())
    assert public["batch_id"] == listed["batch_id"]
    other = ("code", "batch", "create", "--gtin", GTIN, "--count", "7", "--as", "merchant")
    assert shop.refused(*other, "--out", str(label.directory)) == (2, "UsageWrong")


def test_a_verdict_is_told_in_both_languages(shop: Shop, label: Label) -> None:
    told = shop.ok("code", "show", GTIN, label.serials[0]).json
    assert told["code"]["verdict"] == "registered"
    words = shop.run("code", "show", GTIN, label.serials[0]).out.decode()
    assert "Registered, not yet claimed" in words
    assert "尚未认领" in words
    listed = shop.ok("code", "list", "--gtin", GTIN).json
    assert {code["serial"] for code in listed} == set(label.serials[:5])


def test_scans_show_copies_one_by_one_and_from_a_file(
    shop: Shop, label: Label, tmp_path: Path
) -> None:
    serial = label.serials[1]
    shop.ok("code", "scan", GTIN, serial, "--cell", "wtw3", "--as", "merchant")
    block_ms = shop.ok("status").json["time_ms"]
    scan = {"gtin": GTIN, "serial": serial, "scanner": "ab" * 32, "time_ms": block_ms}
    many = tmp_path / "scans.ndjson"
    many.write_text("\n".join(json.dumps(scan | {"cell": cell}) for cell in ("wx4f", "ws10")))
    done = shop.ok("code", "scan", "--file", str(many), "--as", "merchant").json
    assert (done["scans"], done["events"][1]["type"]) == (2, "code.suspected")
    assert shop.ok("code", "show", GTIN, serial).json["code"]["verdict"] == "suspect"


def test_files_of_scans_and_taps_that_are_none_are_refused(shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "file"
    as_scans = ("code", "scan", "--file", str(file), "--as", "merchant")
    as_tap = ("code", "scan", GTIN, "S1", "--cell", "wtw3", "--tap", str(file), "--as", "merchant")
    for text, code in (("", "UsageWrong"), ("[]", "UsageWrong"), ('{"gtin": 1}', "FormRefused")):
        file.write_text(text)
        assert shop.refused(*as_scans) == (2, code)
    for text, code in (("[]", "UsageWrong"), ('{"uid": 1}', "UsageWrong"), ("x", "JsonRefused")):
        file.write_text(text)
        assert shop.refused(*as_tap) == (2, code)


def test_a_code_that_no_node_knows_is_shown_by_its_batch(
    shop: Shop, label: Label, tmp_path: Path
) -> None:
    serial = label.serials[5]
    assert shop.refused("code", "show", GTIN, serial) == (3, "CodeUnknown")
    scan = ("code", "scan", GTIN, serial, "--cell", "wtw3", "--as", "merchant")
    assert shop.refused(*scan) == (3, "CodeUnknown")
    shop.ok(*scan, "--tree", str(label.directory))
    assert shop.ok("code", "show", GTIN, serial).json["code"]["verdict"] == "inactive"
    # A reveal would be refused, and its code would be public.
    claim = ("code", "claim", GTIN, serial, "--as", "buyer", "--keep-in", str(tmp_path))
    hidden = ("--code-file", label.code_file(serial, tmp_path))
    assert shop.refused(*claim, *hidden) == (7, "ClaimTooEarly")


def test_a_claim_is_committed_revealed_and_gone_on_with(
    shop: Shop, label: Label, tmp_path: Path
) -> None:
    serial = label.serials[2]
    claim = ("code", "claim", GTIN, serial, "--keep-in", str(tmp_path), "--no-wait")
    file = ("--code-file", label.code_file(serial, tmp_path))
    other = ("--code-file", label.code_file(label.serials[3], tmp_path))
    assert shop.refused(*claim, *other, "--as", "buyer") == (2, "ClaimCodeMistyped")
    assert shop.refused(*claim, "--as", "buyer") == (2, "UsageWrong")
    told = shop.ok(*claim, *file, "--as", "buyer").json["code"]
    assert told["claimant"] == shop.network.account("buyer").account
    assert told["claim_until_ms"] is not None
    # It is kept, and the same command sends nothing twice.
    kept = claim_file.claim_path(tmp_path, GTIN, serial, decode_account(told["claimant"]))
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert shop.ok(*claim, "--as", "buyer").json["code"] == told
    assert shop.refused(*claim, *file, "--as", "merchant") == (7, "EarlierCommit")


def test_a_claim_that_was_interrupted_after_its_commitment_is_revealed(
    shop: Shop, label: Label, tmp_path: Path
) -> None:
    serial = label.serials[3]
    account = decode_account(shop.network.account("buyer").account)
    path = claim_file.claim_path(tmp_path, GTIN, serial, account)
    begun = claim_file.begin(path, GTIN, serial, account, read_code(label.hidden[serial]))
    options = Options(context=str(shop.network.directory), speaker="buyer")
    with Session(options) as session:
        commit = operation("code.claim_commit", ClaimCommit(begun.commitment))
        session.submit(session.signed(commit), brings=None)
    claim = ("code", "claim", GTIN, serial, "--keep-in", str(tmp_path), "--no-wait")
    ran = shop.run(*claim, "--as", "buyer")
    assert ran.code == 0
    assert "committed" not in ran.err
    assert "revealed" in ran.err


def test_a_report_is_made_listed_and_answered(shop: Shop, label: Label, tmp_path: Path) -> None:
    serial, photo = label.serials[4], tmp_path / "photo.jpg"
    photo.write_bytes(b"a photograph")
    report = ("code", "report", GTIN, serial, "--file", str(photo), "--as", "buyer")
    report_id = shop.ok(*report).json["report_id"]
    for option in (("--brand", "merchant"), ("--gtin", GTIN, "--serial", serial)):
        (listed,) = shop.ok("code", "reports", *option).json
        assert (listed["report_id"], listed["state"]) == (report_id, "OPEN")
    answer = ("code", "answer", report_id, "--finding", "copied", "--content", "ab" * 32)
    assert shop.refused(*answer, "--as", "buyer") == (7, "PrefixNotHeld")
    shop.ok(*answer, "--as", "merchant")
    assert shop.ok("code", "show", GTIN, serial).json["code"]["verdict"] == "suspect"


def test_a_tap_is_checked_signed_recorded_and_not_replayed(
    shop: Shop, label: Label, tmp_path: Path
) -> None:
    serial = label.serials[0]
    keys, verifier = tmp_path / "tags.json", str(label.directory.parent / "verifier.key")
    keys.write_text(json.dumps({"picc_key": "00" * 16, "file_keys": {"*": "00" * 16}}))
    url = f"https://id.gs1.org/01/{GTIN}/21/{serial}{TAP}"
    verify = ("code", "sun-verify", url, "--keys", str(keys), "--key", verifier)
    assert shop.refused(*verify) == (4, "KeyFileTooOpen")
    keys.chmod(0o600)
    tap = tmp_path / "tap.json"
    told = shop.ok(*verify)
    assert (told.json["uid"], told.json["counter"]) == ("04de5f1eacc040", 61)
    tap.write_bytes(told.out)
    scan = ("code", "scan", GTIN, serial, "--cell", "wtw3", "--tap", str(tap), "--as", "merchant")
    shop.ok(*scan)
    assert shop.ok("code", "show", GTIN, serial).json["code"]["tag_counter"] == 61
    assert shop.refused(*scan) == (7, "TapReplayed")
    keys.write_text(json.dumps({"picc_key": "00" * 16, "file_keys": {"*": "11" * 16}}))
    ran = shop.run("-o", "json", *verify)
    assert (ran.code, ran.error["code"]) == (8, "VerificationFailed")
    assert ran.json["mac_right"] is False


def test_one_replayed_tap_does_not_refuse_a_files_other_scans(
    shop: Shop, label: Label, tmp_path: Path
) -> None:
    """And a tag behind another thing's address is told, and signed as false."""
    serial, keys = label.serials[4], tmp_path / "tags.json"
    verifier = str(label.directory.parent / "verifier.key")
    # AN12196's other example: its code covers the file data; UID 04958CAA5C5E80, the 8th tap.
    url = (
        f"https://id.gs1.org/01/{GTIN}/21/{serial}?e=FD91EC264309878BE6345CBE53BADF40"
        "&enc=CEE9A53E3E463EF1F459635736738962&c=" + MAC_OF_C
    )
    record = {"picc_key": "00" * 16, "file_keys": {"*": "00" * 16}}
    verify = ("code", "sun-verify", url, "--covers", "CEE9", "--keys", str(keys))
    signed = ("--key", verifier)
    keys.write_text(json.dumps(record | {"things": {"04958caa5c5e80": f"{GTIN}/{serial}x"}}))
    keys.chmod(0o600)
    ran = shop.run("-o", "json", *verify, *signed)
    assert (ran.code, ran.json["mac_right"]) == (8, False)
    assert "is not on" in ran.err
    keys.write_text(json.dumps(record | {"things": {"04958caa5c5e80": f"{GTIN}/{serial}"}}))
    told = shop.ok(*verify, *signed).json
    tap = {name: told[name] for name in ("uid", "counter", "mac_right", "signature")}
    now_ms = shop.ok("status").json["time_ms"]
    scan = {"gtin": GTIN, "serial": serial, "time_ms": now_ms, "cell": "wtw3", "tap": tap}
    file = tmp_path / "scans.ndjson"
    file.write_text("\n".join(json.dumps(scan | {"scanner": f"{n:064x}"}) for n in range(3)))
    for _ in range(2):
        ran = shop.run("code", "scan", "--file", str(file), "--as", "merchant")
        assert ran.code == 0, ran.err
        assert "scan 3: its tap was recorded before" in ran.err
    code = shop.ok("code", "show", GTIN, serial).json["code"]
    assert (code["tag_counter"], code["scans"]) == (8, 6)


def test_a_verdict_is_proven_offline_and_so_is_that_nobody_made_a_code(
    shop: Shop, label: Label, tmp_path: Path
) -> None:
    for serial in (label.serials[0], "none"):
        out = tmp_path / f"{serial}.hsproof"
        shop.ok("code", "proof", GTIN, serial, "--out", str(out))
        genesis = str(shop.network.directory / "genesis.json")
        told = shop.run("verify", str(out), "--genesis", genesis).out.decode()
        assert "code-item" in told
        assert ("claim_hash" in told) == (serial != "none")


def test_a_line_gets_a_thing_by_its_code(shop: Shop, label: Label) -> None:
    publish = ("listing", "publish", GTIN, "--price", "CNY 20.00", "--stock", "5")
    listing = shop.ok(*publish, "--as", "merchant").json["listing_id"]
    create = ("order", "create", f"{listing}:1", "--ship-to", "Century Avenue 1", "--as", "buyer")
    order = shop.ok(*create).json["order_id"]
    bind = ("code", "bind", GTIN, label.serials[0], "--order", order, "--as", "merchant")
    assert shop.refused(*bind) == (7, "StateForbids")
    shop.ok("order", "pay", order, "--as", "buyer")
    shop.ok(*bind)
    assert shop.ok("code", "show", GTIN, label.serials[0]).json["code"]["sold_ms"] is not None


def test_a_batch_that_reached_the_chain_is_found_by_its_root(shop: Shop, label: Label) -> None:
    """The node's answer was lost: the directory doesn't know the batch's id."""
    record = label.directory / "batch.json"
    told = json.loads(record.read_text())
    record.write_text(json.dumps(told | {"batch_id": None}))
    create = ("code", "batch", "create", "--gtin", GTIN, "--count", "6", "--as", "merchant")
    found = shop.ok(*create, "--out", str(label.directory)).json
    assert found["batch_id"] == told["batch_id"]
    assert json.loads(record.read_text()) == told


def test_a_label_is_drawn_on_the_terminal_and_into_files(shop: Shop, tmp_path: Path) -> None:
    drawn = shop.run("code", "qr", GTIN, "S1").out.decode()
    assert f"https://id.gs1.org/01/{GTIN}/21/S1" in drawn
    assert "█" in drawn or "▀" in drawn
    brand = ("--domain", "https://id.brand.example/")
    for name, magic in (("label.png", b"\x89PNG"), ("label.svg", b"<?xml")):
        out = tmp_path / name
        told = shop.ok("code", "qr", GTIN, "S1", "--out", str(out), *brand).json
        assert out.read_bytes().startswith(magic)
        assert told["link"] == f"https://id.brand.example/01/{GTIN}/21/S1"
    # Also where what is behind the picture is dark.
    assert "#fff" in (tmp_path / "label.svg").read_text()


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("code", "show", GTIN, "none"), (3, "CodeUnknown")),
        (("code", "show", "123", "S1"), (2, "UsageWrong")),
        (("code", "show", GTIN, "a/b"), (2, "UsageWrong")),
        (("code", "list"), (2, "UsageWrong")),
        (("code", "reports"), (2, "UsageWrong")),
        (("code", "batch", "list"), (2, "UsageWrong")),
        (("code", "batch", "show", NO_ID), (3, "CodeBatchUnknown")),
        (("code", "activate", "nowhere", "--as", "merchant"), (3, "CodeFilesMissing")),
        (("code", "scan", GTIN, "S1", "--as", "merchant"), (2, "UsageWrong")),
        (("code", "scan", "--file", "nowhere", "--as", "merchant"), (2, "UsageWrong")),
        (("code", "qr", GTIN, "S1", "--out", "label.gif"), (2, "UsageWrong")),
        (("code", "qr", GTIN, "S1", "--domain", "brand"), (2, "UsageWrong")),
        (("code", "answer", NO_ID, "--finding", "maybe", "--as", "merchant"), (2, "UsageWrong")),
        (
            ("code", "transfer", GTIN, "none", "--to", "merchant", "--as", "buyer"),
            (7, "CodeUnknown"),
        ),
    ],
)
def test_what_makes_no_sense_has_its_exit_code(
    shop: Shop, words: tuple[str, ...], code: tuple[int, str]
) -> None:
    assert shop.refused(*words) == code


def test_messages_name_what_is_wrong_and_hints_exist(shop: Shop, tmp_path: Path) -> None:
    create = ("code", "batch", "create", "--gtin", GTIN, "--count", "1", "--as", "merchant")
    told = shop.run(*create, "--out", str(tmp_path / "batch"), "--lot", "a lot")
    assert told.code == 2
    assert "'a lot' is no lot number" in told.err
    assert "1 to 20" in told.err
    made = shop.ok(*create, "--out", str(tmp_path / "slash"), "--lot", "2027/03(B)").json
    assert shop.ok("code", "batch", "show", made["batch_id"]).json["lot"] == "2027/03(B)"
    told = shop.run("code", "show", GTIN, "a/b")
    assert "'a/b' is no serial of a code: 1 to 20 letters, digits, . - and _" in told.err
    told = shop.run("code", "show", GTIN, "NONE")
    assert told.code == 3
    assert "check product and serial" in told.err
    assert "--tree" not in told.err
