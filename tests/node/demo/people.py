"""People and answers for the tests of stories that need no network."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from typing_extensions import override

from chain.account import single_key_policy
from chain.crypto import PrivateKey, sha256
from node.client import NodeClient
from node.demo.stage import Party


def somebody(name: str) -> Party:
    """A party with a key of its own."""
    key = PrivateKey(sha256(name.encode()))
    return Party(name, single_key_policy(key.public_key).account_id(), key)


class Answers(NodeClient):
    """A node that answers by a function of path and query."""

    def __init__(self, answer: Callable[[str, Mapping[str, object]], Any]) -> None:
        super().__init__([])
        self.answer = answer

    @override
    def get(self, path: str, query: Mapping[str, object] | None = None) -> Any:
        return self.answer(path, query or {})


def placed(height: int, type_: str, **data: Any) -> dict[str, Any]:
    """An event as a page of the API has it, the second of its receipt."""
    return {
        "cursor": f"{height}.0.1",
        "next": f"{height}.0.2",
        "height": height,
        "time_ms": height * 1000,
        "receipt_id": f"{height:064x}",
        "type": type_,
        "data": data,
    }


def paged(events: Sequence[Mapping[str, Any]], size: int) -> Answers:
    """A node with these events, in pages of a size; the cursor counts them."""

    def answer(_: str, query: Mapping[str, object]) -> Any:
        start = int(str(query["cursor"]))
        end = min(start + size, len(events))
        page = {"events": list(events[start:end]), "next": str(end)}
        return {**page, "height": 9, "complete": end == len(events)}

    return Answers(answer)
