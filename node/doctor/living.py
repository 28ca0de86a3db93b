"""What a running node says of itself and of its peers: `GET /v1/status` and `/v1/consensus`."""

import statistics
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from chain.genesis import Genesis
from node.consensus_words import WELL, Verdict, explain
from node.doctor.report import Check, Code, failed, not_checked, ok, warning
from node.heard_words import heard_all
from node.words import clauses, coded, listed, said

Status = Mapping[str, Any]

DAY_MS: Final = 24 * 3600 * 1000
# A clock that is off by this part of what the chain bears is worth a look.
SKEW_WARNED_PART: Final = 5
# A slow clock of whoever leads shows in nothing else; decisions under load take part of a second.
LAG_WARNED_PART: Final = 2
DRIFT_MS_DEFAULT: Final = 5_000
# Transactions wait, and nothing came for so long: twice the cap of a view's timeout.
STANDSTILL_MS: Final = 32_000
CERTIFICATE_DAYS: Final = (30, 7, 1)
# How a member ends the connection of a key that it doesn't know.
CLOSED: Final = frozenset(("NotAMember", "HandshakeFailed", "PeerGone"))
RENEW: Final = said("put the new certificate and key in the old ones' place: no restart is needed")
GROWTH_WARNED_DAYS: Final = 30
GROWTH_BLOCKS_MIN: Final = 100
UNREACHABLE: Final = Code.UNREACHABLE


def check_status(status: Status, genesis: Genesis | None) -> Iterator[Check]:
    """The node by its own account."""
    yield _node(status)
    yield _same_genesis(status, genesis)
    yield from _peers(status)
    yield _agents(status)
    yield _inbound(status)
    yield _clock(status, genesis)
    yield from _certificates(status)
    yield _upgrade(status)
    if status["evidence_count"]:
        words = said(
            "{count} pieces of evidence against members are in its book",
            count=status["evidence_count"],
        )
        yield warning("evidence", words, "hushang evidence list")


def _node(status: Status) -> Check:
    words = said(
        "{name} {version} at height {height}",
        name=status["name"],
        version=status["version"],
        height=status["height"],
    )
    if status["ready"]:
        return ok("node", said("{words}, ready", words=words))
    reasons = heard_all(status["not_ready_because"])
    return failed(
        "node",
        said("{words}, not ready: {reasons}", words=words, reasons=reasons),
        said("see below"),
        UNREACHABLE,
    )


def _same_genesis(status: Status, genesis: Genesis | None) -> Check:
    told = status["genesis_hash"]
    if genesis is None:
        return ok(
            "chain",
            said("{chain_id}, genesis hash {hash}", chain_id=status["chain_id"], hash=told),
        )
    if genesis.hash().hex() == told:
        return ok(
            "chain",
            said("{chain_id}: the node runs on this genesis", chain_id=status["chain_id"]),
        )
    words = said(
        "the node runs on the genesis {told}, the file is {hash}",
        told=told,
        hash=genesis.hash().hex(),
    )
    do = said("the file was changed after the start, or --node names another node")
    return failed("chain", words, do, Code.BAD_CONFIG)


def _peers(status: Status) -> Iterator[Check]:
    for peer in status["peers"]:
        name = said("peer {name}", name=peer["name"])
        if peer["on_two_hosts"]:
            do = said("stop one of the two now: they will contradict each other")
            yield failed(name, said("two processes use its key by turns"), do)
        elif peer["connected"]:
            yield ok(name, said("connected, height {height}", height=peer["height"]))
        elif peer["last_error"] and "WrongGenesis" in peer["last_error"]:
            do = said("one of the two has another genesis.json: compare the hashes")
            yield failed(name, peer["last_error"], do, Code.BAD_CONFIG)
        else:
            away = peer["last_error"] or said("it was never connected")
            where = f" ({peer['address']})" if peer.get("address") else said(", without an address")
            do = said("is it running? Look at its address under [[peers]], and at the firewalls")
            if not peer.get("address"):
                do = said("is it running? Only it can dial: its address isn't in the settings here")
            elif any(sign in away for sign in CLOSED):
                do = said("it runs, and doesn't know this node's key yet: hushang member register")
            yield warning(name, said("away{where}: {away}", where=where, away=away), do)


