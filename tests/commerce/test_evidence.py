"""Rules of evidence.submit: who is convicted, once an epoch, and leads no more."""

# ruff: noqa: E501 (the rule table is aligned)

from dataclasses import replace

import pytest

from chain import committees
from chain.block import OK, Certificate, CommitSignature
from chain.codec import encode
from chain.committee import fault_limit
from chain.evidence import Equivocation, decode_evidence, encode_evidence
from chain.genesis import GenesisMember
from chain.state import u64
from commerce.committee import CommitteeChange
from commerce.evidence import EVIDENCE, EVIDENCE_SIZE_MAX, EvidenceSubmit
from commerce.members import MemberUpdate
from tests.commerce.attempts import Attempt, Do, Row, play
from tests.commerce.seats import change, equivocation, hidden_commit, join, seat, vote
from tests.commerce.world import QUORUM, World, account, genesis, key, policy

TYPE = "evidence.submit"
M3 = "node of m3"


def innocent(world: World) -> EvidenceSubmit:
    """Twice the same vote."""
    once = vote(world, M3, bytes([1]) * 32)
    return EvidenceSubmit(encode_evidence(Equivocation(0, once, once)))


def of_nobody(world: World) -> EvidenceSubmit:
    """Votes of a node without a seat, by the index of another."""
    return equivocation(world, "node of nobody")


# fmt: off
TABLE: list[Row] = [
    #       sender   type  payload                                            with outcome
    Attempt("buyer", TYPE, EvidenceSubmit(b"\x09"),                           (),  "EvidenceMalformed"),
    Attempt("buyer", TYPE, EvidenceSubmit(b"\x01"),                           (),  "EvidenceMalformed"),
    Attempt("buyer", TYPE, lambda world: equivocation(world, M3, 1),          (),  "EpochUnknown"),
    Attempt("buyer", TYPE, lambda world: equivocation(world, M3, 2**64 - 1),  (),  "EpochUnknown"),
    Attempt("buyer", TYPE, innocent,                                          (),  "EvidenceUnproven"),
    Attempt("buyer", TYPE, of_nobody,                                         (),  "EvidenceUnproven"),
    Attempt("buyer", TYPE, lambda world: equivocation(world, M3),             (),  "ok"),
    Attempt("m0",    TYPE, lambda world: equivocation(world, "node of m2"),   (),  "ChangePending"),
    Attempt("m0",    TYPE, lambda world: hidden_commit(world, "node of m2"),  (),  "ok"),
    Attempt("m0",    TYPE, lambda world: equivocation(world, "node of m2"),   (),  "EvidenceRecorded"),
]
# fmt: on


def suspended(world: World) -> list[str]:
    """Who may not lead at the next height."""
    return [member.name for member in world.chain.committee.members if member.suspended]


def test_anyone_shows_what_a_member_did_once_an_epoch() -> None:
    play(World(), TABLE)


def test_a_convicted_member_is_suspended_from_the_second_height_above() -> None:
    world = World()
    recorded, changed = world.done("buyer", (TYPE, equivocation(world, M3)))
    decided_at, before = world.height, world.chain.committee
    assert suspended(world) == []
    world.wait(1_000)
    assert suspended(world) == ["m3"]
    committee = world.chain.committee
    assert recorded.type == "evidence.recorded"
    assert recorded.data == {
        "account": account("m3"),
        "epoch": 0,
        "height": 1,
        "kind": "equivocation",
        "node_key": key(M3),
        "reporter": account("buyer"),
        "view": 3,
    }
    assert changed.type == "committee.changed"
    assert changed.data == {
        "added": (),
        "committee": committee.hash(),
        "epoch": 1,
        "first_height": decided_at + 2,
        "removed": (),
        "replaced": (),
        "suspended": (account("m3"),),
    }
    assert [replace(member, suspended=False) for member in committee.members] == [*before.members]


def test_the_record_says_who_what_where_and_when() -> None:
    world = World()
    world.done("buyer", (TYPE, hidden_commit(world, M3)))
    record = EVIDENCE.load(world.state, account("m3"), u64(0))
    assert record is not None
    assert (record.kind, record.height, record.view) == ("hidden-commit", 7, 0)
    assert (record.node_key, record.reporter) == (key(M3), account("buyer"))
    assert record.time_ms == world.time_ms
    assert record.transaction_id == world.receipts[-1].id


def test_no_more_than_f_members_are_suspended() -> None:
    world = World()
    world.done("buyer", (TYPE, equivocation(world, M3)))
    world.wait(1_000)
    (recorded,) = world.done("buyer", (TYPE, equivocation(world, "node of m2")))
    assert recorded.data["account"] == account("m2")
    world.wait(1_000)
    assert suspended(world) == ["m3"]
    assert world.chain.committee.epoch == 1


@pytest.mark.parametrize("n", [1, 2, 3])
def test_where_none_may_be_faulty_evidence_is_recorded_and_nobody_suspended(n: int) -> None:
    assert fault_limit(n) == 0
    world = World(genesis(members=genesis().members[:n]))
    (recorded,) = world.done("buyer", (TYPE, equivocation(world, f"node of m{n - 1}")))
    assert recorded.data["account"] == account(f"m{n - 1}")
    world.wait(1_000)
    assert world.chain.committee == world.genesis.committee()


