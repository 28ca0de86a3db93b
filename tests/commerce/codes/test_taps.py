"""Verdicts on taps: a signature is over one thing, one tap and one chain."""

from dataclasses import fields, replace

from commerce.codes.taps import TapStatement, tag_of, tap_message
from tests.commerce.codes.atelier import UID, Atelier, serial_of
from tests.commerce.shop import TEA
from tests.commerce.world import account

STATEMENT = TapStatement(bytes(32), TEA, "S1", UID, 1, mac_right=True)


def test_a_verdict_about_anything_else_has_another_message() -> None:
    others = {
        "genesis_hash": b"\x01" * 32,
        "gtin": "06901234000023",
        "serial": "S2",
        "uid": bytes(7),
        "counter": 2,
        "mac_right": False,
    }
    assert set(others) == {field.name for field in fields(TapStatement)}
    changed = {tap_message(replace(STATEMENT, **{name: other})) for name, other in others.items()}  # type: ignore[arg-type]
    assert len(changed | {tap_message(STATEMENT)}) == len(others) + 1


def test_a_tag_is_known_by_its_brand_with_the_highest_of_its_counters() -> None:
    atelier = Atelier()
    for counter in (3, 9):
        atelier.scanned(atelier.scan(2, tap=atelier.tap(counter, 2)))
    tag = tag_of(atelier.state, account("merchant"), UID)
    assert tag is not None
    assert tag.counter == 9
    assert atelier.code(2).tag == UID
    assert tag_of(atelier.state, account("rival"), UID) is None
    assert serial_of(2) == atelier.code(2).serial
