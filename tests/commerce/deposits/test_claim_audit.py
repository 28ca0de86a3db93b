"""The full check notices claims that contradict their disputes, marks and groups."""

from collections.abc import Callable

import pytest

from chain.errors import InvariantBreach
from chain.state import Overlay
from commerce.audit import full_check
from commerce.deposits.claim import CLAIMED, CLAIMS, ClaimedLine, ClaimState, load_claim
from commerce.deposits.claim_audit import marker_key
from commerce.deposits.punitive import GROUPS
from commerce.records import altered
from tests.commerce.deposits.counter import Counter
from tests.commerce.deposits.inside import deposit
from tests.commerce.world import HOUR_MS

# The overlay, a claim in dispute, and one that ended.
Slip = Callable[[Overlay, bytes, bytes], None]


def ended_in_dispute(overlay: Overlay, filed: bytes, _ended: bytes) -> None:
    claim = load_claim(overlay, filed)
    CLAIMS.store(overlay, altered(claim, state=ClaimState.ENDED.value), filed)


def filed_without_dispute(overlay: Overlay, _filed: bytes, ended: bytes) -> None:
    claim = load_claim(overlay, ended)
    CLAIMS.store(overlay, altered(claim, state=ClaimState.FILED.value), ended)


def award_unpaid(overlay: Overlay, _filed: bytes, ended: bytes) -> None:
    claim = load_claim(overlay, ended)
    CLAIMS.store(overlay, altered(claim, owed_minor=claim.owed_minor - 1), ended)


def pledge_in_a_group(overlay: Overlay, _filed: bytes, ended: bytes) -> None:
    CLAIMS.store(overlay, altered(load_claim(overlay, ended), group_ms=1), ended)


def mark_of_another_claim(overlay: Overlay, filed: bytes, ended: bytes) -> None:
    CLAIMED.store(overlay, ClaimedLine(filed), marker_key(load_claim(overlay, ended), 0))


def mark_of_no_claim(overlay: Overlay, _filed: bytes, ended: bytes) -> None:
    marked = ClaimedLine(bytes(32))
    CLAIMED.store(overlay, marked, marker_key(load_claim(overlay, ended), 0))


def group_miscounted(overlay: Overlay, _filed: bytes, _ended: bytes) -> None:
    ((key, group),) = GROUPS.items(overlay)
    GROUPS.store(overlay, altered(group, claimed_minor=group.claimed_minor + 1), key)


def deposit_kept_for_nothing(overlay: Overlay, filed: bytes, _ended: bytes) -> None:
    CLAIMS.store(overlay, altered(load_claim(overlay, filed), kept_minor=0), filed)


SLIPS = [
    deposit_kept_for_nothing,
    *(ended_in_dispute, filed_without_dispute, award_unpaid, pledge_in_a_group),
    *(mark_of_another_claim, mark_of_no_claim, group_miscounted),
]


@pytest.mark.parametrize("slip", SLIPS, ids=lambda slip: slip.__name__)
def test_a_slip_is_noticed(slip: Slip) -> None:
    shop = Counter()
    deposit(shop, 5_000)
    order_id = shop.paid((shop.pledged, 1))
    shop.wait(72 * HOUR_MS)
    filed, ended = shop.claim(order_id, "fraud"), shop.claim(order_id, "late")
    overlay = Overlay(shop.state)
    full_check(overlay)
    slip(overlay, filed, ended)
    with pytest.raises(InvariantBreach):
        full_check(overlay)
