"""The log: one JSON object a line, whatever a peer calls itself."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from node import logs


@pytest.fixture
def restored() -> Iterator[None]:
    """The root logger as it was."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    access = logging.getLogger("aiohttp.access").level
    yield
    for handler in root.handlers:
        if handler not in handlers:
            handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.getLogger("aiohttp.access").setLevel(access)


@pytest.mark.usefixtures("restored")
def test_each_record_is_one_line_of_ascii_json(tmp_path: Path) -> None:
    file = tmp_path / "node.log"
    logs.configure("info", file)
    logging.getLogger("p2p").warning("peer %s left", "浦东\n{fake line}\u2028")
    (line,) = file.read_bytes().splitlines()
    assert line.isascii()
    record = json.loads(line)
    assert record["message"] == "peer 浦东\n{fake line}\u2028 left"
    assert (record["level"], record["logger"]) == ("warning", "p2p")
    assert isinstance(record["time_ms"], int)
    assert "error" not in record


@pytest.mark.usefixtures("restored")
def test_a_traceback_stays_in_its_line(tmp_path: Path) -> None:
    file = tmp_path / "node.log"
    logs.configure("info", file)
    try:
        _ = 1 // 0
    except ZeroDivisionError:
        logging.getLogger("x").exception("failed")
    (line,) = file.read_bytes().splitlines()
    assert "ZeroDivisionError" in json.loads(line)["error"]


@pytest.mark.usefixtures("restored")
def test_below_the_level_nothing_is_written(tmp_path: Path) -> None:
    file = tmp_path / "node.log"
    logs.configure("warning", file)
    logging.getLogger("x").info("hidden")
    logging.getLogger("aiohttp.access").info("hidden at any level")
    logging.getLogger("x").error("shown")
    assert len(file.read_bytes().splitlines()) == 1


@pytest.mark.usefixtures("restored")
def test_without_a_file_it_goes_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info", None)
    logging.getLogger("x").info("told")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert json.loads(captured.err)["message"] == "told"


@pytest.mark.usefixtures("restored")
def test_an_event_and_its_fields_stand_beside_the_words(tmp_path: Path) -> None:
    file = tmp_path / "node.log"
    logs.configure("info", file)
    told = {"event": "peer_connected", "peer": "xuhui", "height": 7}
    logging.getLogger("p2p").info("connected to %s", "xuhui", extra=told)
    record = json.loads(file.read_text())
    assert told.items() <= record.items()
    assert record.keys() == {"time_ms", "level", "logger", "message", *told}


@pytest.mark.usefixtures("restored")
def test_text_is_one_line_that_no_terminal_obeys(tmp_path: Path) -> None:
    file = tmp_path / "node.log"
    logs.configure("info", file, "text")
    logging.getLogger("p2p").warning("peer %s", "\x1b[2J浦\n", extra={"event": "x"})
    (line,) = file.read_bytes().splitlines()
    words = r"Z WARNING p2p: peer \x1b[2J\u6d66\n event=x"
    assert line.decode("ascii").endswith(words)
    assert line.startswith(b"20")


@pytest.mark.usefixtures("restored")
def test_the_journal_gets_the_priority_and_no_time(tmp_path: Path) -> None:
    file = tmp_path / "node.log"
    logs.configure("debug", file, "journald")
    for level in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR, logging.CRITICAL):
        logging.getLogger("x").log(level, "told")
    lines = file.read_text().splitlines()
    assert lines == [f"<{number}>x: told" for number in (7, 6, 4, 3, 2)]


@pytest.mark.usefixtures("restored")
def test_a_file_that_is_moved_away_is_followed_by_a_new_one(tmp_path: Path) -> None:
    file = tmp_path / "node.log"
    logs.configure("info", file)
    logging.getLogger("x").info("before")
    file.rename(tmp_path / "node.log.1")
    logging.getLogger("x").info("after")
    assert json.loads(file.read_text())["message"] == "after"
    assert json.loads((tmp_path / "node.log.1").read_text())["message"] == "before"


def record_at(line: int, level: int = logging.WARNING, **extra: object) -> logging.LogRecord:
    record = logging.LogRecord("x", level, "file.py", line, "told %s", (line,), None)
    vars(record).update(extra)
    return record


def test_what_repeats_is_told_so_often_a_minute_and_then_how_often_it_was_not() -> None:
    now_s = 0.0
    only = logs.RepeatFilter(lambda: now_s)
    told = [only.filter(record_at(7)) for _ in range(logs.REPEATS_MAX + 5)]
    assert sum(told) == logs.REPEATS_MAX
    # Others are told meanwhile: another place, another event, what is worse or no warning.
    assert only.filter(record_at(8))
    assert only.filter(record_at(7, event="other"))
    assert all(only.filter(record_at(7, logging.CRITICAL)) for _ in range(100))
    assert all(only.filter(record_at(7, logging.INFO)) for _ in range(100))
    now_s = logs.REPEATS_S
    again = record_at(7)
    assert only.filter(again)
    assert logs.fields_of(again) == {"suppressed": 5}
    assert logs.fields_of(record_at(7)) == {}


def test_so_many_places_are_remembered_and_no_more() -> None:
    only = logs.RepeatFilter(lambda: 0.0)
    for line in range(logs.SITES_MAX + 7):
        assert only.filter(record_at(line))
    assert len(only._sites) == logs.SITES_MAX
