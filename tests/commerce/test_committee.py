"""Rules of committee.change, and who decides the blocks after it."""

# ruff: noqa: E501 (the rule table is aligned)

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from chain import committees
from chain.block import OK
from chain.context import READY_HEIGHTS_MAX
from commerce import committee
from commerce.committee import CommitteeChange, Seat
from commerce.members import MemberUpdate
from tests.commerce.attempts import Attempt, Do, Row, play
from tests.commerce.seats import change, equivocation, join, node_of, seat
from tests.commerce.world import QUORUM, World, account, key

TYPE = "committee.change"
Make = Callable[[World], CommitteeChange]


def adding(name: str, **told: object) -> Make:
    """Adds a seat; `told` replaces fields of the seat."""
    return lambda world: change(world, add=[replace(seat(world, name), **told)])  # type: ignore[arg-type]


def replacing(name: str, node: str, **told: object) -> Make:
    return lambda world: change(
        world,
        replaced=[replace(seat(world, name, node), **told)],  # type: ignore[arg-type]
    )


def removing(*names: str) -> Make:
    return lambda world: change(world, remove=names)


def unsorted(world: World) -> CommitteeChange:
    good = change(world, remove=["m2", "m3"])
    return replace(good, remove=good.remove[::-1])


def in_two_lists(world: World) -> CommitteeChange:
    return change(world, remove=["m3"], replaced=[seat(world, "m3", "spare of m3")])


def for_epoch(epoch: int) -> Make:
    return lambda world: replace(change(world, remove=["m3"]), epoch=epoch)


def spare(name: str) -> MemberUpdate:
    """A second node key beside the usual one."""
    return MemberUpdate(tuple(sorted((key(node_of(name)), key(f"spare of {name}")))), None)


def wait_beyond_readiness(world: World) -> None:
    world.height += READY_HEIGHTS_MAX
    world.state.digests[world.height] = bytes([1]) * 32


OLD = "node of minhang"
# fmt: off
TABLE: list[Row] = [
    Do(lambda world: join(world, "minhang", OLD, "node 2")),
    #       sender  type  payload                                            with     outcome
    Attempt("m0", TYPE, unsorted,                                            QUORUM,  "AccountsUnsorted"),
    Attempt("m0", TYPE, in_two_lists,                                        QUORUM,  "AccountsUnsorted"),
    Attempt("m0", TYPE, CommitteeChange(0, (), (), ()),                      QUORUM,  "UpdateEmpty"),
    Attempt("m0", TYPE, adding("minhang"),                                   ("m1",), "CosignerMissing"),
    Attempt("m0", TYPE, for_epoch(1),                                        QUORUM,  "WrongEpoch"),
    Attempt("m0", TYPE, removing("minhang"),                                 QUORUM,  "SeatUnknown"),
    Attempt("m0", TYPE, replacing("minhang", "node 2"),                      QUORUM,  "SeatUnknown"),
    Attempt("m0", TYPE, adding("m3"),                                        QUORUM,  "SeatExists"),
    Attempt("m0", TYPE, adding("buyer"),                                     QUORUM,  "MemberUnknown"),
    Attempt("m0", TYPE, adding("minhang", node_key=key("node of m3")),       QUORUM,  "NodeKeyUnregistered"),
    Attempt("m0", TYPE, replacing("m3", "spare of m3"),                      QUORUM,  "NodeKeyUnregistered"),
    Attempt("m0", TYPE, replacing("m3", "node of m3"),                       QUORUM,  "NodeKeyUnchanged"),
    Attempt("m0", TYPE, adding("minhang", ready_height=0),                   QUORUM,  "ReadinessOutdated"),
    Attempt("m0", TYPE, adding("minhang", ready_height=2**53 - 1),           QUORUM,  "ReadinessOutdated"),
    Attempt("m0", TYPE, adding("minhang", ready_digest=bytes(32)),           QUORUM,  "ReadinessForeign"),
    Attempt("m0", TYPE, adding("minhang", ready_height=1),                   QUORUM,  "ReadinessForeign"),
    Attempt("m0", TYPE, adding("minhang", ready_signature=bytes(64)),        QUORUM,  "ReadinessUnsigned"),
    Attempt("m0", TYPE, adding("minhang", node_key=key("node 2")),           QUORUM,  "ReadinessUnsigned"),
    Attempt("m0", TYPE, removing("m0", "m1", "m2", "m3"),                    QUORUM,  "CommitteeOutOfSize"),
    Attempt("m0", TYPE, adding("minhang"),                                   QUORUM,  "ok"),
    Attempt("m0", TYPE, removing("m3"),                                      QUORUM,  "ChangePending"),
    Attempt("m0", TYPE, for_epoch(0),                                        (*QUORUM, "m3"), "WrongEpoch"),
    Attempt("m0", TYPE, removing("minhang"),                                 QUORUM,  "CosignerMissing"),
    Attempt("m0", TYPE, removing("minhang"),                                 (*QUORUM, "m3"), "ok"),
    Do(lambda world: world.wait(1_000)),
    Attempt("buyer", "evidence.submit", lambda world: equivocation(world, "node of m3"), (), "ok"),
    Do(lambda world: world.wait(1_000)),
    Attempt("m0", TYPE, removing("m2"),                                      QUORUM,  "TooManySuspended"),
    Attempt("m3", "member.update", spare("m3"),                              (),      "ok"),
    Attempt("m0", TYPE, replacing("m3", "spare of m3"),                      QUORUM,  "ok"),
]
# fmt: on


def names(world: World) -> list[str]:
    return [member.name for member in world.chain.committee.members]


