"""Following the committees by what others show: believed for the genesis' sake, or refused."""

from dataclasses import replace
from typing import Any

import pytest

from chain.block import Header
from chain.codec import encode
from chain.committee import Committee
from chain.errors import CertificateInvalid, CommitteeUnproven, EpochUnexpected
from node.following import CommitteeFileInvalid, Step, follow, read_step
from tests.chain.world import World, account
from tests.node.api.committee_story import change, grow


def shown(world: World, epoch: int) -> Any:
    """What a node shows of an epoch."""
    committee = world.ledger.committee_at({1: 4, 2: 6}[epoch])
    assert committee.epoch == epoch
    header = next(
        header
        for height in range(1, world.ledger.tip.height + 1)
        if (header := world.ledger.header(height)) is not None
        and header.next_committee_hash == committee.hash()
    )
    certificate = world.ledger.certificate(header.height)
    return {
        "committee": {"raw": encode(committee).hex()},
        "header": {
            "raw_header": encode(header).hex(),
            "raw_certificate": encode(certificate).hex(),
        },
    }


def grown() -> World:
    """A world of three epochs."""
    world = World()
    grow(world)
    world.decide()
    world.decide(change(world, remove=(account("m0"),)))
    world.decide()
    return world


def steps(world: World) -> list[Step]:
    return [read_step(shown(world, epoch), "shown") for epoch in (1, 2)]


def test_the_committees_are_followed_in_any_order_of_files() -> None:
    world = grown()
    assert follow(world.genesis, []).committee == world.genesis.committee()
    assert follow(world.genesis, steps(world)[::-1]).committee == world.ledger.chain.committee


def test_a_missing_epoch_is_noticed() -> None:
    world = grown()
    with pytest.raises(EpochUnexpected):
        follow(world.genesis, steps(world)[1:])


def test_a_committee_that_no_certified_header_names_is_refused() -> None:
    world = grown()
    first = steps(world)[0]
    traitors = Committee(1, first.committee.members[:1])
    with pytest.raises(CommitteeUnproven):
        follow(world.genesis, [replace(first, committee=traitors)])
    header: Header = replace(first.header, next_committee_hash=traitors.hash())
    forged = replace(first.certificate, digest=header.digest())
    with pytest.raises(CertificateInvalid):
        follow(world.genesis, [Step(traitors, header, forged)])


@pytest.mark.parametrize(
    "value", [None, [], {}, {"committee": {}, "header": None}, {"committee": 1}]
)
def test_what_shows_no_committee_is_refused(value: Any) -> None:
    with pytest.raises(CommitteeFileInvalid, match="where it lay: no object"):
        read_step(value, "where it lay")


@pytest.mark.parametrize("raw", [1, "zz", "", "00"])
def test_bytes_that_are_none_are_refused(raw: Any) -> None:
    value = {"committee": {"raw": raw}, "header": {"raw_header": "", "raw_certificate": ""}}
    with pytest.raises(CommitteeFileInvalid):
        read_step(value, "file")
