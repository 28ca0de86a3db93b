"""Committees by epoch: who decides which height, and how the ledger follows (docs/adr/0060)."""

from dataclasses import replace

import pytest

from chain import committees
from chain.account import single_key_policy
from chain.block import NO_HASH, check_certificate
from chain.committee import Committee, Member
from chain.committees import COMMITTEES, CommitteeRecord
from chain.crypto import domain, verify
from chain.errors import BlockInvalid, CertificateInvalid
from chain.ledger import Ledger
from chain.state import Overlay, u64
from tests.chain.toy import EmptyState, ToyRules, elect, look
from tests.chain.toy_world import ToyWorld
from tests.chain.world import genesis, key

FOUNDERS = genesis().committee()


def committee(epoch: int, *names: str) -> Committee:
    """One-key members of these names, as in tests.chain.world."""
    return Committee(epoch, tuple(member(name) for name in names))


def member(name: str) -> Member:
    policy = single_key_policy(key(name).public_key)
    return Member(name, policy.account_id(), key(f"node of {name}").public_key)


def names(found: Committee) -> str:
    return " ".join(entry.name for entry in found.members)


def four_epochs() -> tuple[Overlay, list[CommitteeRecord]]:
    """Changes executed at heights 3, 5 and 300: they govern from 5, 7 and 302."""
    state = Overlay(EmptyState())
    records = [CommitteeRecord(FOUNDERS, 0)]
    for epoch, height in ((1, 3), (2, 5), (3, 300)):
        made = committee(epoch, *(f"m{i}" for i in range(4 + epoch)))
        assert committees.change(state, FOUNDERS, made, height) == height + 2
        records.append(CommitteeRecord(made, height + 2))
    return state, records


# The table.


def test_without_a_change_the_founders_govern_and_nothing_is_stored() -> None:
    state = Overlay(EmptyState())
    assert committees.newest(state) is None
    assert committees.governing(state, FOUNDERS, 10**9) == FOUNDERS
    assert committees.of_epoch(state, FOUNDERS, 0) == CommitteeRecord(FOUNDERS, 0)
    assert committees.of_epoch(state, FOUNDERS, 1) is None


def test_each_height_is_governed_by_the_last_committee_that_began_by_then() -> None:
    state, records = four_epochs()
    assert committees.newest(state) == records[-1]
    for height in range(310):
        begun = [record for record in records if record.first_height <= height]
        assert committees.governing(state, FOUNDERS, height) == begun[-1].committee


def test_every_epoch_can_be_found_and_no_other() -> None:
    state, records = four_epochs()
    found = [committees.of_epoch(state, FOUNDERS, epoch) for epoch in range(4)]
    assert found == records
    for unknown in (-1, 4, 2**64 - 1, 2**64, 2**70):
        assert committees.of_epoch(state, FOUNDERS, unknown) is None


def test_the_newest_epoch_comes_first_in_the_state() -> None:
    state, _ = four_epochs()
    assert [record.committee.epoch for _, record in COMMITTEES.items(state)] == [3, 2, 1]


@pytest.mark.parametrize(("epoch", "height"), [(2, 8), (0, 8), (1, 8)])
def test_epochs_are_contiguous(epoch: int, height: int) -> None:
    state = Overlay(EmptyState())
    if epoch != 2:
        committees.change(state, FOUNDERS, committee(1, "m0"), 1)
    with pytest.raises(AssertionError):
        committees.change(state, FOUNDERS, committee(epoch, "m0"), height)


def test_a_pending_change_is_never_overtaken() -> None:
    state = Overlay(EmptyState())
    committees.change(state, FOUNDERS, committee(1, "m0"), 7)
    with pytest.raises(AssertionError):
        committees.change(state, FOUNDERS, committee(2, "m1"), 8)
    assert committees.change(state, FOUNDERS, committee(2, "m1"), 9) == 11


def test_readiness_is_signed_for_one_chain_epoch_and_header() -> None:
    digest = bytes([3]) * 32
    signed = committees.ready_bytes(bytes([1]) * 32, 5, 700, digest)
    assert signed == domain("ready") + bytes([1]) * 32 + u64(5) + u64(700) + digest


# The ledger.


def elected(ledger: Ledger) -> tuple[Committee, Committee | None]:
    """Who decides the next height, and who the one after it, if that changes."""
    return ledger.chain.committee, ledger.next_committee


