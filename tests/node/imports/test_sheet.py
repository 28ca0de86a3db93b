"""CSV files as spreadsheets write them: encodings, headers, guards against formulas, limits."""

import pytest

from node.imports.sheet import (
    CELL_SIZE_MAX,
    COLUMNS_MAX,
    FILE_SIZE_MAX,
    REPORTED,
    REPORTED_CHINESE,
    CellRefused,
    Row,
    Sheet,
    SheetRefused,
    check_row,
    read_sheet,
    write_sheet,
)

KNOWN = ("gtin", "title", "price")


def read(text: str, encoding: str = "utf-8") -> Sheet:
    return read_sheet(text.encode(encoding), ("gtin",), KNOWN)


@pytest.mark.parametrize(
    ("encoding", "name"), [("utf-8", "UTF-8"), ("utf-8-sig", "UTF-8"), ("gb18030", "GB18030")]
)
def test_chinese_is_read_in_both_encodings(encoding: str, name: str) -> None:
    sheet = read("gtin,title\r\n1,龙井茶\r\n", encoding)
    assert (sheet.encoding, sheet.rows[0].text("title")) == (name, "龙井茶")


def test_rows_are_numbered_as_a_spreadsheet_shows_them() -> None:
    sheet = read('gtin,title\n1,"two\nlines"\n,\n\n3,x\n')
    assert [(row.number, row.text("gtin")) for row in sheet.rows] == [(2, "1"), (5, "3")]


def test_unicode_text_of_a_spreadsheet_is_read() -> None:
    sheet = read("gtin\ttitle\r\n1\t龙井茶\r\n", "utf-16")
    assert (sheet.encoding, sheet.rows[0].text("title")) == ("UTF-16", "龙井茶")
    big = "\ufeffgtin,title\n1,龙井茶\n".encode("utf-16-be")
    assert read_sheet(big, ("gtin",), KNOWN).rows[0].text("title") == "龙井茶"
    with pytest.raises(SheetRefused, match="UTF-16"):
        read_sheet(b"\xff\xfeg", ("gtin",), KNOWN)


@pytest.mark.parametrize("sign", [",", ";", "\t"])
def test_a_first_line_may_say_the_separator_and_is_no_row(sign: str) -> None:
    sheet = read(f"sep={sign}\r\ngtin{sign}title\r\n1{sign}x\r\n")
    assert (sheet.columns, sheet.rows[0].number) == (("gtin", "title"), 2)


def test_a_row_in_which_the_file_ends_is_refused_and_a_short_one_is_not() -> None:
    whole, torn = read("gtin,title\n1\n2").rows
    check_row(whole)
    with pytest.raises(CellRefused, match="the file ends in this row"):
        check_row(torn)
    for row in (*read("gtin,title\n1\n2\n").rows, *read("gtin,title\n1,x").rows):
        check_row(row)


@pytest.mark.parametrize("sign", [",", ";", "\t"])
def test_each_usual_separator_is_taken(sign: str) -> None:
    assert read(f"GTIN{sign} Title \n1{sign}x").rows[0].cells == {"gtin": "1", "title": "x"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no row of column names"),
        ("title\nx", "'gtin' is missing"),
        ("gtin,titel\n1,x", "did you mean title"),
        ("gtin,gtin\n1,x", "stands twice"),
        ('gtin\n"1', "line 2"),
        ("gtin\n\x00", "zero bytes"),
        (",".join(["gtin"] * (COLUMNS_MAX + 1)), "columns"),
    ],
)
def test_what_is_no_table_says_why(text: str, words: str) -> None:
    with pytest.raises(SheetRefused, match=words):
        read(text)


def test_there_are_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SheetRefused, match="larger"):
        read_sheet(b"x" * (FILE_SIZE_MAX + 1), (), ())
    with pytest.raises(SheetRefused, match="neither"):
        read_sheet(b"gtin\n\xff\xff", ("gtin",), KNOWN)
    monkeypatch.setattr("node.imports.sheet.ROWS_MAX", 2)
    assert len(read("gtin\n1\n2").rows) == 2
    with pytest.raises(SheetRefused, match="in parts"):
        read("gtin\n1\n2\n3")
    with pytest.raises(SheetRefused, match="in parts"):
        read("gtin\n" + "1\n" * 9)


def test_formulas_come_in_without_a_guard_and_leave_with_one() -> None:
    sheet = read("gtin,title,price\n=\"0690\",'=1+1,'-2\n")
    assert sheet.rows[0].cells == {"gtin": "0690", "title": "=1+1", "price": "-2"}
    data = write_sheet(("gtin", "title"), [["0690", "=1+1"], ["@x", "it's"]])
    assert data.startswith(b"\xef\xbb\xbfgtin,title\r\n0690,'=1+1\r\n'@x,it's\r\n")
    again = read_sheet(data, ("gtin",), KNOWN)
    assert [row.cells["gtin"] for row in again.rows] == ["0690", "@x"]


def test_a_mended_report_is_taken_in_again() -> None:
    for heads in (REPORTED, REPORTED_CHINESE):
        sheet = read(f"{','.join(heads)},gtin\n7,gtin,X,y,z,1\n")
        assert sheet.rows[0].text("gtin") == "1"
        assert sheet.columns == (*REPORTED, "gtin")


def test_cells_that_no_column_holds_are_their_rows_fault() -> None:
    long, wide = read(f"gtin,title\n1,{'x' * (CELL_SIZE_MAX + 1)}\n1,2,3\n").rows
    for row, column in ((long, "title"), (wide, "")):
        with pytest.raises(CellRefused) as refused:
            check_row(row)
        assert refused.value.column == column


@pytest.mark.parametrize(
    ("word", "flag"), [("yes", True), ("是", True), ("FALSE", False), ("", False), ("0", False)]
)
def test_yes_and_no_in_the_words_of_spreadsheets(word: str, *, flag: bool) -> None:
    assert Row(2, {"a": word}).flag("a") is flag


def test_numbers_and_flags_that_are_none_name_their_column() -> None:
    row = Row(2, {"a": "maybe", "b": "\uff11", "c": "11", "d": ""})
    for read_cell in (
        lambda: row.flag("a"),
        lambda: row.whole("b", 10),
        lambda: row.whole("c", 10),
        lambda: row.needed("d"),
    ):
        with pytest.raises(CellRefused):
            read_cell()
    assert row.whole("c", 11) == 11


CHINESE = {"条码": "gtin", "商品条码": "gtin", "名称": "title"}


def read_chinese(text: str) -> Sheet:
    return read_sheet(text.encode("gb18030"), ("gtin",), KNOWN, CHINESE)


def test_columns_may_be_named_in_chinese_and_keep_their_names_for_the_report() -> None:
    sheet = read_chinese("条码,名称,Price\n1,龙井茶,2\n")
    assert sheet.columns == KNOWN
    assert sheet.rows[0].cells == {"gtin": "1", "title": "龙井茶", "price": "2"}
    assert [sheet.written_as(name) for name in KNOWN] == ["条码", "名称", "Price"]
    assert sheet.written_as("") == ""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("商品条吗\n1", "did you mean 商品条码"),
        ("条码,GTIN\n1,1", "'GTIN' stands twice, the first time as '条码'"),
        ("名称\n1", r"'gtin' is missing \(条码, 商品条码\)"),
        ("gtin,什么\n1,1", "known: 条码, 商品条码, 名称"),
    ],
)
def test_chinese_columns_are_refused_in_chinese(text: str, words: str) -> None:
    with pytest.raises(SheetRefused, match=words):
        read_chinese(text)
