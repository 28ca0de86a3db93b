"""Tests of capture jobs: kept over restarts, bounded, their outcome derived from the chain."""

from dataclasses import replace
from pathlib import Path

import pytest

from chain.block import OK
from commerce.epcis.capture import EpcisCapture
from commerce.registry import operation
from node.gateway import jobs as kept
from node.gateway.jobs import (
    GRACE_MS,
    LOG_NAME,
    Job,
    JobBook,
    JobError,
    JobPart,
    job_on_chain,
    state_of,
)
from node.record_log import RecordLog
from tests.chain.world import account
from tests.node.api.epcis.gateway import document, observed
from tests.node.api.market import done, found
from tests.node.api.service import FakeService

MERCHANT = account("merchant")
ERROR = JobError(1, "EpcisInvalid", "epcisBody.eventList[1].action", "must be 观察")


def job(name: str, *parts: JobPart, **changed: object) -> Job:
    """A job of the merchant's."""
    first = name.encode().ljust(32)
    made = Job(first, MERCHANT, 1_000, 121_000, False, parts or (JobPart(first, None),), ())  # noqa: FBT003
    return replace(made, **changed)  # type: ignore[arg-type]


def opened(path: Path, count_max: int = 10) -> JobBook:
    """The book as a start finds it."""
    return JobBook(RecordLog(path / "jobs", LOG_NAME, b"c" * 32), count_max)


def test_jobs_are_there_after_a_restart_and_the_oldest_leave_first(tmp_path: Path) -> None:
    book = opened(tmp_path, 3)
    made = [job(f"job {number}", errors=(ERROR,), proceed=True) for number in range(5)]
    for one in made:
        book.add(one)
    for again in (book, opened(tmp_path, 3)):
        assert [again.get(one.id) for one in made] == [None, None, *made[2:]]


def test_the_file_does_not_grow_without_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "STALE_MAX", 5)
    book = opened(tmp_path, 3)
    sizes = []
    for number in range(40):
        book.add(job(f"job {number}"))
        sizes.append((tmp_path / "jobs").stat().st_size)
    assert max(sizes[20:]) <= max(sizes[:20])
    assert opened(tmp_path, 3).get(job("job 39").id) is not None


def test_pages_are_an_accounts_own_newest_first(tmp_path: Path) -> None:
    book = opened(tmp_path)
    made = [job(f"job {number}") for number in range(5)]
    for one in made:
        book.add(one)
    book.add(job("another's", account=b"x" * 32))
    first, more = book.page(MERCHANT, None, 2)
    assert (list(first), more) == ([made[4], made[3]], True)
    rest, more = book.page(MERCHANT, first[-1].id, 5)
    assert (list(rest), more) == ([made[2], made[1], made[0]], False)


@pytest.mark.asyncio
async def test_an_outcome_is_what_the_receipts_say() -> None:
    service = FakeService()
    await found(service)
    payload = EpcisCapture(document(observed(1)), "public")
    good, _ = await done(service, "merchant", "epcis.capture", payload)
    refused = service.world.signed(
        "merchant", operation("epcis.capture", EpcisCapture(document(observed(1)), "secret"))
    )
    await service.submit(refused.raw)
    await service.decide()
    now_ms = service.clock_ms()

    whole = state_of(job("good", JobPart(good, None)), service.ledger, now_ms)
    assert (whole.running, whole.errors) == (False, ())
    assert whole.finished_ms == now_ms - 1_000
    assert whole.behaviour == "rollback"

    parts = (JobPart(good, 0), JobPart(refused.id, 2), JobPart(b"n" * 32, 3))
    mixed = job("mixed", *parts, proceed=True, errors=(ERROR,), valid_until_ms=now_ms)
    state = state_of(mixed, service.ledger, now_ms)
    assert (state.running, state.finished_ms) == (True, None)
    assert [(error.event, error.code) for error in state.errors] == [
        (1, "EpcisInvalid"),
        (2, "VisibilityUnknown"),
    ]
    # A clock may be ahead of the chain; a block of a later time settles it at once.
    assert state_of(mixed, service.ledger, now_ms + GRACE_MS).running
    state = state_of(mixed, service.ledger, now_ms + GRACE_MS + 1)
    assert (state.running, state.finished_ms) == (False, now_ms)
    assert [error.code for error in state.errors][-1] == "TransactionExpired"
    await service.decide()
    assert not state_of(mixed, service.ledger, now_ms).running


@pytest.mark.asyncio
async def test_a_capture_that_came_another_way_is_a_job_too() -> None:
    service = FakeService()
    await found(service)
    payload = EpcisCapture(document(observed(1)), "public")
    captured, _ = await done(service, "merchant", "epcis.capture", payload)
    made = job_on_chain(service.ledger, captured)
    assert made is not None
    assert (made.id, made.account, made.created_ms) == (captured, MERCHANT, service.clock_ms())
    assert state_of(made, service.ledger, service.clock_ms()).errors == ()
    paid = service.pay("merchant", "buyer", 1)
    await service.submit(paid.raw)
    await service.decide()
    decided = service.decided(paid.id)
    assert decided is not None
    assert decided.receipt.status != OK
    assert job_on_chain(service.ledger, paid.id) is None
    assert job_on_chain(service.ledger, b"n" * 32) is None
