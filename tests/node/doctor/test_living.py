"""What a running node says of itself, judged: peers, versions, clock, certificates, upgrades."""

from typing import Any

import pytest

from node.doctor import living
from node.doctor.report import Check, Code, State
from node.words import load
from tests.chain.world import genesis
from tests.consensus.cluster import Cluster
from tests.node.places import place

NOW_MS = 1_800_000_000_000
DAY_MS = 24 * 3600 * 1000


def peer(name: str = "m1", *, connected: bool = True, **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "connected": connected,
        "height": 7,
        "last_error": None,
        "on_two_hosts": False,
        "direction": "inbound",
        "agent": "hushang/0.1.0",
        "address": "10.0.0.2:26700",
        "clock_skew_ms": 10,
    } | more


def certificate(use: str, days: float, lasts: int = 365) -> dict[str, Any]:
    end_ms = NOW_MS + int(days * DAY_MS)
    return {"use": use, "names": [], "start_ms": end_ms - lasts * DAY_MS, "end_ms": end_ms}


def status(*peers: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "name": "m0",
        "version": "0.1.0",
        "chain_id": "test-world",
        "genesis_hash": genesis(4).hash().hex(),
        "time_ms": NOW_MS,
        "height": 7,
        "epoch": 0,
        "ready": True,
        "not_ready_because": [],
        "evidence_count": 0,
        "peers": list(peers or (peer(),)),
        "protocol": {"version": 1, "since_height": 0, "software": 1, "planned": None},
        "certificates": [certificate("api", 90)],
    } | more


def found(*peers: dict[str, Any], **more: Any) -> dict[str, Check]:
    checks = living.check_status(status(*peers, **more), genesis(4))
    return {check.name: check for check in checks}


def test_a_healthy_node_has_nothing_but_good_news() -> None:
    assert {check.state for check in found().values()} == {State.OK}


def test_a_node_that_is_not_ready_fails_with_its_reasons() -> None:
    check = found(ready=False, not_ready_because=["2 of 3"])["node"]
    assert (check.state, check.code) == (State.FAILED, Code.UNREACHABLE)
    assert "2 of 3" in check.means


def test_another_genesis_than_the_files_is_bad_configuration() -> None:
    check = found(genesis_hash="ab" * 32)["chain"]
    assert (check.state, check.code) == (State.FAILED, Code.BAD_CONFIG)


def test_a_peer_is_well_away_on_another_chain_or_on_two_hosts() -> None:
    away = found(peer(connected=False, last_error="Connection refused", height=None))["peer m1"]
    assert away.state is State.WARNING
    assert "10.0.0.2:26700" in away.means
    assert "firewalls" in away.do
    closed = found(peer(connected=False, last_error="PeerGone: closed", height=None))["peer m1"]
    assert "member register" in closed.do
    # Of whom it has no address it knows only that the connection ended.
    gone = peer(connected=False, last_error="PeerGone: closed", height=None, address=None)
    assert "Only it can dial" in found(gone)["peer m1"].do
    other = found(peer(connected=False, last_error="WrongGenesis: genesis ab"))["peer m1"]
    assert (other.state, other.code) == (State.FAILED, Code.BAD_CONFIG)
    assert found(peer(on_two_hosts=True))["peer m1"].state is State.FAILED
    assert found(peer(agent="hushang/0.2.0"))["versions"].state is State.WARNING
    assert found(peer(direction="outbound"))["reached from outside"].state is State.NOT_CHECKED


@pytest.mark.parametrize(
    ("skews", "state", "words"),
    [
        ([10, -20, 5000], State.OK, "10 ms behind"),
        ([1500, 1600, 0], State.WARNING, "1500 ms behind"),
        ([-6000, -7000, None], State.FAILED, "6500 ms ahead of"),
        ([None, None], State.NOT_CHECKED, "no peer has proposed"),
    ],
)
def test_the_clock_is_compared_with_the_median_of_the_others(
    skews: list[int | None], state: State, words: str
) -> None:
    peers = [peer(f"m{number}", clock_skew_ms=skew) for number, skew in enumerate(skews)]
    check = found(*peers)["clock"]
    assert check.state is state
    assert words in check.means


@pytest.mark.parametrize(
    ("use", "days", "state"),
    [
        ("api", 90, State.OK),
        ("api", 29, State.WARNING),
        ("api", -1, State.FAILED),
        # The node's own have a week and are renewed every few days.
        ("peers", 5, State.OK),
        ("peers", 0.5, State.WARNING),
    ],
)
def test_a_certificate_warns_before_its_end(use: str, days: float, state: State) -> None:
    assert found(certificates=[certificate(use, days)])[f"certificate {use}"].state is state
    assert found(certificates=[])["certificates"].state is State.NOT_CHECKED


