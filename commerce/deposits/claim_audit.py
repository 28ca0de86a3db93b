"""Whole-state checks of claims: for `commerce.audit.full_check`."""

from collections import Counter, defaultdict

from chain.state import StateReader, u64
from commerce.checks import require
from commerce.deposits.claim import CLAIMED, CLAIMS, PUNITIVE, Claim, ClaimState, kind_byte
from commerce.deposits.holding import DEPOSITS, deposit_id
from commerce.deposits.punitive import GROUPS, Group, counted
from commerce.disputes.dispute import is_disputed
from commerce.money import asset_part


def check_claims(state: StateReader) -> None:
    """What was filed is in dispute, what ended is paid or owed, lines and groups are counted."""
    claims = dict(CLAIMS.items(state))
    for claim_id, claim in claims.items():
        filed = claim.state == ClaimState.FILED
        require(filed == is_disputed(state, claim_id), "what was filed is in dispute")
        settled_minor = claim.paid_minor + claim.owed_minor
        require(claim.awarded_minor == settled_minor, "what was awarded is paid or owed")
        require((claim.group_ms is not None) == (claim.kind in PUNITIVE), "groups are punitive")
    for key, marked in CLAIMED.items(state):
        found = claims.get(marked.claim_id)
        parts = () if found is None else found.lines
        keys = [marker_key(claims[marked.claim_id], entry.line) for entry in parts]
        require(key in keys, "a claimed line is one of its claim's")
    _check_groups(state, list(claims.values()))
    _check_kept(state, list(claims.values()))


def _check_groups(state: StateReader, claims: list[Claim]) -> None:
    sums: dict[bytes, list[int]] = defaultdict(lambda: [0, 0, 0])
    for claim in claims:
        if claim.group_ms is None:
            continue
        place = claim.buyer + claim.seller + asset_part(claim.symbol) + kind_byte(claim.kind)
        for position, amount in enumerate(counted(claim)):
            sums[place + u64(claim.group_ms)][position] += amount
    expected = {key: Group(*amounts) for key, amounts in sums.items() if any(amounts)}
    require(dict(GROUPS.items(state)) == expected, "groups count their claims")


def _check_kept(state: StateReader, claims: list[Claim]) -> None:
    kept = Counter[bytes]()
    for claim in claims:
        if claim.kept_minor:
            require(claim.state == ClaimState.FILED, "an ended claim keeps nothing")
            kept[deposit_id(claim.seller, claim.symbol)] += claim.kept_minor
    found = {key: entry.claimed_minor for key, entry in DEPOSITS.items(state)}
    require({key: minor for key, minor in found.items() if minor} == kept, "claims keep deposits")


def marker_key(claim: Claim, line: int) -> bytes:
    """Under which key the line of a claim is marked."""
    return claim.order_id + bytes([line]) + kind_byte(claim.kind)
