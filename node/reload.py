"""Settings that may change while the node runs: read again on SIGHUP and by `hushang node reload`.

A file that can't be read whole changes nothing. What only a restart can bring into force is told.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from chain.errors import HushangError
from node.config import NodeConfig, PeerAddress

logger = logging.getLogger(__name__)

# All others are read once, at the start.
RELOADABLE: Final = ("peers", "log_level", "webhook_networks")

Follower = Callable[[NodeConfig], None]


@dataclass(frozen=True, slots=True)
class Reloaded:
    """What came of a reload: the settings that changed, and those that a restart would change."""

    changed: Mapping[str, Any]
    needs_restart: tuple[str, ...]

    def record(self) -> dict[str, Any]:
        """For machines."""
        return {"changed": dict(self.changed), "needs_restart": list(self.needs_restart)}

    @property
    def words(self) -> str:
        """For people."""
        changed = ", ".join(self.changed) or "nothing"
        later = ", ".join(self.needs_restart)
        return f"changed: {changed}" + (f"; after a restart: {later}" if later else "")


class Settings:
    """The settings in force. Followers are told of each change; they can't refuse it."""

    def __init__(self, config: NodeConfig, read: Callable[[], NodeConfig]) -> None:
        """`read` looks again where `config` came from, and may raise `ConfigInvalid`."""
        self.config = config
        self._read = read
        self._followers: list[Follower] = []

    @contextmanager
    def followed(self, *followers: Follower) -> Iterator[None]:
        """Tell these of every change meanwhile."""
        self._followers += followers
        try:
            yield
        finally:
            for follower in followers:
                self._followers.remove(follower)

    def reload(self) -> Reloaded:
        """Read the settings again and put into force what may change. Raises `ConfigInvalid`."""
        fresh, config = self._read(), self.config
        names = [n for n in NodeConfig.model_fields if getattr(fresh, n) != getattr(config, n)]
        renewed = {name: getattr(fresh, name) for name in names if name in RELOADABLE}
        if renewed:
            self.config = config.model_copy(update=renewed)
            for follower in self._followers:
                follower(self.config)
        changed = {name: _change(name, config, fresh) for name in renewed}
        reloaded = Reloaded(changed, tuple(name for name in names if name not in RELOADABLE))
        told = {"event": "settings_reloaded"}
        logger.info("settings read again; %s", reloaded.words, extra=told)
        return reloaded

    def on_hangup(self) -> None:
        """SIGHUP: as `reload`, but nobody waits for an answer: the log has it."""
        try:
            self.reload()
        except HushangError as error:
            told = {"event": "settings_refused", "code": error.code}
            words = "settings not read again: %s: %s"
            logger.error(words, error.code, error, extra=told)  # noqa: TRY400 - no bug


def _change(name: str, before: NodeConfig, after: NodeConfig) -> dict[str, Any]:
    if name == "peers":
        return _peers_change(before.peers, after.peers)
    return {"before": getattr(before, name), "after": getattr(after, name)}


def _peers_change(before: Sequence[PeerAddress], after: Sequence[PeerAddress]) -> dict[str, Any]:
    """Names of peers; several nodes of one member are told apart by their keys."""
    old, new = _by_id(before), _by_id(after)
    return {
        "added": [entry.name for key, entry in new.items() if key not in old],
        "removed": [entry.name for key, entry in old.items() if key not in new],
        "moved": [e.name for key, e in new.items() if key in old and e != old[key]],
    }


def _by_id(peers: Sequence[PeerAddress]) -> dict[str, PeerAddress]:
    return {peer.node_key or peer.name: peer for peer in peers}