@pytest.mark.parametrize("use", ["api", "peers"])
def test_what_to_do_about_a_certificate_is_said_in_every_language(use: str) -> None:
    do = found(certificates=[certificate(use, 0.5)])[f"certificate {use}"].do
    assert load("zh").text(do) != do


def test_a_short_certificate_warns_in_its_last_third_only() -> None:
    short = certificate("api", 29, lasts=36)
    assert found(certificates=[short])["certificate api"].state is State.OK


def test_an_upgrade_that_this_software_does_not_know_is_a_failure() -> None:
    protocol = {"version": 1, "since_height": 0, "software": 1}
    planned = {"version": 2, "height": 900}
    check = found(protocol=protocol | {"planned": planned})["upgrade"]
    assert check.state is State.FAILED
    assert "from height 900" in check.means
    known = found(protocol=protocol | {"software": 2, "planned": planned})["upgrade"]
    assert known.state is State.OK
    assert found(protocol=None)["upgrade"].state is State.NOT_CHECKED


def test_evidence_in_the_book_is_worth_a_look() -> None:
    assert found(evidence_count=2)["evidence"].state is State.WARNING


def test_a_quorum_with_none_to_spare_is_a_warning_and_less_a_failure() -> None:
    cluster = Cluster(4)
    seen = {c.name: c for c in living.check_consensus(place(cluster, 0), genesis(4))}
    assert {check.state for check in seen.values()} == {State.OK}
    cluster.crash(3)
    seen = {c.name: c for c in living.check_consensus(place(cluster, 0), genesis(4))}
    assert seen["quorum"].state is State.WARNING
    cluster.crash(2)
    seen = {c.name: c for c in living.check_consensus(place(cluster, 0), genesis(4))}
    assert (seen["quorum"].state, seen["quorum"].code) == (State.FAILED, Code.UNREACHABLE)


def test_what_waits_while_no_block_comes_is_a_failure_and_a_late_first_request_is_not() -> None:
    cluster = Cluster(4)
    cluster.crash(0)
    cluster.crash(1)
    cluster.submit(b"one", to=[2, 3])
    cluster.run(lambda: cluster.nodes[2].replica.view == 1)
    cluster.nodes[0].alive = cluster.nodes[1].alive = True
    told = place(cluster, 2)
    told["time_ms"] = told["decided"]["time_ms"] + living.STANDSTILL_MS + 1
    seen = {c.name: c for c in living.check_consensus(told, genesis(4))}
    assert (seen["consensus"].state, seen["consensus"].code) == (State.FAILED, Code.UNREACHABLE)
    assert "the newest block is 32 s old" in seen["consensus"].means
    told["work"]["pool_count"] = 0
    seen = {c.name: c for c in living.check_consensus(told, genesis(4))}
    assert seen["consensus"].state is State.WARNING


def test_a_block_of_the_future_is_a_failure() -> None:
    told = place(Cluster(4), 0)
    told["decided"]["time_ms"] = told["time_ms"] + 60_000
    seen = {c.name: c for c in living.check_consensus(told, genesis(4))}
    assert seen["block time"].state is State.FAILED


@pytest.mark.parametrize(
    ("took_ms", "state"), [(None, State.OK), (2_500, State.OK), (2_501, State.WARNING)]
)
def test_blocks_whose_time_falls_behind_tell_of_a_slow_clock_of_who_leads(
    took_ms: int | None, state: State
) -> None:
    told = place(Cluster(4), 0)
    told["decided"]["took_ms"] = took_ms
    seen = {c.name: c for c in living.check_consensus(told, genesis(4))}
    assert seen["block time"].state is state
    assert (state is State.OK) == ("after its own time" not in seen["block time"].means)


def test_the_disk_lasts_as_long_as_blocks_of_late_let_it() -> None:
    mib = 1024 * 1024
    assert living.growth(1000.0, 500 * mib, 5000, 10_000 * mib).means.endswith("lasts 100 days")
    assert living.growth(1000.0, 500 * mib, 5000, 1_000 * mib).state is State.WARNING
    assert living.growth(1000.0, 500 * mib, 5, mib).state is State.NOT_CHECKED


def test_nodes_of_two_chains_or_epochs_at_one_height_are_told() -> None:
    one, two = status(), status(name="m1", genesis_hash="ab" * 32, chain_id="other")
    names = [check.name for check in living.drift_between([one, two])]
    assert names == ["same genesis", "same chain id", "nodes compared"]
    parted = list(living.drift_between([one, status(name="m1", epoch=1)]))
    assert parted[0].name == "same committee"
    # Whoever is behind may be an epoch behind too.
    assert len(list(living.drift_between([one, status(name="m1", epoch=1, height=1)]))) == 1
