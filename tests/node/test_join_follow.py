"""Whoever joins is told each step once, and that it is level."""

from collections.abc import Mapping
from typing import Any

from typing_extensions import override

from node.client import NodeClient, NodeUnreachable
from node.join_follow import Follower, progress_words

PEER = {"name": "pudong", "connected": False, "last_error": "NotAMember: closed"}
WAITS: dict[str, Any] = {"ready": False, "height": 0, "peers": [PEER], "not_ready_because": ["x"]}
CATCHES = WAITS | {"peers": [PEER | {"connected": True}], "not_ready_because": ["catching up: 7"]}
LEVEL = CATCHES | {"ready": True, "height": 9, "role": "observer"}


class Told(NodeClient):
    """Answers a row of statuses; None where the node doesn't answer."""

    def __init__(self, *statuses: dict[str, Any] | None) -> None:
        super().__init__(["http://127.0.0.1:1"])
        self.statuses = list(statuses)

    @override
    def get(self, path: str, query: Mapping[str, object] | None = None) -> Any:
        assert (path, query) == ("/v1/status", None)
        status = self.statuses.pop(0)
        if status is None:
            raise NodeUnreachable("opening")
        return status


def test_each_change_is_told_once_until_it_is_level() -> None:
    said: list[str] = []
    follower = Follower(Told(None, WAITS, WAITS, CATCHES, None, LEVEL), said.append)
    for _ in range(6):
        follower.look()
    assert said == [
        "waiting for a peer that admits this node (pudong: NotAMember: closed)",
        "catching up: 7",
        "level with the others at height 9, as observer; it goes on until Ctrl-C",
    ]
    assert follower.is_there


def test_it_ends_by_itself_when_level_and_at_once_when_stopped() -> None:
    said: list[str] = []
    level = Follower(Told(LEVEL), said.append, poll_s=0.01)
    level.start()
    level.stop()
    waiting = Follower(Told(*[WAITS] * 1_000), said.append, poll_s=60.0)
    waiting.start()
    waiting.stop()
    assert not waiting.is_there


def test_who_knows_no_peer_is_told_so() -> None:
    assert progress_words(WAITS | {"peers": []}).endswith("(none is known)")
