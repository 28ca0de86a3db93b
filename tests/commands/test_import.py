"""`hushang import` on a running network: batches, bad rows, and doing nothing twice."""

import csv
import fcntl
import io
from pathlib import Path
from typing import Any

import pytest

from chain.crypto import tagged_hash
from node.client import NodeClient, OutcomeUnknown
from tests.commands.conftest import Shop
from tests.commands.import_files import catalogue, gtin


def table(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_bytes().decode("utf-8-sig"))))


def imported(shop: Shop, path: Path, *words: str, kind: str = "catalogue") -> tuple[int, Any]:
    ran = shop.run("-o", "json", "import", kind, str(path), "--as", "merchant", *words)
    return ran.code, (ran.json if ran.out else ran.err)


def test_good_rows_go_in_bad_ones_are_told_and_nothing_is_done_twice(
    shop: Shop, tmp_path: Path
) -> None:
    path = tmp_path / "tea.csv"
    foreign = "09521234543213,Not mine,tea,CNY 1.00,1\n"
    path.write_text(catalogue(500, 60) + foreign + "6901,x,tea,CNY 1.00,1\n")
    code, tried = imported(shop, path, "--dry-run")
    assert (code, tried["would do"], tried["refused"]) == (7, 60, 2)
    code, told = imported(shop, path)
    assert (code, told["done"], told["existed"], told["refused"]) == (7, 60, 0, 2)
    report = table(Path(told["report"]))
    assert [(row["row"], row["column"], row["code"]) for row in report] == [
        ("62", "gtin", "PrefixNotHeld"),
        ("63", "gtin", "CellRefused"),
    ]
    assert report[0]["words"].endswith("the company prefix of 09521234543213 is not the sender's")
    assert not path.with_name("tea.csv.import").exists()
    code, again = imported(shop, path)
    assert (code, again["done"], again["existed"], again["refused"]) == (7, 0, 60, 2)


