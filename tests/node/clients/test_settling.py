"""Sending once: the same bytes after any crash, and new ones only where the old can never count."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from chain.transaction import Operation
from node.clients.errors import BrokeOff, NodeRefused, NodeUnreachable, OutcomeUnknown
from node.clients.fates import (
    Done,
    Fate,
    Lapsed,
    OperationRefused,
    Refused,
    TransactionLapsed,
    Unknown,
)
from node.clients.outbox import Outbox, ReferenceReused
from node.clients.settling import sent, sent_once
from node.clients.signing import Made, operation
from node.clients.wire import Asked, Place
from tests.node.clients.scenes import SIGNER, Answer, Driver

PAY = operation("pay.transfer", {"to": "07" * 32, "symbol": "CNY", "amount_minor": 5})
PAY_MORE = operation("pay.transfer", {"to": "07" * 32, "symbol": "CNY", "amount_minor": 6})


class Crash(Exception):
    """The program dies in the middle of a request."""


class Chain:
    """What every node knows: its height, its time, and what was decided."""

    def __init__(self, outbox: Path) -> None:
        self.outbox = outbox
        self.height = 9
        self.time_ms = 1_000_000
        self.first_block = 1
        self.status = "ok"
        self.decided: dict[str, Any] = {}
        self.pending: set[str] = set()
        self.on_submit: Answer | None = None
        self.at_submit: list[int] = []

    def answer(self, place: Place, asked: Asked) -> Answer:
        del place
        if asked.method == "POST":
            return self._submit(asked)
        if asked.path == "/v1/status":
            return 200, {"height": self.height, "first_block": self.first_block}
        if asked.path == "/v1/headers/latest":
            return 200, {"header": {"time_ms": self.time_ms}}
        wanted = asked.path.rpartition("/")[2]
        if wanted in self.decided:
            return 200, {"id": wanted, "receipt": self.decided[wanted]}
        if wanted in self.pending:
            return 202, {"id": wanted, "receipt": None}
        return 404, {"code": "TransactionNotFound"}

    def _submit(self, asked: Asked) -> Answer:
        assert asked.body is not None
        self.at_submit.append(len(list(self.outbox.glob("*.json"))))
        if self.on_submit is not None:
            return self.on_submit
        return self.decide(asked.body)

    def decide(self, raw: bytes) -> Answer:
        made = Made.read(raw)
        rule = {"title": "too poor", "hint": "earn"} if self.status != "ok" else None
        receipt = {"status": self.status, "height": 10, "events": [], "rule": rule}
        receipt["failed_operation"] = None
        self.decided[made.id] = receipt
        return 200, {"id": made.id, "receipt": receipt}


@pytest.fixture
def chain(tmp_path: Path) -> Chain:
    return Chain(tmp_path / "outbox")


@pytest.fixture
def driver(chain: Chain) -> Driver:
    return Driver(chain.answer)


def once(
    driver: Driver, chain: Chain, operations: Sequence[Operation] = (PAY,), wait_s: float = 0.0
) -> Fate:
    """One run of a job, in a program that has just begun."""
    return driver.run(sent_once(driver.trade(), Outbox(chain.outbox), "bill 7", operations, wait_s))


def test_the_bytes_are_on_disk_before_any_node_gets_them(chain: Chain, driver: Driver) -> None:
    fate = once(driver, chain)
    assert isinstance(fate, Done)
    assert chain.at_submit == [1]
    assert fate.done().id in chain.decided
    (file,) = chain.outbox.glob("*.json")
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_job_that_is_run_again_is_told_the_same_and_sends_nothing(
    chain: Chain, driver: Driver
) -> None:
    first = once(driver, chain)
    driver.asked.clear()
    assert once(driver, chain) == first
    assert driver.asked == []


@pytest.mark.parametrize("crash", [Crash(), BrokeOff("gone"), NodeUnreachable("down")])
def test_after_a_crash_anywhere_in_the_request_the_very_same_bytes_are_sent(
    chain: Chain, driver: Driver, crash: Any
) -> None:
    chain.on_submit = crash
    try:
        assert isinstance(once(driver, chain), Unknown)
    except Crash:
        assert isinstance(crash, Crash)
    chain.on_submit = None
    assert isinstance(once(driver, chain), Done)
    assert len(set(driver.sent())) == 1
    assert len(chain.decided) == 1


def test_an_answer_that_was_lost_is_found_and_nothing_is_done_twice(
    chain: Chain, driver: Driver
) -> None:
    chain.on_submit = BrokeOff("the answer was lost")
    unknown = once(driver, chain)
    assert isinstance(unknown, Unknown)
    with pytest.raises(OutcomeUnknown) as caught:
        unknown.done()
    assert caught.value.details == {"id": unknown.id}
    chain.decide(unknown.raw)
    # Its time is over when the job is run again.
    chain.on_submit = (422, {"code": "TransactionExpired"})
    driver.now_ms = chain.time_ms = 2_000_000
    fate = once(driver, chain)
    assert isinstance(fate, Done)
    assert fate.id == unknown.id
    assert set(driver.sent()) == {unknown.raw}


def test_a_refusal_by_a_rule_is_final_and_told_again(chain: Chain, driver: Driver) -> None:
    chain.status = "InsufficientFunds"
    fate = once(driver, chain)
    assert isinstance(fate, Refused)
    assert (fate.rule, fate.title, fate.hint, fate.height) == (
        *("InsufficientFunds", "too poor", "earn"),
        10,
    )
    assert once(driver, chain) == fate
    with pytest.raises(OperationRefused) as caught:
        fate.done()
    assert (caught.value.told_code, caught.value.told_hint) == ("InsufficientFunds", "earn")


def lapse(chain: Chain, driver: Driver) -> Unknown:
    """A first run that no node took, and whose time is over now."""
    chain.on_submit = NodeUnreachable("down")
    first = once(driver, chain)
    assert isinstance(first, Unknown)
    chain.on_submit = None
    driver.now_ms = 2_000_000
    return first


def expire(chain: Chain, first: Unknown) -> None:
    """From now on nodes refuse the old bytes at the door, and take others."""
    submit = chain._submit

    def door(asked: Asked) -> Answer:
        if asked.body == first.raw:
            return 422, {"code": "TransactionExpired"}
        return submit(asked)

    chain._submit = door  # type: ignore[method-assign]


def test_what_lapsed_without_a_block_is_made_anew_once(chain: Chain, driver: Driver) -> None:
    first = lapse(chain, driver)
    expire(chain, first)
    chain.time_ms = 2_000_000
    fate = once(driver, chain)
    assert isinstance(fate, Done)
    assert fate.id != first.id
    assert list(chain.decided) == [fate.id]
    assert once(driver, chain) == fate
    assert len(list(chain.outbox.glob("*.json"))) == 2


@pytest.mark.parametrize("why", ["no block is past it", "pruned", "pending"])
def test_nothing_is_made_anew_while_a_block_may_have_it(
    chain: Chain, driver: Driver, why: str
) -> None:
    first = lapse(chain, driver)
    expire(chain, first)
    chain.time_ms = 1_050_000 if why == "no block is past it" else 2_000_000
    chain.first_block = 11 if why == "pruned" else 1
    chain.pending = {first.id} if why == "pending" else set()
    assert isinstance(once(driver, chain), Unknown)
    assert set(driver.sent()) == {first.raw}


def test_one_node_that_cannot_tell_keeps_it_unknown(chain: Chain, driver: Driver) -> None:
    first = lapse(chain, driver)
    expire(chain, first)
    chain.time_ms = 2_000_000
    answer = driver.answer

    def behind(place: Place, asked: Asked) -> Answer:
        if place.host == "node-2" and asked.path == "/v1/headers/latest":
            return 200, {"header": {"time_ms": 1}}
        return answer(place, asked)

    driver.answer = behind
    assert isinstance(once(driver, chain), Unknown)


def test_a_reference_stands_for_one_thing(chain: Chain, driver: Driver) -> None:
    once(driver, chain)
    with pytest.raises(ReferenceReused, match="bill 7"):
        once(driver, chain, (PAY_MORE,))


def test_a_refusal_at_the_door_is_raised_and_the_job_may_be_run_again(
    chain: Chain, driver: Driver
) -> None:
    chain.on_submit = (403, {"code": "SignatureInvalid"})
    with pytest.raises(NodeRefused):
        once(driver, chain)
    chain.on_submit = None
    assert isinstance(once(driver, chain), Done)
    assert len(set(driver.sent())) == 1


def test_without_a_reference_what_came_to_no_node_did_not_happen(
    chain: Chain, driver: Driver
) -> None:
    chain.outbox.mkdir()
    chain.on_submit = NodeUnreachable("down")
    with pytest.raises(NodeUnreachable):
        driver.run(sent(driver.trade(), (PAY,), 1, 0.0))
    chain.on_submit = BrokeOff("half-way")
    fate = driver.run(sent(driver.trade(), (PAY,), 1, 0.0))
    assert isinstance(fate, Unknown)
    assert fate.id == Made.read(fate.raw).id


def test_a_transaction_that_lapsed_says_that_it_never_happened() -> None:
    with pytest.raises(TransactionLapsed):
        Lapsed("ab", 5).done()
    assert SIGNER.address.startswith("hs1")
