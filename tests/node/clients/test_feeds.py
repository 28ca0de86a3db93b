"""The event feed: nothing lost and nothing twice, whatever nodes do; and what is kept of it."""

from pathlib import Path
from typing import Any

import pytest

from node.api.cursors import LATEST, Cursor, parse_cursor
from node.clients.errors import NodeFailed, NodeRefused, NodeUnreachable
from node.clients.feed import CursorFileDamaged, CursorFileUnwritable, Feed, FeedCursor
from node.clients.feeds import CursorRefused, PageSource, Wanted
from node.clients.wire import Asked, Place
from tests.node.clients.scenes import PLACES, Answer, Driver

HEIGHTS = 6


def event(height: int) -> dict[str, Any]:
    return {
        "cursor": f"{height}.0.0",
        "next": f"{height}.0.1",
        "height": height,
        "block_hash": "ab" * 32,
        "time_ms": height,
        "receipt_id": "cd" * 32,
        "type": "pay.transferred",
        "data": {"amount_minor": str(height)},
    }


class Ledger:
    """One event a block, and pages of two."""

    def __init__(self) -> None:
        self.tips = {"node-1": HEIGHTS, "node-2": HEIGHTS}
        self.trouble: dict[str, list[Answer]] = {"node-1": [], "node-2": []}

    def answer(self, place: Place, asked: Asked) -> Answer:
        if self.trouble[place.host]:
            return self.trouble[place.host].pop(0)
        tip = self.tips[place.host]
        if asked.path == "/v1/status":
            return 200, {"height": tip}
        start = parse_cursor(asked.path.partition("cursor=")[2].partition("&")[0])
        heights = [h for h in range(1, tip + 1) if Cursor(h, 0, 0) >= start]
        page = [event(height) for height in heights[:2]]
        end = max(start, Cursor(tip + 1, 0, 0))
        following = str(end) if len(heights) <= 2 else page[-1]["next"]
        return 200, {
            "events": page,
            "next": following,
            "height": tip,
            "complete": len(heights) <= 2,
        }


def feed_of(
    ledger: Ledger,
    cursor: str = "0.0.0",
    file: FeedCursor | None = None,
    patience_s: float | None = None,
) -> Feed:
    source = PageSource(PLACES, Wanted(), 1.0)
    keep = None if file is None else file.keep
    return Feed(Driver(ledger.answer).run, source, cursor, keep, patience_s)


def heights(feed: Feed) -> list[int]:
    """Everything that there is now."""
    found = []
    while (told := feed.poll()) is not None:
        found.append(told.height)
    return found


def test_every_event_comes_once_and_in_order() -> None:
    feed = feed_of(Ledger())
    assert heights(feed) == [1, 2, 3, 4, 5, 6]
    assert heights(feed) == []
    assert feed.cursor == f"{HEIGHTS + 1}.0.0"


@pytest.mark.parametrize(
    "trouble",
    [
        NodeUnreachable("down"),
        (503, {"code": "Busy"}),
        (500, {}),
        (410, {"code": "HistoryPruned"}),
        (200, {"events": [event(1), event(5), event(2)], "next": "9.0.0", "complete": True}),
        (200, {"events": [{}], "next": "9.0.0", "complete": True}),
        (200, ["nonsense"]),
        (200, {"events": [event(1)] * 2, "next": "9.0.0", "complete": True}),
    ],
)
def test_whatever_one_node_answers_in_the_middle_nothing_is_lost(trouble: Answer) -> None:
    for at in range(4):
        ledger = Ledger()
        feed = feed_of(ledger)
        found = [feed.poll() for _ in range(at)]
        ledger.trouble["node-1"] = [trouble]
        assert [entry.height for entry in found if entry] + heights(feed) == [1, 2, 3, 4, 5, 6]


def test_a_node_that_is_behind_neither_repeats_nor_ends_the_feed() -> None:
    ledger = Ledger()
    ledger.tips["node-2"] = 2
    feed = feed_of(ledger)
    assert heights(feed) == [1, 2, 3, 4, 5, 6]
    ledger.tips["node-1"] = 8
    # It is the turn of the one that is behind, then of the other.
    assert heights(feed) + heights(feed) == [7, 8]


