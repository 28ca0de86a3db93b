"""Tests of the gateway: what is signed, what the door refuses, what is on disk when it answers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from chain.crypto import sha256
from chain.errors import PolicyNotSatisfied
from commerce.delegations import Delegate
from commerce.epcis.errors import EpcisInvalid
from node.gateway.gateway import CaptureGateway, EventsRefused, check_each, check_whole
from node.gateway.jobs import LOG_NAME, JobBook
from node.gateway.tokens import FILE_NAME, Holder, TokenBook
from node.record_log import RecordLog
from node.service import PoolFull
from tests.chain.world import account, key
from tests.node.api.epcis.gateway import GATEWAY_KEY, document, make_token, observed
from tests.node.api.market import FOREVER_MS, done, found
from tests.node.api.service import FakeService

HOLDER = Holder("erp", account("merchant"), 50, key(GATEWAY_KEY))


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[tuple[FakeService, CaptureGateway]]:
    """A chain whose merchant lets the gateway's key capture."""
    service = FakeService()
    await found(service)
    scope = Delegate(key(GATEWAY_KEY).public_key, ("epcis.capture",), 0, FOREVER_MS)
    await done(service, "merchant", "delegate", scope)
    gateway = CaptureGateway(TokenBook(folder / FILE_NAME), book(folder, service), service.clock_ms)
    try:
        yield service, gateway
    finally:
        gateway.close()


def book(folder: Path, service: FakeService) -> JobBook:
    """The jobs as a start finds them."""
    return JobBook(RecordLog(folder / "jobs", LOG_NAME, service.chain.genesis_hash))


@pytest.mark.asyncio
async def test_a_job_is_on_disk_when_its_request_is_answered(tmp_path: Path) -> None:
    async with opened(tmp_path) as (service, gateway):
        data = [document(observed(number)) for number in range(8)]
        jobs = await asyncio.gather(
            *(gateway.capture(service, HOLDER, one, proceed=False) for one in data)
        )
        kept = book(tmp_path, service)
        assert [kept.get(job.id) for job in jobs] == jobs
        assert set(service.pool) == {job.id for job in jobs}


@pytest.mark.asyncio
async def test_what_the_door_refuses_is_no_job(tmp_path: Path) -> None:
    async with opened(tmp_path) as (service, gateway):
        data = document(observed(1), observed(2))
        thief = Holder("thief", account("merchant"), 50, key("thief"))
        with pytest.raises(PolicyNotSatisfied):
            await gateway.capture(service, thief, data, proceed=False)
        service.pool_max = 0
        with pytest.raises(PoolFull):
            await gateway.capture(service, HOLDER, data, proceed=True)
        assert not book(tmp_path, service).page(account("merchant"), None, 10)[0]


@pytest.mark.asyncio
async def test_an_event_that_the_door_refuses_is_told_by_its_job(tmp_path: Path) -> None:
    async with opened(tmp_path) as (service, gateway):
        service.pool_max = 2
        data = document(observed(1), observed(2, action="SEE"), observed(3), observed(4))
        job = await gateway.capture(service, HOLDER, data, proceed=True)
        assert [part.event for part in job.parts] == [0, 2]
        assert [(error.event, error.code) for error in job.errors] == [
            (1, "EpcisInvalid"),
            (3, "PoolFull"),
        ]
        assert job.id == job.parts[0].transaction_id
        assert book(tmp_path, service).get(job.id) == job


@pytest.mark.asyncio
async def test_whoever_has_the_token_is_found_and_nobody_else(tmp_path: Path) -> None:
    async with opened(tmp_path) as (_, gateway):
        token = make_token(tmp_path, "erp", "merchant")
        holder = await gateway.holder(token)
        assert holder is not None
        assert holder.account == account("merchant")
        assert holder.key.seed == sha256(f"test key of {GATEWAY_KEY}".encode())
        assert await gateway.holder(None) is None
        assert await gateway.holder(token[:-1] + "2") is None


def test_all_or_each_event_is_checked_before_anything_is_signed() -> None:
    data = document(observed(1), observed(2, action="SEE"))
    with pytest.raises(EpcisInvalid):
        check_whole(data)
    checked = check_each(data)
    assert [index for index, _ in checked.documents] == [0]
    assert [error.event for error in checked.errors] == [1]
    with pytest.raises(EventsRefused) as refused:
        check_each(document(observed(1, action="SEE"), observed(2, bizStep="flying")))
    assert [error.event for error in refused.value.errors] == [0, 1]
