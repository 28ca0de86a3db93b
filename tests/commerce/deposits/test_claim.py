"""Claims as records: found by their id, and by the lines that they are about."""

from dataclasses import replace

import pytest

from chain.state import Overlay
from commerce.deposits.claim import (
    OBJECTIVE,
    PUNITIVE,
    Kind,
    claim_of_line,
    kind_byte,
    load_claim,
    mark_claimed,
    unmark_claimed,
)
from commerce.deposits.errors import ClaimUnknown
from tests.commerce.deposits.counter import Counter
from tests.commerce.deposits.inside import inside


def test_a_claim_is_found_by_each_of_its_lines_and_kind() -> None:
    shop = Counter()
    order_id = shop.paid((shop.pledged, 1), (shop.pledging(5), 1), (shop.tea, 1))
    claim_id = shop.claim(order_id, "authentic", 1, 0)
    found = [claim_of_line(shop.state, order_id, line, "authentic") for line in range(3)]
    assert found == [claim_id, claim_id, None]
    assert claim_of_line(shop.state, order_id, 0, "fraud") is None
    claim = load_claim(shop.state, claim_id)
    with inside(shop) as context:
        unmark_claimed(context, claim)
        assert claim_of_line(context.state, order_id, 0, "authentic") is None
        mark_claimed(context, claim_id, replace(claim, lines=claim.lines[:1]))
    assert claim_of_line(shop.state, order_id, 0, "authentic") == claim_id


def test_every_kind_has_a_byte_of_its_own() -> None:
    assert len({kind_byte(kind) for kind in Kind}) == len(Kind)
    assert not set(OBJECTIVE) & set(PUNITIVE)


def test_there_is_no_claim_of_an_unknown_id() -> None:
    with pytest.raises(ClaimUnknown):
        load_claim(Overlay(Counter().state), bytes(32))