def test_a_change_at_h_stands_in_header_h_plus_1_and_governs_from_h_plus_2() -> None:
    world = ToyWorld()
    ledger = world.ledger
    made = committee(1, "m0", "m1", "m2", "m3", "m4")
    executed = world.execute(world.signed("buyer", elect(made)))
    assert executed.next_committee == made
    assert elected(ledger) == (FOUNDERS, None)
    tip = ledger.write(executed, world.certify(executed.header))
    assert tip.needs_seal
    assert elected(ledger) == (FOUNDERS, made)
    assert [names(ledger.committee_at(height)) for height in (1, 2, 3)] == [
        "m0 m1 m2 m3",
        "m0 m1 m2 m3",
        "m0 m1 m2 m3 m4",
    ]
    world.decide()
    assert elected(ledger) == (made, None)
    world.decide()
    headers = [ledger.header(height) for height in range(4)]
    assert [header.epoch for header in headers if header] == [0, 0, 0, 1]
    named = [header.next_committee_hash for header in headers if header]
    assert named == [NO_HASH, NO_HASH, made.hash(), NO_HASH]


def test_a_block_after_a_change_must_name_the_next_committee_and_keep_the_old_epoch() -> None:
    world = ToyWorld()
    world.decide(world.signed("buyer", elect(committee(1, "m0", "m1"))))
    header = world.header([])
    for changed, field in (
        (replace(header, next_committee_hash=NO_HASH), "next_committee_hash"),
        (replace(header, next_committee_hash=FOUNDERS.hash()), "next_committee_hash"),
        (replace(header, epoch=1), "epoch"),
    ):
        with pytest.raises(BlockInvalid, match=field):
            world.ledger.execute(changed, [])
    world.decide()
    header = world.header([])
    with pytest.raises(BlockInvalid, match="epoch"):
        world.ledger.execute(replace(header, epoch=0), [])
    world.ledger.execute(header, [])


def test_the_committee_of_a_removed_majority_decides_once_more_and_then_never() -> None:
    world = ToyWorld()
    world.decide(world.signed("buyer", elect(committee(1, "m9"))))
    sealed = world.execute()
    old = world.certify(sealed.header)
    world.ledger.write(sealed, old)
    made, genesis_hash = world.execute(), world.ledger.chain.genesis_hash
    check_certificate(old, world.ledger.committee_at(2), genesis_hash, verify)
    check_certificate(
        world.certify(made.header), world.ledger.committee_at(3), genesis_hash, verify
    )
    with pytest.raises(CertificateInvalid):
        check_certificate(
            world.certify(made.header), world.ledger.committee_at(2), genesis_hash, verify
        )


def test_a_change_right_after_a_change_waits_until_that_one_governs() -> None:
    world = ToyWorld()
    first, second = committee(1, "m0", "m1"), committee(2, "m2")
    assert world.statuses(
        world.signed("buyer", elect(first)), world.signed("merchant", elect(second))
    ) == [("ok", None), ("ElectionPending", 0)]
    assert world.statuses(world.signed("buyer", elect(second))) == [("ElectionPending", 0)]
    assert elected(world.ledger) == (first, None)
    assert world.statuses(world.signed("buyer", elect(second))) == [("ok", None)]
    assert elected(world.ledger) == (first, second)
    world.decide()
    assert elected(world.ledger) == (second, None)


def test_a_failed_change_changes_nothing() -> None:
    world = ToyWorld()
    made = world.signed("buyer", elect(committee(1, "m0")), elect(committee(2, "m0")))
    assert world.execute(made).next_committee is None
    assert world.statuses(made) == [("ElectionPending", 1)]
    world.decide()
    assert world.ledger.chain.committee == FOUNDERS


@pytest.mark.parametrize("blocks_after", [0, 1, 2, 3])
def test_a_reopened_ledger_knows_who_governs(blocks_after: int) -> None:
    world = ToyWorld()
    made = committee(1, "m0", "m1", "m2", "m3", "m4", "m5", "m6")
    world.decide()
    world.decide(world.signed("buyer", elect(made)))
    for _ in range(blocks_after):
        world.decide()
    known = world.ledger
    world.ledger = Ledger(world.store, world.genesis, ToyRules())
    assert world.ledger.chain == known.chain
    assert elected(world.ledger) == elected(known)
    tip = known.tip.height
    assert [world.ledger.committee_at(height) for height in range(tip + 3)] == [
        FOUNDERS if height < 4 else made for height in range(tip + 3)
    ]
    world.decide()


@pytest.mark.parametrize("height", [-1, 4])
def test_a_committee_further_above_the_tip_is_not_known(height: int) -> None:
    world = ToyWorld()
    world.decide()
    with pytest.raises(AssertionError):
        world.ledger.committee_at(height)


# The past.


def test_an_operation_sees_the_digests_of_the_headers_below_and_no_genesis() -> None:
    world = ToyWorld()
    for _ in range(3):
        world.decide()
    (receipt,) = world.run(world.signed("buyer", *(look(height) for height in range(6))))
    headers = [world.ledger.header(height) for height in (1, 2, 3)]
    digests = [header.digest() for header in headers if header]
    assert [entry.data["digest"] for entry in receipt.events] == [None, *digests, None, None]
