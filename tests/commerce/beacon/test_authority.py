"""What a node may do for its member, from when to when."""

from dataclasses import replace

from chain.account import DELEGATIONS
from commerce.assets import AssetIssue
from commerce.beacon.authority import NODE_TYPES
from commerce.delegations import NEVER_DELEGATED, Delegate, DelegateRevoke
from commerce.members import MemberUpdate
from commerce.payments import PayTransfer
from node.money_text import format_time
from tests.commerce.beacon.ring import Ring
from tests.commerce.seats import join, node_of
from tests.commerce.world import DAY_MS, World, account, key

NODE = node_of("m0")
SPARE = "spare of m0"


def scope(world: World, node: str, owner: str = "m0") -> tuple[str, ...] | None:
    found = DELEGATIONS.load(world.state, account(owner), key(node))
    return None if found is None else found.types


def keys(world: World, *nodes: str) -> None:
    made = MemberUpdate(tuple(sorted(key(node) for node in nodes)), None)
    world.done("m0", ("member.update", made))


def test_the_types_of_a_node_are_sorted_and_may_be_delegated() -> None:
    assert list(NODE_TYPES) == sorted(set(NODE_TYPES))
    assert not NEVER_DELEGATED & set(NODE_TYPES)
    assert set(NODE_TYPES) == {name for name in World().rules.types if name.startswith("beacon.")}


def test_founders_nodes_speak_in_the_beacon_for_ever_and_of_nothing_else() -> None:
    ring = Ring()
    ring.world.time_ms += 20_000 * DAY_MS
    assert ring.deal(0).status == "ok"
    found = DELEGATIONS.load(ring.world.state, account("m0"), key(NODE))
    assert found is not None
    assert (found.types, found.amount_max_minor) == (NODE_TYPES, 0)
    assert format_time(found.expires_ms) == "9999-12-31 23:59:59.999 +08:00"


def test_a_new_members_nodes_may_too_and_those_that_are_dropped_no_more() -> None:
    world = World()
    join(world, "minhang")
    assert scope(world, node_of("minhang"), "minhang") == NODE_TYPES
    keys(world, NODE, SPARE)
    assert scope(world, SPARE) == NODE_TYPES
    keys(world, NODE)
    assert scope(world, SPARE) is None
    assert scope(world, NODE) == NODE_TYPES


def test_an_owner_takes_it_away_like_any_delegation_and_gives_it_back() -> None:
    world = World()
    world.done("m0", ("delegate.revoke", DelegateRevoke(key(NODE))))
    assert scope(world, NODE) is None
    keys(world, NODE)
    assert scope(world, NODE) == NODE_TYPES


def test_what_an_owner_has_delegated_to_a_node_key_stays() -> None:
    world = World()
    own = Delegate(key(SPARE), ("pay.transfer",), 5, world.time_ms + DAY_MS)
    world.done("m0", ("delegate", own))
    keys(world, NODE, SPARE)
    assert scope(world, SPARE) == ("pay.transfer",)
    keys(world, NODE)
    assert scope(world, SPARE) == ("pay.transfer",)
    world.done("m0", ("delegate", replace(own, key=key(NODE))))
    assert scope(world, NODE) == ("pay.transfer",), "a second one replaces the first"


def test_a_node_key_pays_nothing() -> None:
    world = World()
    widened = Delegate(key(NODE), (*NODE_TYPES, "pay.transfer"), 0, world.time_ms + DAY_MS)
    world.done("m0", ("delegate", widened))
    funds = AssetIssue("CNY", account("m0"), 1, "bank-1")
    world.done("issuer", ("asset.issue", funds))
    paid = PayTransfer(account("buyer"), "CNY", 1, None)
    assert world.delegated("m0", NODE, ("pay.transfer", paid)).status == "DelegationExceeded"
