"""`--field`: one bare value of what JSON has, for every command; a slip is told with the names."""

from pathlib import Path
from typing import Any

import pytest

from node.api.models import ReceiptView, RuleView, SubmissionView
from node.commands.field import SENT, FieldUnknown, check_field, field_lines, field_of_one
from node.commands.options import Output
from node.commands.output import Printer
from tests.commands.command_line import inside
from tests.commands.conftest import Shop
from tests.commands.import_files import catalogue

RECORD: dict[str, Any] = {
    "height": 7,
    "ready": True,
    "name": "浦东",
    "receipts": [{"status": "ok"}, {"status": "late"}],
    "none": None,
    "fees": {"pay.transfer": {"amount_minor": 5}, "pay": {"other": 1}},
    "memo": "two\nlines \x1b[31m",
}


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("height", "7"),
        ("ready", "true"),
        ("name", "浦东"),
        ("receipts.1.status", "late"),
        ("receipts", '[{"status":"ok"},{"status":"late"}]'),
        ("none", ""),
        ("none.deeper", ""),
        ("fees.pay.transfer.amount_minor", "5"),
        ("fees.pay.other", "1"),
        ("memo", "two\\nlines \\u001b[31m"),
    ],
)
def test_a_field_is_one_bare_line(path: str, line: str) -> None:
    assert list(field_lines(RECORD, path)) == [line]


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("heigth", "no field heigth; did you mean height?"),
        ("receipts.2.status", "no field 2"),
        ("receipts.00.status", "no field 00"),
        ("receipts.status", "no field status"),
        ("name.x", "no field x"),
    ],
)
def test_a_slip_is_told_with_the_names_that_there_are(path: str, words: str) -> None:
    with pytest.raises(FieldUnknown, match=words) as caught:
        list(field_lines(RECORD, path))
    known = {"heigth": ", ".join(RECORD), "name.x": None}.get(path, "0, 1")
    assert caught.value.details == {"fields": known}


def test_a_list_is_a_line_for_each_and_a_number_takes_one_of_them() -> None:
    rows = [{"id": "a", "end": {"at": 1}}, {"id": "b", "end": None}, {"id": "c"}]
    assert list(field_lines(rows, "id")) == ["a", "b", "c"]
    assert list(field_lines(rows, "end.at")) == ["1", "", ""]
    assert list(field_lines(rows, "1.id")) == ["b"]
    assert list(field_lines([], "anything")) == []
    with pytest.raises(FieldUnknown, match="did you mean end"):
        list(field_lines(rows, "ends"))


def test_a_stream_goes_on_over_things_without_the_inner_field() -> None:
    assert field_of_one({"data": {"id": "x"}}, "data.id") == "x"
    assert field_of_one({"data": {}}, "data.id") == ""
    with pytest.raises(FieldUnknown, match="did you mean data"):
        field_of_one({"data": {}}, "dta.id")


def test_every_way_to_print_prints_the_field(capsys: pytest.CaptureFixture[str]) -> None:
    printer = Printer(Output.NDJSON, "a")
    printer.record({"a": 1}, {"A": "one"})
    printer.records([{"a": 2}, {"a": 3}])
    printer.document({"a": 4})
    printer.words({"a": 5}, ["five"])
    printer.line({"a": 6}, "six")
    assert capsys.readouterr().out == "1\n2\n3\n4\n5\n6\n"


def test_the_field_stands_before_the_noun_or_after_the_verb(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = ("explain", "FieldUnknown")
    assert inside(*asked, "--field", "exit_code").out == b"2\n"
    assert inside("--field", "code", *asked).out == b"FieldUnknown\n"
    # A variable says what is usual; the flag, what is wanted now.
    monkeypatch.setenv("HUSHANG_OUTPUT", "json")
    assert inside(*asked, "--field", "code").out == b"FieldUnknown\n"


@pytest.mark.parametrize(
    "words",
    [
        ("explain", "FieldUnknown", "--field", "cod"),
        ("explain", "FieldUnknown", "--field", "a..b"),
        ("explain", "FieldUnknown", "--field", "code", "-o", "json"),
        ("-o", "json", "explain", "FieldUnknown", "--field", "code"),
    ],
)
def test_what_makes_no_sense_exits_2_with_nothing_on_stdout(words: tuple[str, ...]) -> None:
    ran = inside(*words)
    assert (ran.code, ran.out) == (2, b"")
    assert "--field" in ran.err or "did you mean code" in ran.err


def test_the_names_of_a_sent_transaction_are_those_that_the_node_tells() -> None:
    told = [name for name in SubmissionView.model_fields if name != "receipt"]
    assert set(SENT) == {*told, *ReceiptView.model_fields}
    assert list(SENT["rule"]) == list(RuleView.model_fields)
    for path in ("status", "rule.hint", "events", "events.0.type"):
        check_field(SENT, path)
    for path in ("receipt.status", "status.x", "rule.x"):
        with pytest.raises(FieldUnknown):
            check_field(SENT, path)


@pytest.mark.parametrize("field", ["receipt.status", "nope", "rule.nope"])
def test_a_payment_with_a_wrong_field_is_not_sent(shop: Shop, field: str) -> None:
    paying = ("pay", "transfer", "merchant", "CNY 0.01", "--as", "buyer")
    had = shop.balance("buyer")
    ran = shop.run(*paying, "--field", field)
    assert (ran.code, ran.out) == (2, b"")
    assert "FieldUnknown" in ran.err
    assert "fields: id, state, status" in ran.err or "fields: type, title, hint" in ran.err
    assert shop.balance("buyer") == had


def test_a_slip_in_what_only_the_receipt_tells_is_no_error_after_the_payment(shop: Shop) -> None:
    paying = ("pay", "transfer", "merchant", "CNY 0.01", "--as", "buyer")
    had = shop.balance("buyer")
    ran = shop.run(*paying, "--field", "events.0.nope")
    assert (ran.code, ran.out) == (0, b"\n")
    assert "note: --field events.0.nope: no field nope\n  fields: type, data\n  id: " in ran.err
    assert "state: decided" in ran.err
    assert "the same command would do it again" in ran.err
    assert shop.balance("buyer") == had - 1
    assert shop.run(*paying, "--field", "status").out == b"ok\n"


def test_a_dry_run_and_an_import_have_fields_of_their_own(shop: Shop, tmp_path: Path) -> None:
    paying = ("pay", "transfer", "merchant", "CNY 0.01", "--as", "buyer", "--dry-run")
    known = shop.ok(*paying).json
    assert shop.run(*paying, "--field", next(iter(known))).code == 0
    assert shop.run(*paying, "--field", "nope").code == 2
    path = tmp_path / "tea.csv"
    path.write_text(catalogue(940, 1))
    importing = ("import", "catalogue", str(path), "--as", "merchant")
    assert shop.run(*importing, "--field", "nope").code == 2
    # Nothing of it was done.
    assert shop.run(*importing, "--field", "done").out == b"1\n"
