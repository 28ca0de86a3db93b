"""Rows of codes: made when a leaf is shown, once, and never at another place."""

from dataclasses import replace

import pytest

from chain.context import Context
from chain.state import Overlay
from commerce.codes.errors import CodeBatchUnknown, CodeUnknown, LeafInvalid, SerialElsewhere
from commerce.codes.items import (
    CLAIM,
    CODES,
    Leading,
    code_clocks,
    find_code,
    is_known,
    save_code,
    shown_code,
)
from commerce.codes.serials import code_id
from tests.commerce.codes.atelier import Atelier, serial_of
from tests.commerce.shop import CAKE, TEA


def context(atelier: Atelier) -> Context:
    return Context(Overlay(atelier.state), atelier.chain, 1, atelier.time_ms)


def test_a_code_that_nobody_showed_has_no_row_and_one_that_is_shown_gets_a_blank_one() -> None:
    atelier = Atelier(shown=False)
    here = context(atelier)
    with pytest.raises(CodeUnknown):
        shown_code(here, TEA, serial_of(3), None)
    code = shown_code(here, TEA, serial_of(3), atelier.member(3))
    assert (code.serial, code.index, code.scans, code.signals) == (serial_of(3), 3, 0, ())
    # Who asks for it writes nothing.
    assert not is_known(here.state, code_id(TEA, serial_of(3)))
    save_code(here, None, code)
    assert find_code(here.state, TEA, serial_of(3)) == code
    assert here.indexes


def test_a_leaf_of_another_product_place_or_batch_shows_nothing() -> None:
    atelier = Atelier()
    here = context(atelier)
    member = atelier.member(3)
    for gtin, serial, shown in (
        (CAKE, serial_of(3), member),
        (TEA, serial_of(4), member),
        (TEA, serial_of(3), replace(member, index=4)),
        (TEA, serial_of(3), replace(member, claim_hash=bytes(32))),
        (TEA, serial_of(3), replace(member, path=member.path[1:])),
        (TEA, serial_of(3), replace(member, index=10**6)),
    ):
        with pytest.raises(LeafInvalid):
            shown_code(here, gtin, serial, shown)
    with pytest.raises(CodeBatchUnknown):
        shown_code(here, TEA, serial_of(3), replace(member, batch_id=bytes(32)))
    with pytest.raises(SerialElsewhere):
        shown_code(here, TEA, serial_of(3), replace(member, batch_id=atelier.another_batch()))


def test_a_row_has_a_clock_while_a_claim_waits() -> None:
    atelier = Atelier()
    here, code = context(atelier), atelier.code()
    waiting = replace(code, leading=Leading(bytes(32), 1, 99))
    save_code(here, code, waiting)
    known_id = code_id(TEA, serial_of(0))
    assert code_clocks(here.state, TEA, serial_of(0)) == [(known_id, (99, CLAIM))]
    save_code(here, waiting, code)
    assert code_clocks(here.state, TEA, serial_of(0)) == []
    assert CODES.load(here.state, known_id) == code