def _agents(status: Status) -> Check:
    own = f"hushang/{status['version']}"
    others = {
        f"{peer['name']} {peer['agent']}"
        for peer in status["peers"]
        if peer.get("agent") and peer["agent"] != own
    }
    if others:
        do = said("run one version everywhere once the upgrade is through")
        return warning(
            "versions",
            said("this is {own}; {others}", own=own, others=listed(sorted(others))),
            do,
        )
    return ok("versions", said("all connected nodes are {own}", own=own))


def _inbound(status: Status) -> Check:
    connected = [peer for peer in status["peers"] if peer["connected"]]
    came = [peer["name"] for peer in connected if peer.get("direction") == "inbound"]
    if came:
        return ok("reached from outside", said("by {names}", names=listed(came)))
    words = said(
        "every connection was dialled from here: whether others reach this node isn't known"
    )
    return not_checked("reached from outside", words, said("look at hushang peers on another node"))


def _clock(status: Status, genesis: Genesis | None) -> Check:
    """The median of what the others' clocks say: most of them are right."""
    skews = [peer.get("clock_skew_ms") for peer in status["peers"] if peer["connected"]]
    known = [skew for skew in skews if skew is not None]
    if not known:
        words = said("no peer has proposed a block since it connected, so no clock was seen")
        return not_checked("clock", words, said("look again after a few blocks"))
    drift_ms = DRIFT_MS_DEFAULT if genesis is None else genesis.consensus.clock_drift_max_ms
    skew_ms = int(statistics.median(known))
    values = {"skew": abs(skew_ms), "count": len(known), "drift": drift_ms}
    words = (
        said(
            "{skew} ms behind the others (median of {count}); the chain bears {drift} ms", **values
        )
        if skew_ms > 0
        else said(
            "{skew} ms ahead of the others (median of {count}); the chain bears {drift} ms",
            **values,
        )
    )
    do = said("keep the clock: chrony, or timedatectl set-ntp true")
    if abs(skew_ms) > drift_ms:
        return failed("clock", said("{words}: its proposals are refused", words=words), do)
    if abs(skew_ms) * SKEW_WARNED_PART > drift_ms:
        return warning("clock", words, do)
    return ok("clock", words)


def _certificates(status: Status) -> Iterator[Check]:
    """Each by itself: the node renews the peers' ones, the API's is its operator's."""
    found = status.get("certificates") or []
    if not found:
        yield not_checked("certificates", said("the node tells of no certificate"))
    for entry in found:
        name = said("certificate {use}", use=coded(entry["use"]))
        days = (entry["end_ms"] - status["time_ms"]) / DAY_MS
        if entry["use"] == "peers":
            # Renewed every few days; one that nears its end says that the renewal fails.
            do, warned_days = said("restart the node, and look at its clock"), CERTIFICATE_DAYS[-1]
        else:
            do = RENEW
            lasts = (entry["end_ms"] - entry["start_ms"]) / DAY_MS
            warned_days = min(CERTIFICATE_DAYS[0], int(lasts / 3))
        if days <= 0:
            yield failed(name, said("it ended {days:.1f} days ago", days=-days), do)
        elif days <= warned_days:
            yield warning(name, said("it ends in {days:.1f} days", days=days), do)
        else:
            yield ok(name, said("it ends in {days:.1f} days", days=days))


def _upgrade(status: Status) -> Check:
    protocol = status.get("protocol")
    if protocol is None:
        return not_checked("upgrade", said("the node doesn't tell its protocol version"))
    planned = protocol["planned"]
    if planned is None:
        return ok(
            "upgrade",
            said("protocol version {version}, none is planned", version=protocol["version"]),
        )
    words = said(
        "protocol version {version} governs from height {height}",
        version=planned["version"],
        height=planned["height"],
    )
    if planned["version"] > protocol["software"]:
        told = said(
            "{words}; this software knows {software} and stops before it",
            words=words,
            software=protocol["software"],
        )
        return failed("upgrade", told, said("install the new version before that height"))
    return ok("upgrade", said("{words}; this software knows it", words=words))