def test_an_import_that_was_cut_off_goes_on_without_doubles(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "tea.csv"
    path.write_text(catalogue(600, 120))
    own = NodeClient.submit
    calls: list[bytes] = []

    def lost(client: NodeClient, raw: bytes, **options: Any) -> Any:
        """The second batch is decided and its answer lost."""
        calls.append(raw)
        is_second = calls.index(raw) == 1
        outcome = own(client, raw, **options)
        if is_second:
            raise OutcomeUnknown("lost")
        return outcome

    monkeypatch.setattr(NodeClient, "submit", lost)
    code, told = imported(shop, path)
    assert code == 6
    assert "of 120 rows are settled; the same command settles the rest and goes on" in told
    assert path.with_name("tea.csv.import").exists()
    monkeypatch.setattr(NodeClient, "submit", own)
    code, told = imported(shop, path)
    assert (code, told["done"] + told["existed"], told["refused"]) == (0, 120, 0)
    assert told["existed"] >= 50
    assert not path.with_name("tea.csv.import").exists()
    merchant = shop.network.account("merchant").account
    client = NodeClient([node.api for node in shop.network.nodes])
    gtins: list[str] = []
    cursor: object = None
    while True:
        query = {"seller": merchant, "cursor": cursor, "limit": 100}
        page = client.get("/v1/listings", query)
        gtins += [entry["gtin"] for entry in page["listings"]]
        cursor = page["next"]
        if cursor is None:
            break
    mine = [line.partition(",")[0] for line in catalogue(600, 120).splitlines()[1:]]
    assert sorted(gtin for gtin in gtins if gtin in set(mine)) == sorted(mine)


def test_ctrl_c_says_how_far_it_came_and_that_the_same_command_goes_on(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "tea.csv"
    path.write_text(catalogue(720, 3) + "6901,x,tea,CNY 1.00,1\n")

    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("node.imports.runner.Runner.run", stopped)
        ran = shop.run("import", "catalogue", str(path), "--as", "merchant")
    assert ran.code == 130
    assert "interrupted after 1 of 4 rows; the same command goes on there" in ran.err
    assert len(table(path.with_name("tea.csv.refused.csv"))) == 1
    code, told = imported(shop, path)
    assert (code, told["done"]) == (7, 3)


def test_a_cell_too_many_stays_in_the_report(shop: Shop, tmp_path: Path) -> None:
    path = tmp_path / "tea.csv"
    path.write_text(catalogue(730, 1).rstrip("\n") + ",ERP-77\n")
    code, told = imported(shop, path)
    assert (code, told["refused"]) == (7, 1)
    assert Path(told["report"]).read_bytes().rstrip().endswith(b",10,ERP-77")


def test_parcels_are_shipped_once(shop: Shop, tmp_path: Path) -> None:
    words = ("product", "register", gtin(790), "--title", "Tea", "--class", "tea")
    shop.ok(*words, "--as", "merchant")
    words = ("listing", "publish", gtin(790), "--price", "CNY 1.00", "--stock", "9")
    listing = shop.ok(*words, "--as", "merchant").json["listing_id"]
    orders = []
    for _ in range(2):
        words = ("order", "create", f"{listing}:2", "--ship-to", "x", "--as", "buyer")
        orders.append(shop.ok(*words).json["order_id"])
        shop.ok("order", "pay", orders[-1], "--as", "buyer")
    path = tmp_path / "today.csv"
    rows = [f"{orders[0]},carrier,0:1", f"{orders[0]},carrier,", f"{orders[1]},carrier,0:3"]
    path.write_text("\n".join(["order,carrier,lines", *rows]))
    code, told = imported(shop, path, "--cosign", "carrier", kind="shipments")
    assert (code, told["done"], told["refused"]) == (7, 2, 1)
    (bad,) = table(Path(told["report"]))
    assert (bad["row"], bad["column"], bad["code"]) == ("4", "lines", "QuantityExceeded")
    code, told = imported(shop, path, "--cosign", "carrier", kind="shipments")
    assert (code, told["done"], told["existed"]) == (7, 0, 2)


def test_a_template_in_chinese_is_filled_in_imported_and_reported_in_chinese(
    shop: Shop, tmp_path: Path
) -> None:
    made = shop.run("import", "template", "catalogue", "--lang", "zh", "-o", "table").out.decode()
    assert made.startswith("\ufeff商品条码,商品名称,")
    head, row = made.splitlines()
    path = tmp_path / "tea.csv"
    own = row.replace("06901234100013", gtin(791))
    path.write_text(f"{head}\n{own}\n{own.replace(gtin(791), '6901')}\n", "utf-8")
    code, told = imported(shop, path)
    assert (code, told["done"], told["refused"]) == (7, 1, 1)
    (bad,) = table(Path(told["report"]))
    assert (bad["column"], bad["商品条码"], bad["商品名称"]) == ("商品条码", "6901", "龙井茶")
    told = shop.ok("import", "template", "shipments").json
    assert told["tracking"] == "SF1234567890123"


def test_a_tracking_number_finds_its_parcel_by_the_key_that_shipped_it(
    shop: Shop, tmp_path: Path
) -> None:
    words = ("product", "register", gtin(792), "--title", "Tea", "--class", "tea")
    shop.ok(*words, "--as", "merchant")
    words = ("listing", "publish", gtin(792), "--price", "CNY 1.00", "--stock", "9")
    listing = shop.ok(*words, "--as", "merchant").json["listing_id"]
    words = ("order", "create", f"{listing}:3", "--ship-to", "x", "--as", "buyer")
    order = shop.ok(*words).json["order_id"]
    shop.ok("order", "pay", order, "--as", "buyer")
    path = tmp_path / "today.csv"
    rows = [f"{order},carrier,0:1,SF1", f"{order},carrier,0:1,SF2"]
    path.write_text("\n".join(["订单号,承运人,明细,快递单号", *rows]), "utf-8")
    for done in (2, 0):
        code, told = imported(shop, path, "--cosign", "carrier", kind="shipments")
        assert (code, told["done"], told["existed"]) == (0, done, 2 - done)
    words = ("shipment", "create", order, "--carrier", "carrier", "--tracking", "SF3")
    third = shop.ok(*words, "--as", "merchant", "--cosign", "carrier").json["parcel_id"]
    found = [
        shop.ok("shipment", "label", order, number, "--as", "merchant").json
        for number in ("SF1", "SF2", "SF3")
    ]
    assert len({entry["parcel_id"] for entry in found}) == 3
    assert found[2]["parcel_id"] == third
    shown = shop.ok("shipment", "show", third).json
    assert shown["label_commitment"] == found[2]["label_commitment"]
    salt = bytes.fromhex(found[2]["label_salt"])
    assert tagged_hash("label", salt + b"SF3").hex() == shown["label_commitment"]
    # Whoever has another key finds nothing.
    missing = shop.refused("shipment", "label", order, "SF3", "--as", "buyer")
    assert missing == (3, "ParcelUnknown")


def test_a_file_that_is_no_catalogue_is_refused_before_anything_is_sent(
    shop: Shop, tmp_path: Path
) -> None:
    path = tmp_path / "tea.csv"
    path.write_text("gtin,prize\n1,2\n")
    assert shop.refused("import", "catalogue", str(path), "--as", "merchant") == (2, "SheetRefused")
    missing = str(tmp_path / "none.csv")
    assert shop.refused("import", "catalogue", missing, "--as", "merchant")[0] == 2


def test_the_report_speaks_the_language_of_the_command_and_is_taken_in_again(
    shop: Shop, tmp_path: Path
) -> None:
    path, report = tmp_path / "tea.csv", tmp_path / "tea.csv.refused.csv"
    foreign = f"{gtin(793)},茶,tea,CNY x,1\n{gtin(794)},茶,tea,CNY 1.00,many\n"
    path.write_text(
        "商品条码,商品名称,类别,价格,库存\n" + foreign + "09521234543213,茶,tea,CNY 1.00,1\n"
    )
    code, _ = imported(shop, path, "--lang", "zh")
    assert code == 7
    amount, count, rule = table(report)
    assert list(amount)[:5] == ["行号", "所在列", "错误码", "原因", "怎么办"]
    assert amount["原因"].startswith("金额写法有误。")
    assert count["原因"] == "'many' 不是整数"
    assert count["怎么办"] == "修正单元格后重新导入报告"
    assert rule["错误码"] == "PrefixNotHeld"
    assert not rule["原因"].isascii()
    assert "the company prefix of" in rule["原因"]
    mended = report.read_text("utf-8-sig").replace("many", "7").replace("CNY x", "CNY 1.00")
    report.write_text(mended, "utf-8")
    code, told = imported(shop, report)
    assert (code, told["done"], told["refused"]) == (7, 2, 1)


def test_a_second_import_of_the_same_file_waits_for_the_first(shop: Shop, tmp_path: Path) -> None:
    path = tmp_path / "tea.csv"
    path.write_text(catalogue(795, 1))
    with path.open("rb") as first:
        fcntl.flock(first, fcntl.LOCK_EX)
        words = ("import", "catalogue", str(path), "--as", "merchant")
        assert shop.refused(*words) == (7, "ImportUnderWay")
    code, told = imported(shop, path)
    assert (code, told["done"]) == (0, 1)