def test_no_node_at_all_is_waited_for_and_then_told() -> None:
    ledger = Ledger()
    feed = feed_of(ledger, patience_s=0.0)
    ledger.trouble = {name: [NodeUnreachable("down")] for name in ledger.trouble}
    with pytest.raises(NodeUnreachable):
        feed.poll()
    assert heights(feed) == [1, 2, 3, 4, 5, 6]
    patient = feed_of(ledger)
    ledger.trouble = {name: [NodeUnreachable("down")] * 3 for name in ledger.trouble}
    assert heights(patient) == [1, 2, 3, 4, 5, 6]


def test_what_no_node_has_any_more_is_told_and_a_refusal_is_not_repeated() -> None:
    ledger = Ledger()
    pruned = (410, {"code": "HistoryPruned", "detail": "gone"})
    ledger.trouble = {name: [pruned] for name in ledger.trouble}
    with pytest.raises(NodeRefused, match="gone"):
        feed_of(ledger).poll()
    ledger.trouble["node-1"] = [(400, {"code": "ParameterInvalid"})]
    with pytest.raises(NodeRefused):
        feed_of(ledger).poll()
    nonsense: list[Answer] = [(200, {})]
    ledger.trouble = {name: list(nonsense) for name in ledger.trouble}
    with pytest.raises(NodeFailed):
        feed_of(ledger).poll()


def test_after_a_crash_only_the_event_in_hand_comes_again(tmp_path: Path) -> None:
    file = FeedCursor(tmp_path / "cursor")
    assert file.read() is None
    feed = feed_of(Ledger(), file=file)
    assert [next(feed).height for _ in range(3)] == [1, 2, 3]
    # The program dies with the third event in its hand.
    assert file.read() == "2.0.1"
    again = feed_of(Ledger(), file.read() or "", file)
    assert next(again).height == 3
    again.keep()
    # Now it had dealt with it.
    assert file.read() == "3.0.1"
    assert heights(feed_of(Ledger(), file.read() or "", file)) == [4, 5, 6]
    assert file.read() == f"{HEIGHTS}.0.1"
    assert file.path.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["cursor"]


def test_from_now_on_is_the_same_moment_after_a_crash(tmp_path: Path) -> None:
    ledger, file = Ledger(), FeedCursor(tmp_path / "cursor")
    assert feed_of(ledger, "latest", file).poll() is None
    assert file.read() == f"{HEIGHTS + 1}.0.0"
    ledger.tips = dict.fromkeys(ledger.tips, HEIGHTS + 2)
    assert heights(feed_of(ledger, file.read() or "", file)) == [7, 8]


def test_it_waits_for_what_is_yet_to_come() -> None:
    ledger = Ledger()
    feed = feed_of(ledger, str(LATEST))
    pauses = 0

    def answer(place: Place, asked: Asked) -> Answer:
        nonlocal pauses
        pauses += 1
        if pauses == 5:
            ledger.tips = dict.fromkeys(ledger.tips, HEIGHTS + 1)
        return ledger.answer(place, asked)

    feed._run = Driver(answer).run
    assert next(feed).height == 7
    assert iter(feed) is feed


@pytest.mark.parametrize("content", ["", "{}", '{"format": "other"}', "[1]", "\udcff"])
def test_a_file_that_is_no_cursor_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "cursor"
    path.write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(CursorFileDamaged, match="cursor"):
        FeedCursor(path).read()


def test_a_cursor_that_is_none_is_refused() -> None:
    with pytest.raises(CursorRefused):
        feed_of(Ledger(), "yesterday")


def test_a_cursor_that_cannot_be_kept_is_told(tmp_path: Path) -> None:
    with pytest.raises(CursorFileUnwritable, match=r"No such file.*; the cursor is 7\.0\.0"):
        FeedCursor(tmp_path / "none" / "cursor").keep("7.0.0")
