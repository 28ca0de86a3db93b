"""Who sees whom: rows, the matrix, links that only one end believes in."""

from typing import Any

from node.peer_words import OneWay, ago, matrix, one_way, peer_row, warnings
from node.survey import Heard

NOW_MS = 1_800_000_000_000


def peer(name: str, *, connected: bool = True, **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "public_key": "ab" * 32,
        "connected": connected,
        "height": 7 if connected else None,
        "last_seen_ms": NOW_MS - 3_000,
        "queued": 0,
        "dropped": 0,
        "last_error": None if connected else "ConnectionRefusedError",
        "on_two_hosts": False,
        "address": "10.0.0.2:26700",
        "direction": "inbound" if connected else None,
        "connected_ms": NOW_MS - 7_200_000 if connected else None,
        "agent": "hushang/0.1.0",
        "seat": 1,
        "role": "member",
    } | more


def node(name: str, *peers: dict[str, Any], **more: Any) -> Heard:
    told = {"name": name, "height": 7, "time_ms": NOW_MS, "peers": list(peers)}
    return Heard(f"http://{name}", told | {"refused_connections": {}} | more)


def test_a_row_tells_link_age_height_and_trouble() -> None:
    row = peer_row(peer("xuhui"), NOW_MS)
    assert (row["key"], row["role"], row["link"]) == ("abababab", "member 1", "in")
    assert (row["since"], row["heard"], row["height"], row["note"]) == ("2 h", "3 s", "7", "–")
    gone = peer_row(peer("jingan", connected=False, address=None, seat=None), NOW_MS)
    assert (gone["role"], gone["link"], gone["since"], gone["height"]) == (
        *("observer", "away", "–", "–"),
    )
    assert gone["note"] == ("ConnectionRefusedError; no address in the settings: it has to dial")


def test_a_key_on_two_hosts_is_a_warning() -> None:
    told = list(warnings([node("pudong", peer("xuhui", on_two_hosts=True))]))
    assert told == [
        "pudong on xuhui: on two hosts: two processes use its key, stop one now",
    ]


def test_the_matrix_has_a_row_for_each_asked_and_a_column_for_each_known() -> None:
    heard = [
        node("pudong", peer("xuhui", direction="outbound"), peer("jingan", connected=False)),
        node("xuhui", peer("pudong"), peer("jingan", connected=False)),
        Heard("http://jingan", None, "Connection refused"),
    ]
    assert matrix(heard) == [
        {"who sees": "pudong", "pudong": "·", "xuhui": "out", "jingan": "away", "height": "7"},
        {"who sees": "xuhui", "pudong": "in", "xuhui": "·", "jingan": "away", "height": "7"},
        {"who sees": "http://jingan", "pudong": "?", "xuhui": "?", "jingan": "?", "height": "–"},
    ]
    assert "http://jingan: Connection refused" in list(warnings(heard))


def test_a_link_that_one_end_alone_sees_is_one_way() -> None:
    heard = [
        node("pudong", peer("xuhui"), peer("jingan")),
        node("xuhui", peer("pudong", connected=False), peer("jingan")),
        node("jingan", peer("pudong"), peer("xuhui")),
    ]
    assert one_way(heard) == [OneWay("pudong", "xuhui")]
    words = "one-way link: pudong sees xuhui, xuhui doesn't see pudong"
    assert words in list(warnings(heard))
    # Whoever wasn't asked accuses nobody.
    assert one_way(heard[:1]) == []


def test_strangers_that_were_refused_are_counted_by_rule() -> None:
    refused = {"NotAMember": 3, "GreetingMissed": 1}
    told = list(warnings([node("pudong", refused_connections=refused)]))
    assert told == ["pudong has refused strangers: 1 × GreetingMissed, 3 × NotAMember"]


def test_a_time_is_told_in_its_unit() -> None:
    moments = {0: "0 s", 119_999: "119 s", 120_000: "2 min", 172_800_000: "2 d"}
    for passed_ms, words in moments.items():
        assert ago(NOW_MS - passed_ms, NOW_MS) == words
    assert ago(NOW_MS + 5, NOW_MS) == "0 s"
