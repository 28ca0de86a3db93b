"""What a node lacks, by its own account."""

from typing import Any

import pytest

from node.readiness import Lack, lacks_blocks, lacks_height, lacks_readiness

SYNC = {"height": 7, "target": 7, "blocks_per_s": 0, "transactions_per_s": 0, "eta_ms": 0}
STATUS: dict[str, Any] = {
    "ready": True,
    "not_ready_because": [],
    "height": 7,
    "joining": None,
    "peers": [{"connected": False}, {"connected": True}],
    "sync": SYNC,
}
NOT_READY = {"ready": False, "not_ready_because": ["it joins", "two are away"]}


@pytest.mark.parametrize(
    ("lack", "changes", "words"),
    [
        (lacks_readiness, {}, ""),
        (lacks_readiness, NOT_READY, "it joins; two are away"),
        (lacks_blocks, {}, ""),
        (lacks_blocks, NOT_READY, ""),
        (lacks_blocks, {"sync": SYNC | {"target": 9, "eta_ms": None}}, "height 7 of 9, no block"),
        (lacks_blocks, {"peers": [{"connected": False}]}, "no peer is connected"),
        (lacks_blocks, {"peers": []}, ""),
        (lacks_blocks, NOT_READY | {"joining": {}, "peers": []}, "it joins; two are away"),
        (lacks_height(7), {}, ""),
        (lacks_height(8), {}, "at height 7 of 8"),
    ],
)
def test_what_is_lacking_is_told_until_nothing_is(
    lack: Lack, changes: dict[str, Any], words: str
) -> None:
    told = lack(STATUS | changes)
    assert told.startswith(words)
    assert bool(told) is bool(words)
