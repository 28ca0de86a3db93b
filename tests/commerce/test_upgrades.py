"""Rules of protocol.upgrade: who plans a protocol version, and for which height."""

from collections.abc import Callable

from chain import upgrades
from chain.upgrades import Upgrade
from commerce.upgrades import NOTICE_HEIGHTS_MAX, NOTICE_HEIGHTS_MIN, ProtocolUpgrade
from tests.commerce.attempts import Attempt, Do, Row, play
from tests.commerce.world import QUORUM, World

TYPE = "protocol.upgrade"
Make = Callable[[World], ProtocolUpgrade]


def in_heights(version: int, distance: int) -> Make:
    """Planned so many heights above the block that plans it."""
    return lambda world: ProtocolUpgrade(version, world.height + 1 + distance)


def reach(world: World) -> None:
    """Until what is planned governs."""
    plan = upgrades.plan(world.state)
    assert plan.planned is not None
    while world.height < plan.planned.height:
        world.wait(1_000)


# fmt: off
TABLE: list[Row] = [
    #       sender  type  payload                               with     outcome
    Attempt("m0", TYPE, in_heights(2, 50),                      ("m1",), "CosignerMissing"),
    Attempt("m0", TYPE, ProtocolUpgrade(0, 0),                  ("m1",), "CosignerMissing"),
    Attempt("m0", TYPE, ProtocolUpgrade(0, 0),                  QUORUM,  "VersionGone"),
    Attempt("m0", TYPE, ProtocolUpgrade(1, 0),                  QUORUM,  "UpdateEmpty"),
    Attempt("m0", TYPE, in_heights(2, NOTICE_HEIGHTS_MIN - 1),  QUORUM,  "UpgradeTooSoon"),
    Attempt("m0", TYPE, ProtocolUpgrade(2, 0),                  QUORUM,  "UpgradeTooSoon"),
    Attempt("m0", TYPE, in_heights(2, NOTICE_HEIGHTS_MAX + 1),  QUORUM,  "UpgradeTooFar"),
    Attempt("m0", TYPE, in_heights(2, NOTICE_HEIGHTS_MAX),      QUORUM,  "ok"),
    Attempt("m0", TYPE, in_heights(2, NOTICE_HEIGHTS_MAX - 1),  QUORUM,  "UpdateEmpty"),
    Attempt("m0", TYPE, in_heights(2, NOTICE_HEIGHTS_MIN),      QUORUM,  "ok"),
    Attempt("m0", TYPE, ProtocolUpgrade(1, 0),                  QUORUM,  "ok"),
    Attempt("m0", TYPE, ProtocolUpgrade(1, 0),                  QUORUM,  "UpdateEmpty"),
    Attempt("m0", TYPE, in_heights(4, NOTICE_HEIGHTS_MIN),      QUORUM,  "ok"),
    Do(reach),
    Attempt("m0", TYPE, in_heights(3, 50),                      QUORUM,  "VersionGone"),
    Attempt("m0", TYPE, ProtocolUpgrade(4, 0),                  QUORUM,  "UpdateEmpty"),
    Attempt("m0", TYPE, in_heights(5, NOTICE_HEIGHTS_MIN),      QUORUM,  "ok"),
]
# fmt: on


def test_each_refusal_of_protocol_upgrade_comes_in_its_place() -> None:
    play(World(), TABLE)


def test_the_shortest_notice_is_for_a_height_that_is_still_to_come() -> None:
    world = World()
    made = in_heights(2, NOTICE_HEIGHTS_MIN)(world)
    world.done("m0", (TYPE, made), with_=QUORUM)
    plan = upgrades.plan(world.state)
    assert plan.planned == Upgrade(2, made.height)
    assert plan.governing(made.height - 1).version == 1
    assert plan.governing(made.height).version == 2


def test_putting_off_leaves_the_earlier_height_without_effect() -> None:
    world = World()
    soon, later = in_heights(2, 20)(world), in_heights(2, 90)(world)
    world.done("m0", (TYPE, soon), with_=QUORUM)
    world.done("m0", (TYPE, later), with_=QUORUM)
    assert upgrades.plan(world.state).governing(later.height - 1).version == 1
