"""The same question to many nodes at once: each answers for itself, or is told as silent."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

from node.client import NodeClient, NodeFailed, NodeRefused, NodeUnreachable

# Beyond so many at once the rest waits its turn.
AT_ONCE_MAX: Final = 32


@dataclass(frozen=True, slots=True)
class Heard:
    """What one node said; `told` is None where it didn't answer, and `silence` says why."""

    url: str
    told: Any
    silence: str = ""

    @property
    def name(self) -> str:
        """The node's own name, or its URL."""
        return str(self.told["name"]) if isinstance(self.told, dict) else self.url


def ask_all(clients: Sequence[tuple[str, NodeClient]], path: str) -> list[Heard]:
    """What each says under a path, in the order of the nodes; none keeps another one waiting."""
    if not clients:
        return []
    with ThreadPoolExecutor(min(AT_ONCE_MAX, len(clients)), "survey") as pool:
        return list(pool.map(lambda entry: _ask(entry[0], entry[1], path), clients))


def ask_texts(clients: Sequence[tuple[str, NodeClient]], path: str) -> list[str | None]:
    """As `ask_all`, for what is no JSON; None where there is no answer."""
    if not clients:
        return []
    with ThreadPoolExecutor(min(AT_ONCE_MAX, len(clients)), "survey") as pool:
        return list(pool.map(lambda entry: _ask_text(entry[1], path), clients))


def _ask(url: str, client: NodeClient, path: str) -> Heard:
    try:
        return Heard(url, client.get(path))
    except (NodeUnreachable, NodeRefused, NodeFailed) as error:
        return Heard(url, None, str(error).removeprefix(f"{url}: "))


def _ask_text(client: NodeClient, path: str) -> str | None:
    try:
        return client.text(path)
    except (NodeUnreachable, NodeRefused, NodeFailed):
        return None
