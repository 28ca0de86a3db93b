"""Proofs of who governed: kept for the headers of late, each under its own state root."""

import pytest

from chain.codec import encode
from chain.committees import of_epoch, state_key
from chain.tree_proof import verify_proof
from node import anchors as module
from node.anchors import Anchors
from tests.chain.world import World, account
from tests.node.api.committee_story import change, grow
from tests.node.parts import issue


def kept(anchors: Anchors, world: World) -> list[int]:
    """Heights with a proof; each of a decided header leads to its root."""
    ledger = world.ledger
    founders = world.genesis.committee()
    heights = [at for at in range(ledger.tip.height + 2) if anchors.proof(at) is not None]
    for height in heights:
        header, proof = ledger.header(height), anchors.proof(height)
        assert proof is not None
        if header is not None:
            value = encode(of_epoch(ledger.state, founders, header.epoch))
            assert verify_proof(header.state_root, state_key(header.epoch), value, proof)
    return heights


def decide(world: World, anchors: Anchors, count: int) -> None:
    """Empty blocks, as the ledger's thread writes them."""
    for _ in range(count):
        world.decide()
        anchors.note()


def test_every_header_after_the_first_change_has_its_proof_also_when_the_next_is_made() -> None:
    world = World()
    anchors = Anchors(world.ledger)
    assert kept(anchors, world) == [], "epoch 0 follows from the genesis"
    grow(world)
    decide(world, anchors, 2)
    assert kept(anchors, world) == [4, 5]
    world.decide(change(world, remove=(account("m3"),)))
    anchors.note()
    decide(world, anchors, 3)
    header = world.ledger.header(7)
    assert header is not None
    assert header.epoch == 2
    assert kept(anchors, world) == [4, 5, 6, 7, 8, 9]


def test_after_a_start_the_newest_headers_have_theirs() -> None:
    world = World()
    grow(world)
    world.decide()
    world.decide()
    tip = world.ledger.tip
    assert kept(Anchors(world.ledger), world) == [tip.height, tip.height + 1]
    world.decide(issue(world))
    # The tree of the tip's own root is gone.
    assert kept(Anchors(world.ledger), world) == [tip.height + 2]


def test_the_oldest_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ANCHORS_MAX", 3)
    world = World()
    grow(world)
    anchors = Anchors(world.ledger)
    decide(world, anchors, 6)
    top = world.ledger.tip.height + 1
    assert kept(anchors, world) == [top - 2, top - 1, top]