def check_consensus(place: Mapping[str, Any], genesis: Genesis | None) -> Iterator[Check]:
    """Quorum, votes, the newest block's time."""
    here = [member for member in place["members"] if member["connected"]]
    words = said(
        "{count} of {members} members, itself included, are in reach; {quorum} decide",
        count=len(here),
        members=len(place["members"]),
        quorum=place["quorum"],
    )
    if len(here) < place["quorum"]:
        do = said("start the others, or mend the way to them: nothing is decided below a quorum")
        yield failed("quorum", words, do, UNREACHABLE)
    elif len(here) == place["quorum"] < len(place["members"]):
        yield warning(
            "quorum",
            said("{words}: none may fail now", words=words),
            said("bring those that are away back"),
        )
    else:
        yield ok("quorum", words)
    why = explain(place)
    waiting = int(place["work"]["pool_count"])
    still_ms = place["time_ms"] - place["decided"]["time_ms"]
    if why.verdict in WELL:
        yield ok("consensus", why.headline)
    elif waiting and still_ms > STANDSTILL_MS:
        words = said(
            "transactions wait ({waiting}), and the newest block is {still} s old",
            waiting=waiting,
            still=still_ms // 1000,
        )
        do = said(
            "hushang consensus why, with all members' nodes: who is away, and who keeps silent"
        )
        yield failed(
            "consensus",
            said("{words}: {headline}", words=words, headline=why.headline),
            do,
            UNREACHABLE,
        )
    elif why.verdict is not Verdict.NO_QUORUM:
        yield warning("consensus", why.headline, "hushang consensus why --follow")
    yield _block_time(place, genesis)


def _block_time(place: Mapping[str, Any], genesis: Genesis | None) -> Check:
    drift_ms = DRIFT_MS_DEFAULT if genesis is None else genesis.consensus.clock_drift_max_ms
    ahead_ms = place["decided"]["time_ms"] - place["time_ms"]
    if ahead_ms > drift_ms:
        words = said("the newest block is {ahead} ms in this node's future", ahead=ahead_ms)
        return failed(
            "block time", words, said("look at the clocks of this machine and of the members")
        )
    took_ms = place["decided"]["took_ms"]
    if took_ms is not None and took_ms * LAG_WARNED_PART > drift_ms:
        words = said("the newest block was decided {lag} ms after its own time", lag=took_ms)
        do = said("is the clock of the member that leads slow? Else decisions take long")
        return warning("block time", words, do)
    return ok("block time", said("the newest block is not in the future"))


def growth(rate_blocks_day: float, size: int, blocks: int, free: int) -> Check:
    """When the disk is full, if blocks go on as they lately did."""
    if blocks < GROWTH_BLOCKS_MIN or not rate_blocks_day:
        return not_checked("growth", said("{blocks} blocks are too few to tell by", blocks=blocks))
    daily = max(1.0, rate_blocks_day * size / blocks)
    days = int(free / daily)
    words = said(
        "about {daily:.1f} MiB a day: the disk lasts {days} days",
        daily=daily / 1024 / 1024,
        days=days,
    )
    if days < GROWTH_WARNED_DAYS:
        return warning("growth", words, said("a larger disk, or prune: keep_days, archive_dir"))
    return ok("growth", words)


def drift_between(statuses: Sequence[Status]) -> Iterator[Check]:
    """Do the nodes agree on what they must agree on?"""
    for field, name in (
        ("genesis_hash", said("same genesis")),
        ("chain_id", said("same chain id")),
    ):
        found = {status[field] for status in statuses}
        if len(found) > 1:
            told = listed(f"{status['name']} {str(status[field])[:16]}" for status in statuses)
            yield failed(name, told, said("they are no one chain"), Code.BAD_CONFIG)
    epochs = {status["epoch"] for status in statuses}
    versions = {(status.get("protocol") or {}).get("version") for status in statuses}
    heights = {status["height"] for status in statuses}
    if max(heights) - min(heights) <= 1 and (len(epochs) > 1 or len(versions) > 1):
        told = clauses(
            said("{name}: epoch {epoch}", name=status["name"], epoch=status["epoch"])
            for status in statuses
        )
        yield failed("same committee", told, said("hushang compare finds where two nodes part"))
    if len(statuses) > 1:
        times = sorted(status["time_ms"] for status in statuses)
        yield ok(
            "nodes compared",
            said(
                "{count}, clocks within {span} ms", count=len(statuses), span=times[-1] - times[0]
            ),
        )
