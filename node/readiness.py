"""What a node still lacks until it is ready, level with the others, or at a height.

Read from what the node says of itself at `GET /v1/status`, which it tells while it joins too.
"""

from collections.abc import Callable, Mapping
from typing import Any

from node.heard_words import heard, heard_all
from node.sync_progress import describe, view_in
from node.words import said

Status = Mapping[str, Any]
# What a node still lacks; empty once it is there.
Lack = Callable[[Status], str]


def lacks_readiness(status: Status) -> str:
    """Until it serves: a quorum is connected, and nothing that was decided is missing."""
    return "" if status["ready"] else heard_all(status["not_ready_because"])


def lacks_blocks(status: Status) -> str:
    """Until it has all blocks that its peers told of; who hears of no peer knows of none."""
    if status["joining"] is not None:
        return lacks_readiness(status)
    if status["peers"] and not any(peer["connected"] for peer in status["peers"]):
        return said("no peer is connected that could tell how far the chain is")
    sync = view_in(status)
    return heard(describe(sync)) if sync.target > sync.height else ""


def lacks_height(wanted: int) -> Lack:
    """Until it has decided this height."""

    def lack(status: Status) -> str:
        height = int(status["height"])
        return (
            ""
            if height >= wanted
            else said("at height {height} of {wanted}", height=height, wanted=wanted)
        )

    return lack