def decide(world: World, made: CommitteeChange, *signers: str) -> None:
    """The change, by everybody who is named or by m0, m1 and m2; then until it governs."""
    first, *others = signers or ("m0", *QUORUM)
    world.done(first, (TYPE, made), with_=others)
    world.wait(1_000)


def test_the_committee_changes_by_a_quorum_of_those_who_govern() -> None:
    play(World(), TABLE)


def test_a_change_governs_from_the_second_height_above() -> None:
    world = World()
    join(world, "minhang")
    (told,) = world.done("m0", (TYPE, change(world, add=[seat(world, "minhang")])), with_=QUORUM)
    decided_at, epochs = world.height, []
    for _ in range(3):
        epochs.append(world.chain.committee.epoch)
        world.wait(1_000)
    assert epochs == [0, 1, 1], "who decides the heights above"
    changed = world.chain.committee
    assert told.type == "committee.changed"
    assert told.data == {
        "added": (account("minhang"),),
        "committee": changed.hash(),
        "epoch": 1,
        "first_height": decided_at + 2,
        "removed": (),
        "replaced": (),
        "suspended": (),
    }
    record = committees.newest(world.state)
    assert record is not None
    assert (record.committee, record.first_height) == (changed, decided_at + 2)


def test_members_that_stay_keep_their_order_and_new_ones_follow_by_account() -> None:
    world = World()
    newcomers = ["minhang", "jinshan", "qingpu"]
    for name in newcomers:
        join(world, name)
    world.done("m1", ("member.update", spare("m1")))
    decide(
        world,
        change(
            world,
            add=[seat(world, name) for name in newcomers],
            remove=["m0", "m2"],
            replaced=[seat(world, "m1", "spare of m1")],
        ),
    )
    assert names(world) == ["m1", "m3", *sorted(newcomers, key=account)]
    first, second, third, *_ = world.chain.committee.members
    assert first.node_key == key("spare of m1")
    assert second == world.genesis.committee().members[3]
    assert third.account == account(third.name)


def test_a_replaced_key_ends_a_suspension_and_other_changes_dont() -> None:
    world = World()
    join(world, "minhang")
    world.done("buyer", ("evidence.submit", equivocation(world, "node of m3")))
    world.wait(1_000)
    decide(world, change(world, add=[seat(world, "minhang")]))
    suspended = [member.suspended for member in world.chain.committee.members]
    assert suspended == [False, False, False, True, False]
    world.done("m3", ("member.update", spare("m3")))
    decide(
        world,
        change(world, replaced=[seat(world, "m3", "spare of m3")]),
        *("m0", "m1", "m2", "minhang"),
    )
    assert not any(member.suspended for member in world.chain.committee.members)


def test_a_removed_member_takes_its_suspension_along() -> None:
    world = World()
    world.done("buyer", ("evidence.submit", equivocation(world, "node of m3")))
    world.wait(1_000)
    decide(world, change(world, remove=["m3"]))
    assert names(world) == ["m0", "m1", "m2"]
    decide(world, change(world, add=[seat(world, "m3")]))
    assert names(world) == ["m0", "m1", "m2", "m3"]
    assert not any(member.suspended for member in world.chain.committee.members)


def test_readiness_expires_and_is_never_that_of_another_epoch() -> None:
    world = World()
    join(world, "minhang")
    old, future = seat(world, "minhang"), seat(world, "minhang", epoch=2)
    refused = world.send("m0", (TYPE, change(world, add=[future])), with_=QUORUM)
    assert refused.status == "ReadinessUnsigned"
    wait_beyond_readiness(world)
    assert tried(world, [old]) == "ReadinessOutdated"
    assert tried(world, [seat(world, "minhang")]) == OK


@pytest.mark.parametrize(("below", "status"), [(1, OK), (1_024, OK), (1_025, "ReadinessOutdated")])
def test_readiness_reaches_back_1024_heights(below: int, status: str) -> None:
    world = World()
    join(world, "minhang")
    world.height = 5_000
    height = world.height + 1 - below
    world.state.digests[height] = bytes([7]) * 32
    assert tried(world, [seat(world, "minhang", height=height)]) == status


def tried(world: World, add: Sequence[Seat]) -> str:
    return world.send("m0", (TYPE, change(world, add=add)), with_=QUORUM).status


def test_two_changes_in_one_block_give_one_epoch() -> None:
    world = World()
    join(world, "minhang")
    first, second = change(world, remove=["m3"]), change(world, add=[seat(world, "minhang")])
    receipt = world.send("m0", (TYPE, first), (TYPE, second), with_=QUORUM)
    assert (receipt.status, receipt.failed_operation) == ("ChangePending", 1)
    assert committees.newest(world.state) is None, "nothing of it happened"


def test_the_committee_stays_within_its_size(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    join(world, "minhang")
    monkeypatch.setattr(committee, "COMMITTEE_SIZE_MAX", 4)
    assert tried(world, [seat(world, "minhang")]) == "CommitteeOutOfSize"


def test_a_single_member_can_be_left_and_others_join_again() -> None:
    world = World()
    decide(world, change(world, remove=["m1", "m2", "m3"]))
    assert names(world) == ["m0"]
    decide(world, change(world, add=[seat(world, "m2")]), "m0")
    assert names(world) == ["m0", "m2"]
    refused = world.send("m0", (TYPE, change(world, remove=["m2"])))
    assert refused.status == "CosignerMissing", "two make a quorum of two"


def test_a_removed_member_stays_a_member_organisation_and_loses_its_voice() -> None:
    world = World()
    decide(world, change(world, remove=["m3"]))
    receipt = world.send("m0", (TYPE, change(world, remove=["m2"])), with_=["m3"])
    assert receipt.status == "CosignerMissing"
