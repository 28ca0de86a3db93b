"""Asks a node how far it is, again and again, and tells each change once, until it is there.

A person who joins a chain is told so of their own node, on a thread beside it, for its log goes to
its file meanwhile; `hushang node wait` asks in the foreground.
"""

import math
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from chain.errors import HushangError
from node.client import NodeClient
from node.heard_words import heard_all
from node.words import coded, said, series

POLL_S: Final = 1.0

Say = Callable[[str], None]
Status = Mapping[str, Any]
# Of an answer of GET /v1/status: is the node there, and what to tell of it.
Read = Callable[[Status], tuple[bool, str]]


def is_level(status: Status) -> tuple[bool, str]:
    """Is a node that joins level with the others?"""
    return bool(status["ready"]), progress_words(status)


class Follower:
    """Tells each change of a node's progress once, and ends when the node is there."""

    def __init__(
        self,
        client: NodeClient,
        say: Say,
        poll_s: float = POLL_S,
        read: Read = is_level,
        silent: str = "",
    ) -> None:
        """`silent`: what to tell where the node doesn't answer."""
        self._client = client
        self._say = say
        self._poll_s = poll_s
        self._read = read
        self._silent = silent
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self.follow, name="follower", daemon=True)
        self._told = ""
        self.is_there = False
        # What the last question brought: words of an answer, or why there was none.
        self.words = ""
        self.silence: HushangError | None = None

    def start(self) -> None:
        """Ask from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Ask no more; returns when the last question is over."""
        self._stop.set()
        self._thread.join()

    def follow(self, timeout_s: float = math.inf) -> bool:
        """Ask until the node is there: True; or until the time is over or `stop`: False."""
        ends = time.monotonic() + timeout_s
        while True:
            self.look()
            left_s = ends - time.monotonic()
            if self.is_there or left_s <= 0 or self._stop.wait(min(self._poll_s, left_s)):
                return self.is_there

    def look(self) -> None:
        """Ask once, and tell what is new."""
        try:
            told = self._client.get("/v1/status")
        except HushangError as error:
            # It opens its database, or is on its way from joining to serving.
            self.silence = error
            self._tell(self._silent)
            return
        self.silence = None
        self.is_there, self.words = self._read(told)
        self._tell(self.words)

    def _tell(self, words: str) -> None:
        if words and words != self._told:
            self._told = words
            self._say(words)


def progress_words(status: Status) -> str:
    """How far a node is, and what it waits for."""
    height = status["height"]
    if status["ready"]:
        role = status["role"]
        return said(
            "level with the others at height {height}, as {role}; it goes on until Ctrl-C",
            height=height,
            role=coded(role),
        )
    connected = [peer["name"] for peer in status["peers"] if peer["connected"]]
    if not connected:
        reasons = [
            said("{name}: {words}", name=p["name"], words=p["last_error"] or said("no answer"))
            for p in status["peers"]
        ]
        told = series(reasons) or said("none is known")
        return said("waiting for a peer that admits this node ({told})", told=told)
    return heard_all(status["not_ready_because"])
