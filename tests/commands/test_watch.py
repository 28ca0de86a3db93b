"""`hushang watch`: words for every event; with `--genesis` no node is trusted.

(Cursors and pipes: test_trade.py.)
"""

import re
from pathlib import Path
from typing import Any

import pytest

from node.commands.options import Options
from node.commands.session import Session
from node.commands.watch import tell_if_ahead, words
from tests.commands.conftest import Shop

PAGE = Path(__file__).parent.parent.parent / "docs" / "protocol-events.md"
# What a value of the page's kinds may be, as JSON; all others are text.
SAMPLES = {
    "amount": "4000",
    "time": 1_700_000_000_000,
    "integer": 7,
    "line index": 0,
    "hash": "00" * 32,
}


def rows() -> list[tuple[str, str]]:
    """Each type of event, and how the page spells its fields."""
    found = re.findall(r"^\| (`[^|]*`) \|.*\| ([^|]*) \|$", PAGE.read_text("utf-8"), re.MULTILINE)
    return [(name, data) for names, data in found for name in re.findall(r"`([^`]+)`", names)]


def sample(kind: str) -> Any:
    """A value of a kind as the page spells it: `{…}`, `[…]`, or a word."""
    kind = kind.strip()
    if kind.startswith("["):
        return [sample(kind[1:-1])]
    if kind.startswith("{"):
        return fields(kind[1:-1])
    return next((value for known, value in SAMPLES.items() if kind.startswith(known)), "CNY")


def fields(data: str) -> dict[str, Any]:
    """Fields as the page spells them: `name: kind, name: kind`."""
    parts, depth = [""], 0
    for char in data:
        depth += (char in "{[(") - (char in "}])")
        if char == "," and not depth:
            parts.append("")
        else:
            parts[-1] += char
    pairs = [part.partition(":") for part in parts if ":" in part]
    return {name.strip(): sample(kind) for name, _, kind in pairs}


@pytest.mark.parametrize(("name", "data"), rows(), ids=lambda text: text[:40])
def test_every_event_of_the_page_has_a_line_for_people(shop: Shop, name: str, data: str) -> None:
    event = {"type": name, "time_ms": 1_700_000_000_000, "height": 3, "data": fields(data)}
    with Session(Options(context=str(shop.network.directory))) as session:
        line = words(session, event)
    amounts = data.count(": amount") + data.count(": [amount]")
    assert line.count("CNY 40.00") == amounts if "symbol: text" in data else "\n" not in line


def test_an_event_of_several_amounts_tells_each(shop: Shop) -> None:
    event = {
        "type": "dispute.opened",
        "time_ms": 1_700_000_000_000,
        "height": 3,
        "data": {"symbol": "CNY", "worth_minor": ["4000", "150"]},
    }
    with Session(Options(context=str(shop.network.directory))) as session:
        assert "CNY 40.00, CNY 1.50" in words(session, event)


def test_a_watch_with_a_genesis_shows_the_same_and_trusts_no_other(
    shop: Shop, tmp_path: Path
) -> None:
    genesis = shop.network.directory / "genesis.json"
    words = ("watch", "--from", "0.0.0", "--count", "2", "-o", "ndjson")
    assert shop.run(*words, "--genesis", str(genesis)).out == shop.run(*words).out
    other = tmp_path / "genesis.json"
    text = genesis.read_text("utf-8")
    other.write_text(text.replace(shop.network.chain_id, "test-other"), "utf-8")
    code, name = shop.refused("watch", "--from", "0.0.0", "--genesis", str(other))
    assert (code, name) == (8, "EveryNodeDistrusted")


def test_a_cursor_above_the_chain_is_told_of(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    with Session(Options(context=str(shop.network.directory))) as session:
        for start in ("latest", "0.0.0", "9" * 5_000, "²"):
            tell_if_ahead(session, start)
        assert capsys.readouterr().err == ""
        tell_if_ahead(session, "99999.0.0")
    assert "nothing comes before height 99999, and the chain is at" in capsys.readouterr().err