def test_a_member_that_sins_again_under_a_later_epoch_is_recorded_again() -> None:
    more = tuple(
        GenesisMember(name, policy(name), key(f"node of {name}")) for name in ("m4", "m5", "m6")
    )
    world = World(genesis(members=genesis().members + more))
    assert world.chain.committee.f == 2, "so that another could be suspended"
    world.done("buyer", (TYPE, equivocation(world, M3)))
    world.wait(1_000)
    world.done("buyer", (TYPE, equivocation(world, M3)))
    world.wait(1_000)
    found = {key[32:] for key, _ in EVIDENCE.items(world.state, account("m3"))}
    assert found == {u64(0), u64(1)}
    assert world.chain.committee.epoch == 1, "it was suspended already"


def test_a_key_that_was_replaced_is_convicted_without_harm_to_the_new_one() -> None:
    world = World()
    proof = equivocation(world, M3)
    keys = tuple(sorted((key(M3), key("spare"))))
    world.done("m3", ("member.update", MemberUpdate(keys, None)))
    made = change(world, replaced=[seat(world, "m3", "spare")])
    world.done("m0", ("committee.change", made), with_=QUORUM)
    world.wait(1_000)
    (recorded,) = world.done("buyer", (TYPE, proof))
    assert recorded.data["node_key"] == key(M3)
    world.wait(1_000)
    assert suspended(world) == []
    assert world.chain.committee.epoch == 1


def test_a_member_that_left_is_convicted_for_what_it_did_before() -> None:
    world = World()
    proof = equivocation(world, M3)
    world.done("m0", ("committee.change", change(world, remove=["m3"])), with_=QUORUM)
    world.wait(1_000)
    (recorded,) = world.done("buyer", (TYPE, proof))
    assert recorded.data["epoch"] == 0
    world.wait(1_000)
    assert world.chain.committee.epoch == 1


def test_evidence_of_an_earlier_epoch_suspends_who_still_has_the_key() -> None:
    world = World()
    proof = equivocation(world, M3)
    join(world, "minhang")
    made = change(world, add=[seat(world, "minhang")])
    world.done("m0", ("committee.change", made), with_=QUORUM)
    world.wait(1_000)
    world.done("buyer", (TYPE, proof))
    world.wait(1_000)
    assert suspended(world) == ["m3"]
    assert world.chain.committee.epoch == 2


@pytest.mark.parametrize("first", ["change", "evidence"])
def test_a_change_and_evidence_in_one_block_give_one_epoch(first: str) -> None:
    world = World()
    sent: list[tuple[str, CommitteeChange | EvidenceSubmit]] = [
        ("committee.change", change(world, remove=["m2"])),
        (TYPE, equivocation(world, M3)),
    ]
    if first == "evidence":
        sent.reverse()
    receipt = world.send("m0", *sent, with_=QUORUM)
    assert (receipt.status, receipt.failed_operation) == ("ChangePending", 1)
    assert world.send("m0", sent[0], with_=QUORUM).status == OK
    assert world.send("m0", sent[1], with_=QUORUM).status == "ChangePending"
    newest = committees.newest(world.state)
    assert newest is not None
    assert newest.committee.epoch == 1


def test_evidence_that_waited_for_a_pending_change_counts_after_it() -> None:
    world = World()
    proof = equivocation(world, M3)
    join(world, "minhang")
    made = change(world, add=[seat(world, "minhang")])
    world.done("m0", ("committee.change", made), with_=QUORUM)
    assert world.send("buyer", (TYPE, proof)).status == "ChangePending"
    assert world.send("buyer", (TYPE, proof)).status == OK


def test_a_proof_with_the_certificates_of_the_largest_committee_fits() -> None:
    world = World()
    evidence = decode_evidence(hidden_commit(world, M3).proof)
    signatures = tuple(CommitSignature(member, bytes(64)) for member in range(128))
    certificate = Certificate(2**53 - 1, 2**32, bytes(32), signatures)
    # A ViewChange shows two of them: the highest certificate, and what was prepared above it.
    assert len(encode_evidence(evidence)) + 2 * len(encode(certificate)) < EVIDENCE_SIZE_MAX


def test_a_malformed_proof_leaves_the_state_as_it_was() -> None:
    world = World()
    play(world, [Do(lambda shown: shown.wait(1_000)), *TABLE[:6]])
    assert list(EVIDENCE.items(world.state)) == []
    assert committees.newest(world.state) is None


def test_what_is_recorded_without_room_suspends_when_it_is_shown_again_with_room() -> None:
    world = World()
    world.done("buyer", (TYPE, equivocation(world, M3)))
    world.wait(1_000)
    second = equivocation(world, "node of m2")
    world.done("buyer", (TYPE, second))
    world.wait(1_000)
    assert world.send("buyer", (TYPE, second)).status == "EvidenceRecorded"
    # A replaced key ends the first one's suspension.
    keys = tuple(sorted((key(M3), key("spare of m3"))))
    world.done("m3", ("member.update", MemberUpdate(keys, None)))
    replaced = change(world, replaced=[seat(world, "m3", "spare of m3")])
    world.done("m0", ("committee.change", replaced), with_=QUORUM)
    world.wait(1_000)
    assert suspended(world) == []
    (changed,) = world.done("m0", (TYPE, second))
    world.wait(1_000)
    assert changed.type == "committee.changed"
    assert suspended(world) == ["m2"]
