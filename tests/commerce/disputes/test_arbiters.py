"""Rules of arbiter.bond, arbiter.unbond and arbiter.appoint, and what a bond answers for."""

from chain.context import Context
from chain.genesis import GenesisAsset
from chain.state import Overlay
from commerce.assets import AssetIssue
from commerce.delegations import Delegate
from commerce.disputes.arbiters import (
    ARBITERS,
    ArbiterAppoint,
    ArbiterBond,
    ArbiterUnbond,
    arbiter_deadlines,
    arbiter_id,
    arbiter_of,
    has_arbiters,
    slash,
)
from commerce.roles import RoleRevoke
from tests.commerce.attempts import Attempt, Row, play
from tests.commerce.disputes.court import BOND_MINOR, DOCUMENT, SLASH_MINOR, Court, arbiter
from tests.commerce.world import DAY_MS, GENESIS_MS, QUORUM, account, key

BOND, UNBOND, APPOINT = "arbiter.bond", "arbiter.unbond", "arbiter.appoint"
NOWHERE = bytes(32)
ASSETS = (GenesisAsset("CNY", 2, "issuer"), GenesisAsset("PTS", 0, "issuer"))


def bonding() -> list[Row]:
    """The rows; arbiter2 and arbiter3 have nothing yet, and there may be three arbiters."""
    scope = Delegate(key("tool"), (BOND,), BOND_MINOR - 1, GENESIS_MS + DAY_MS)
    to_2, to_3 = (
        AssetIssue("CNY", account(arbiter(number)), BOND_MINOR, f"of {number}") for number in (2, 3)
    )
    bond, less = ArbiterBond("CNY", BOND_MINOR), ArbiterBond("CNY", BOND_MINOR - 1)
    points, euros = ArbiterBond("PTS", BOND_MINOR), ArbiterBond("EUR", 1)
    # fmt: off
    return [
        #       sender           type           payload with outcome
        Attempt("buyer",         BOND,          bond,   (), "RoleMissing"),
        Attempt("arbiter2",      BOND,          euros,  (), "AssetUnknown"),
        Attempt("arbiter0",      BOND,          points, (), "BondOfAnotherAsset"),
        Attempt("arbiter2",      BOND,          less,   (), "BondTooSmall"),
        Attempt("arbiter2",      BOND,          bond,   (), "InsufficientFunds"),
        Attempt("issuer",        "asset.issue", to_2,   (), "ok"),
        Attempt("arbiter2",      "delegate",    scope,  (), "ok"),
        Attempt("arbiter2/tool", BOND,          bond,   (), "DelegationExceeded"),
        Attempt("arbiter2",      BOND,          bond,   (), "ok"),
        Attempt("issuer",        "asset.issue", to_3,   (), "ok"),
        Attempt("arbiter3",      BOND,          bond,   (), "TooManyArbiters"),
    ]
    # fmt: on


def unbonding() -> list[Row]:
    """The rows; of arbiter0, which has the least bond."""
    # fmt: off
    return [
        #       sender      type    payload                        with outcome
        Attempt("arbiter3", UNBOND, ArbiterUnbond(1),              (), "ArbiterUnknown"),
        Attempt("arbiter0", UNBOND, ArbiterUnbond(BOND_MINOR + 1), (), "UnbondingTooLarge"),
        Attempt("arbiter0", UNBOND, ArbiterUnbond(BOND_MINOR),     (), "ok"),
        Attempt("arbiter0", UNBOND, ArbiterUnbond(1),              (), "UnbondingRuns"),
    ]
    # fmt: on


def appointing() -> list[Row]:
    """The rows; two arbiters have bonds, three may be."""

    def put(name: str) -> ArbiterAppoint:
        return ArbiterAppoint(account(name), DOCUMENT)

    def strike(name: str) -> ArbiterAppoint:
        return ArbiterAppoint(account(name), None)

    nobody = ArbiterAppoint(NOWHERE, DOCUMENT)
    # fmt: off
    return [
        #       sender       type     payload             with outcome
        Attempt("merchant",  APPOINT, put("arbiter0"),    (), "RoleMissing"),
        Attempt("regulator", APPOINT, nobody,             (), "AccountUnknown"),
        Attempt("regulator", APPOINT, put("buyer"),       (), "RoleMissing"),
        Attempt("regulator", APPOINT, strike("arbiter0"), (), "ArbiterUnknown"),
        Attempt("regulator", APPOINT, put("arbiter0"),    (), "ok"),
        Attempt("regulator", APPOINT, put("arbiter0"),    (), "ArbiterListed"),
        Attempt("regulator", APPOINT, put("arbiter2"),    (), "ok"),
        Attempt("regulator", APPOINT, put("arbiter3"),    (), "TooManyArbiters"),
        Attempt("regulator", APPOINT, strike("arbiter2"), (), "ok"),
        Attempt("regulator", APPOINT, put("arbiter3"),    (), "ok"),
    ]
    # fmt: on


def small() -> Court:
    """Two of four arbiters have bonds, three may be."""
    return Court(2, arbiters=4, limits={"arbiters_max": 3}, assets=ASSETS)


