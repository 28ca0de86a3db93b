"""What is shown of members, their seats and the evidence against them."""

import pytest

from commerce.committee_errors import MemberUnknown
from commerce.committee_views import evidence_views, organisation_view, organisation_views
from tests.commerce.seats import equivocation, hidden_commit, join
from tests.commerce.world import MEMBERS, World, account, key


def test_every_organisation_is_shown_with_its_seat_if_it_has_one() -> None:
    world = World()
    join(world, "minhang")
    founders = world.genesis.committee()
    shown = list(organisation_views(world.state, founders))
    assert [view.account for view in shown] == sorted(map(account, (*MEMBERS, "minhang")))
    seats = {view.organisation: view.seat_key for view in shown}
    assert seats == {name: key(f"node of {name}") for name in MEMBERS} | {"minhang": None}
    assert not any(view.suspended for view in shown)
    for view in shown:
        assert organisation_view(world.state, founders, view.account) == view


def test_a_suspended_seat_is_shown_as_soon_as_it_is_decided() -> None:
    world = World()
    world.done("buyer", ("evidence.submit", equivocation(world, "node of m3")))
    founders = world.genesis.committee()
    shown = {view.organisation: view for view in organisation_views(world.state, founders)}
    assert [name for name, view in shown.items() if view.suspended] == ["m3"]
    assert shown["m3"].node_keys == (key("node of m3"),)


def test_an_account_that_is_no_organisations_is_unknown() -> None:
    world = World()
    with pytest.raises(MemberUnknown):
        organisation_view(world.state, world.genesis.committee(), account("buyer"))


def test_evidence_is_shown_of_all_or_of_one() -> None:
    world = World()
    assert list(evidence_views(world.state)) == []
    world.done("buyer", ("evidence.submit", equivocation(world, "node of m3")))
    world.wait(1_000)
    world.done("m0", ("evidence.submit", hidden_commit(world, "node of m2")))
    world.done("m0", ("evidence.submit", hidden_commit(world, "node of m3")))
    everything = list(evidence_views(world.state))
    told = [(view.organisation, view.epoch, view.kind) for view in everything]
    assert sorted(told) == [
        ("m2", 1, "hidden-commit"),
        ("m3", 0, "equivocation"),
        ("m3", 1, "hidden-commit"),
    ]
    assert everything == sorted(everything, key=lambda view: (view.account, view.epoch))
    against = list(evidence_views(world.state, account("m3")))
    assert against == [view for view in everything if view.organisation == "m3"]
    first = against[0]
    assert (first.reporter, first.node_key) == (account("buyer"), key("node of m3"))
    assert (first.height, first.view) == (1, 3)
    assert list(evidence_views(world.state, account("m1"))) == []
