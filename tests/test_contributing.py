"""CONTRIBUTING.md shows a whole transaction type; it must run as it stands there."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from chain.account import single_key_policy
from chain.codec import encode
from chain.context import Chain, Context
from chain.crypto import PrivateKey
from chain.errors import LedgerError, OperationMalformed
from chain.genesis import ConsensusParameters, Genesis, GenesisMember
from chain.state import Overlay
from chain.transaction import (
    TRANSACTION_VERSION,
    Operation,
    Transaction,
    read_transaction,
    sign_transaction,
)
from commerce.registry import TYPES, Registry, TransactionType, operation

PAGE = Path(__file__).parent.parent / "CONTRIBUTING.md"
KEY = PrivateKey(bytes(32))
POLICY = single_key_policy(KEY.public_key)
SENDER = POLICY.account_id()
CHAIN = Chain.of(
    Genesis(
        version=1,
        chain_id="test-contributing",
        time_ms=1_000,
        time_scale=1,
        consensus=ConsensusParameters(),
        timers={},
        members=(GenesisMember("pudong", POLICY, KEY.public_key),),
        accounts=(),
        assets=(),
        limits={},
    )
)


class NoState:
    """The state before the first write."""

    def get(self, key: bytes) -> bytes | None:
        del key
        return None

    def scan(self, prefix: bytes, start: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
        del prefix, start
        return iter(())


@pytest.fixture
def notices(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The page's first block of Python as a module."""
    module = ModuleType("commerce.notices")
    # The codec resolves the annotations of a dataclass through its module.
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(compile(blocks()[0], "CONTRIBUTING.md", "exec"), module.__dict__)
    return module


def blocks() -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)


def registry_with(notices: ModuleType) -> Registry:
    """The registry with the page's second block, one line, added."""
    line = blocks()[1].strip()
    entry = eval(line, {"TransactionType": TransactionType, **vars(notices)})
    return Registry((*TYPES, entry))


def attempt(registry: Registry, state: Overlay, sent: Operation) -> list[Any]:
    """Sign, read and apply one operation; its events."""
    transaction = Transaction(
        TRANSACTION_VERSION, CHAIN.genesis_hash, SENDER, 7, 2_000, (sent,), None
    )
    raw = encode(sign_transaction(transaction, [(SENDER, KEY)]))
    received = read_transaction(raw, registry)
    context = Context(state, CHAIN, height=1, time_ms=1_500, received=received)
    return list(registry.apply(sent.type, received.payloads[0], context))


def test_the_example_is_one_module_and_one_line() -> None:
    assert len(blocks()) == 2
    assert blocks()[1].count("\n") == 1


def test_the_example_writes_reports_and_refuses_by_the_name_of_its_rule(
    notices: ModuleType,
) -> None:
    registry = registry_with(notices)
    state = Overlay(NoState())
    pin = operation("notice.pin", notices.NoticePin("opening hours", "9 to 18"))
    events = attempt(registry, state, pin)
    assert [(event.type, event.data["title"]) for event in events] == [
        ("notice.pinned", "opening hours")
    ]
    written = dict(state.changes)
    with pytest.raises(LedgerError, match="opening hours") as refused:
        attempt(registry, state, pin)
    assert refused.value.code == "NoticeExists"
    assert state.changes == written


def test_the_example_refuses_garbage_like_every_registered_type(notices: ModuleType) -> None:
    with pytest.raises(OperationMalformed):
        attempt(registry_with(notices), Overlay(NoState()), Operation("notice.pin", ("", 1)))