def test_who_may_post_a_bond_and_how_much() -> None:
    court = small()
    play(court, bonding())
    assert court.money("arbiter2") == 0
    assert court.arbiter("arbiter2").bond_minor == BOND_MINOR


def test_who_may_ask_for_a_bond_back() -> None:
    play(small(), unbonding())


def test_who_is_put_on_the_regulators_list_and_struck_off() -> None:
    court = small()
    play(court, appointing())
    assert court.arbiter("arbiter0").listed == DOCUMENT
    assert ARBITERS.load(court.state, arbiter_id(account("arbiter2"))) is None


def test_there_are_arbiters_as_soon_as_one_has_a_bond() -> None:
    court = Court(0)
    assert not has_arbiters(court.state)
    court.bond(arbiter(0))
    assert has_arbiters(court.state)


def test_a_bond_leaves_after_thirty_days_to_the_millisecond_and_its_record_with_it() -> None:
    court = Court(1)
    court.done(arbiter(0), (UNBOND, ArbiterUnbond(BOND_MINOR)))
    assert [deadline.kind for deadline in arbiter_deadlines(court.state)] == ["sys.arbiter.unbond"]
    assert court.wait(30 * DAY_MS - 1) == ()
    (receipt,) = court.wait(1)
    assert receipt.events[0].type == "arbiter.unbonded"
    assert court.money(arbiter(0)) == BOND_MINOR
    assert not has_arbiters(court.state)


def test_an_arbiter_whose_bond_is_leaving_stays_liable_for_its_seat() -> None:
    court = Court(3, arbiters=3)
    (first, *_) = court.panel(court.seated())
    court.done(first, (UNBOND, ArbiterUnbond(BOND_MINOR)))
    overlay = Overlay(court.state)
    context = Context(overlay, court.chain, court.height + 1, court.time_ms)
    lost = slash(context, account(first))
    assert lost is not None
    assert lost.data["amount_minor"] == SLASH_MINOR
    assert arbiter_of(overlay, account(first)).leaving_minor == BOND_MINOR - SLASH_MINOR


def test_what_leaves_waits_for_open_panels_when_nothing_else_stays() -> None:
    court = Court(3, arbiters=3, timers={"unbond_ms": 7 * DAY_MS, "evidence_ms": 7 * DAY_MS})
    dispute_id = court.seated()
    for name in court.panel(dispute_id):
        court.done(name, (UNBOND, ArbiterUnbond(BOND_MINOR)))
    # Evidence, commit and reveal take ten days; the bonds would leave after seven.
    court.wait(9 * DAY_MS)
    assert all(court.money(arbiter(number)) == 0 for number in range(3))
    court.wait(2 * DAY_MS)
    # Nobody voted: each lost half of its bond, and the rest was paid out within a day.
    assert court.dispute(dispute_id).phase == "SPLIT"
    assert [court.money(arbiter(number)) for number in range(3)] == [BOND_MINOR - SLASH_MINOR] * 3
    assert court.in_fund() == 3 * SLASH_MINOR


def test_a_part_leaves_at_once_when_enough_for_the_pool_stays() -> None:
    court = Court(3, arbiters=3, timers={"unbond_ms": 7 * DAY_MS, "evidence_ms": 7 * DAY_MS})
    court.bond(arbiter(0), 5_000)
    court.seated()
    court.done(arbiter(0), (UNBOND, ArbiterUnbond(5_000)))
    court.wait(7 * DAY_MS)
    assert court.money(arbiter(0)) == 5_000


def test_a_slash_takes_what_counts_for_the_pool_first_and_no_more_than_there_is() -> None:
    court = Court(1)
    court.done(arbiter(0), (UNBOND, ArbiterUnbond(BOND_MINOR - 20_000)))
    context = Context(Overlay(court.state), court.chain, court.height + 1, court.time_ms)
    judge = account(arbiter(0))
    slash(context, judge)
    left = arbiter_of(context.state, judge)
    assert (left.bond_minor, left.leaving_minor) == (0, BOND_MINOR - SLASH_MINOR)
    slash(context, judge)
    left = arbiter_of(context.state, judge)
    assert (left.held_minor, left.due_ms, left.symbol) == (0, None, None)
    assert slash(context, judge) is None
    assert ARBITERS.load(context.state, arbiter_id(judge)) is None
    assert list(arbiter_deadlines(context.state)) == []


def test_who_lost_the_role_pays_for_no_vote_and_gets_its_bond_back() -> None:
    court = Court(1)
    judge = account(arbiter(0))
    court.done("m0", ("role.revoke", RoleRevoke(judge, "arbiter", "")), with_=QUORUM)
    context = Context(Overlay(court.state), court.chain, court.height + 1, court.time_ms)
    assert slash(context, judge) is None
    court.done(arbiter(0), (UNBOND, ArbiterUnbond(BOND_MINOR)))
    court.wait(30 * DAY_MS)
    assert court.money(arbiter(0)) == BOND_MINOR
