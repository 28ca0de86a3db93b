"""Random disputes beside a model of their money (more: `-m tests.commerce.disputes.walk`)."""

import pytest

from tests.commerce.disputes.walk import Book, Walk


@pytest.mark.parametrize("seed", range(2))
def test_in_a_random_walk_of_disputes_no_fen_is_lost_or_made(seed: int) -> None:
    walk = Walk(seed)
    assert walk.run(400) > 60
    ended = [walk.court.dispute(dispute_id).ending for dispute_id in walk.model.books]
    assert len(ended) > 3
    assert None not in ended


def test_the_model_rules_as_the_specification_says() -> None:
    book = Book("buyer", 800, 3_000, [("buyer", 0)])
    book.votes = {"a": 900, "b": 1_000, "c": 1_000, "d": 200}
    assert book.rule() == 800
    book.votes = {"a": 100}
    assert book.rule() == 100
    assert (book.of("buyer", 333), book.of("merchant", 333)) == (999, 2_001)
