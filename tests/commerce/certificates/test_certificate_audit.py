"""The audit finds what no handler writes."""

from collections.abc import Callable

import pytest

from chain.errors import InvariantBreach
from chain.state import Overlay
from commerce.certificates.certificate_audit import check_certificates
from commerce.certificates.certificates import (
    CERTIFICATES,
    CERTIFIED,
    Certified,
    load_certificate,
)
from commerce.records import altered
from tests.commerce.certificates.test_certificates import LOT, cert, granted, newest
from tests.commerce.world import World


def ready() -> tuple[Overlay, bytes]:
    world = World()
    granted(world)
    world.done("friend", ("cert.issue", cert(LOT)))
    check_certificates(world.state)
    return Overlay(world.state), newest(world)


def remove_row(state: Overlay, _: bytes) -> None:
    ((key, _row),) = CERTIFIED.items(state)
    CERTIFIED.remove(state, key)


def add_row(state: Overlay, known: bytes) -> None:
    CERTIFIED.store(state, Certified(1), bytes(64) + known)


def end_early(state: Overlay, known: bytes) -> None:
    found = load_certificate(state, known)
    CERTIFICATES.store(state, altered(found, valid_until_ms=found.valid_from_ms), known)


def spell(state: Overlay, known: bytes) -> None:
    found = load_certificate(state, known)
    CERTIFICATES.store(state, altered(found, scope="urn:epc:class:lgtin:6901234.000001.L1"), known)


@pytest.mark.parametrize("damage", [remove_row, add_row, end_early, spell])
def test_a_breach_is_found(damage: Callable[[Overlay, bytes], None]) -> None:
    state, known = ready()
    damage(state, known)
    with pytest.raises(InvariantBreach):
        check_certificates(state)
