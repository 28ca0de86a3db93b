"""A node spends a tenth of a thread at most on reputations, and nobody waits for a second pass."""

from collections.abc import Mapping

import pytest

from chain.state import StateReader
from commerce.reviews.indexes import IndexReader
from commerce.reviews.reputation import Reputation, no_reviews
from node.api import reputation_book
from node.api.problems import Busy
from node.api.reputation_book import REST_FACTOR, ReputationBook
from tests.chain.world import World


class Passes:
    """Counts passes; each takes a second of a clock that stands still otherwise."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        self.time_s = 100.0
        self.inside: ReputationBook | None = None
        self.met: list[str] = []
        monkeypatch.setattr(reputation_book, "reputations", self)

    def __call__(self, _state: StateReader, index: IndexReader) -> Mapping[bytes, Reputation]:
        self.count += 1
        self.time_s += 1
        assert list(index.rows(b"no such index/")) == []
        if self.inside is not None:
            self.ask(self.inside)
        return {bytes(32): no_reviews(bytes(32))}

    def ask(self, book: ReputationBook) -> None:
        """As another thread would in the middle of a pass."""
        try:
            self.met.append(f"height {book.standings().height}")
        except Busy:
            self.met.append("busy")

    def clock(self) -> float:
        return self.time_s


def test_answers_stay_while_there_is_no_new_block_or_the_last_pass_is_young(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world, passes = World(), Passes(monkeypatch)
    book = ReputationBook(world.ledger, passes.clock)
    assert book.standings().height == 0
    passes.time_s += 1_000
    assert (book.standings().height, passes.count) == (0, 1)
    world.decide()
    assert (book.standings().height, passes.count) == (1, 2)
    world.decide()
    passes.time_s += REST_FACTOR - 0.5
    assert (book.standings().height, passes.count) == (1, 2)
    passes.time_s += 0.5
    assert (book.standings().height, passes.count) == (2, 3)


def test_who_asks_in_the_middle_of_a_pass_gets_the_last_answer_or_is_told_to_come_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world, passes = World(), Passes(monkeypatch)
    book = passes.inside = ReputationBook(world.ledger, passes.clock)
    book.standings()
    world.decide()
    passes.time_s += 1_000
    book.standings()
    assert passes.met == ["busy", "height 0"]


def test_a_pass_that_fails_blocks_none_that_follows(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_state: StateReader, _index: IndexReader) -> Mapping[bytes, Reputation]:
        raise KeyError

    monkeypatch.setattr(reputation_book, "reputations", fail)
    book = ReputationBook(World().ledger)
    for _ in range(2):
        with pytest.raises(KeyError):
            book.standings()
    monkeypatch.undo()
    assert book.standings().of(bytes(32)) == no_reviews(bytes(32))
