"""Tests of the book of subscriptions: kept over restarts, bounded, put in order."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from node import record_log
from node.api.cursors import Cursor
from node.record_log import RecordLog
from node.webhooks import book as kept
from node.webhooks.book import (
    LOG_NAME,
    PER_ACCOUNT_MAX,
    PER_QUERY_MAX,
    Kept,
    Progress,
    ScheduleField,
    Subscription,
    SubscriptionBook,
    TooManySubscriptions,
)

START = Progress(7, 0, 0)


def opened(path: Path) -> SubscriptionBook:
    """The book as a start finds it."""
    return SubscriptionBook(RecordLog(path / "book", LOG_NAME, b"c" * 32))


def subscription(name: str, **changed: Any) -> Subscription:
    """A subscription of somebody."""
    values: dict[str, Any] = {
        "id": name,
        "query": "all",
        "account": b"a" * 32,
        "dest": "https://shop.example/钩子",
        "secret": "e\u0301 \U000105c0".encode(),
        "schedule": (ScheduleField("hour", "1,[5-9]"),),
        "report_if_empty": True,
        "initial_ms": 5,
        "created_ms": 6,
    }
    return Subscription(**{**values, **changed})


def test_everything_is_there_after_a_restart(tmp_path: Path) -> None:
    book = opened(tmp_path)
    for name in ("one", "two", "three"):
        book.add(subscription(name), START)
    moved = replace(START.at(Cursor(9, 2, 1)), told=3, notified_ms=77, until=12)
    book.move("two", moved)
    book.flush()
    assert book.remove("one")
    expected = (Kept(subscription("two"), moved), Kept(subscription("three"), START))
    assert tuple(book.all()) == expected
    assert tuple(opened(tmp_path).all()) == expected


def test_what_is_not_there_is_neither_moved_nor_removed(tmp_path: Path) -> None:
    book = opened(tmp_path)
    book.move("none", START)
    book.flush()
    assert not book.remove("none")
    assert book.get("none") is None
    assert not opened(tmp_path).all()


def test_a_query_that_is_no_more_takes_its_subscriptions_with_it(tmp_path: Path) -> None:
    book = opened(tmp_path)
    book.add(subscription("one"), START)
    book.add(subscription("two", query="other"), START)
    assert book.drop_query("all") == 1
    assert [one.subscription.id for one in opened(tmp_path).all()] == ["two"]


def test_a_query_and_an_account_have_only_so_many(tmp_path: Path) -> None:
    book = opened(tmp_path)
    for number in range(PER_QUERY_MAX):
        book.add(subscription(f"q{number}"), START)
    with pytest.raises(TooManySubscriptions, match="the query"):
        book.add(subscription("more"), START)
    for number in range(PER_ACCOUNT_MAX - PER_QUERY_MAX):
        book.add(subscription(f"a{number}", query=f"{number}"), START)
    with pytest.raises(TooManySubscriptions, match="the account"):
        book.add(subscription("more", query="new"), START)
    book.add(subscription("another's", query="new", account=b"b" * 32), START)
    book.remove("q0")
    book.add(subscription("more"), START)


def test_the_node_has_only_so_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "SUBSCRIPTIONS_MAX", 2)
    book = opened(tmp_path)
    for name in ("one", "two"):
        book.add(subscription(name, query=name, account=name.encode().ljust(32)), START)
    with pytest.raises(TooManySubscriptions, match="this node"):
        book.add(subscription("three"), START)


def test_the_file_does_not_grow_with_what_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "STALE_MAX", 20)
    assert record_log.STALE_MAX > 20
    book = opened(tmp_path)
    book.add(subscription("one"), START)
    sizes = []
    for height in range(100):
        book.move("one", START.at(Cursor(height, 0, 0)))
        book.flush()
        sizes.append((tmp_path / "book").stat().st_size)
    assert max(sizes[50:]) <= max(sizes[:50])
    (found,) = opened(tmp_path).all()
    assert found.progress.cursor == Cursor(99, 0, 0)


def test_an_accounts_subscriptions_to_a_query_are_found(tmp_path: Path) -> None:
    book = opened(tmp_path)
    book.add(subscription("one"), START)
    book.add(subscription("two", account=b"b" * 32), START)
    book.add(subscription("three", query="other"), START)
    assert [one.subscription.id for one in book.of("all", b"a" * 32)] == ["one"]
