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
