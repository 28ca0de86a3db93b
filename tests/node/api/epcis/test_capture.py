"""Tests of captures by REST, over real sockets: who may, what is refused before it is signed."""

import json
import threading
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from chain.transaction import read_transaction
from commerce.epcis.document import EVENTS_MAX
from commerce.epcis.lexeme import DOCUMENT_SIZE_MAX
from node.api.epcis import capture as capturing
from node.api.epcis.capture import CaptureJobView
from node.gateway.jobs import JobState, state_of
from node.gateway.tokens import FILE_NAME, remove_token
from tests.chain.world import account, key
from tests.node.api.epcis.gateway import document, make_token, observed, opened

pytestmark = pytest.mark.asyncio


async def test_a_document_is_captured_and_its_job_says_so(tmp_path: Path) -> None:
    async with opened(tmp_path) as gateway:
        data = document(observed(1), observed(2))
        status, headers, job = await gateway.ask("POST", "/capture", data)
        assert status == 202
        assert headers["Location"] == f"/v1/epcis/capture/{job['captureID']}"
        assert headers["GS1-EPCIS-Version"].startswith("2.0")
        assert headers["GS1-Capture-Error-Behaviour"] == "rollback"
        assert headers["GS1-EPCIS-Capture-Limit"] == str(EVENTS_MAX)
        assert headers["GS1-EPCIS-Capture-File-Size-Limit"] == str(DOCUMENT_SIZE_MAX)
        assert (job["running"], job["success"], job["errors"]) == (True, True, [])
        CaptureJobView.model_validate(job)
        assert "finishedAt" not in job

        await gateway.node.service.decide()
        status, _, job = await gateway.ask("GET", f"/capture/{job['captureID']}")
        assert status == 200
        assert (job["running"], job["success"]) == (False, True)
        assert job["finishedAt"].endswith("Z")
        decided = gateway.node.service.decided(bytes.fromhex(job["captureID"]))
        assert decided is not None
        assert [event.type for event in decided.receipt.events] == ["epcis.captured"] * 2


async def test_what_became_of_a_capture_is_read_off_the_event_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[threading.Thread] = []

    def noting(*known: Any) -> JobState:
        threads.append(threading.current_thread())
        return state_of(*known)

    monkeypatch.setattr(capturing, "state_of", noting)
    monkeypatch.setattr(capturing, "EVENT_WAIT_MS", 0)
    async with opened(tmp_path) as gateway:
        data = document(observed(1), observed(2))
        _, _, job = await gateway.ask("POST", "/capture", data)
        await gateway.ask("GET", f"/capture/{job['captureID']}")
        # Nothing decides it: it is answered as a job that runs.
        single = {"@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"]}
        data = json.dumps({**single, **observed(7)}).encode()
        assert (await gateway.ask("POST", "/events", data))[0] == 202
    assert threads
    assert threading.main_thread() not in threads


async def test_what_is_signed_is_the_document_by_the_delegated_key(tmp_path: Path) -> None:
    async with opened(tmp_path) as gateway:
        data = document(observed(1))
        await gateway.ask("POST", "/capture", data)
        (received,) = gateway.node.service.pool.values()
        assert received.transaction.sender == account("merchant")
        assert [entry.public_key for entry in received.signatures] == [key("gateway").public_key]
        assert received.payloads[0].document == data  # type: ignore[attr-defined]
        read_transaction(received.raw, gateway.node.service.ledger.rules)


async def test_no_token_and_a_wrong_one_are_refused_alike(tmp_path: Path) -> None:
    wrong = ("", "Bearer", "Bearer ", "Bearer wrong", f"Bearer hct_{'a' * 52}", "Basic {}", "{}")
    async with opened(tmp_path) as gateway:
        for authorization in (None, *wrong):
            headers = {"Content-Type": "application/json"}
            if authorization is not None:
                headers["Authorization"] = authorization.format(gateway.token)
            path, data = "/v1/epcis/capture", document(observed(1))
            async with gateway.node.http.post(path, data=data, headers=headers) as response:
                told = await response.json(content_type=None)
            assert response.status == 403, authorization
            assert told == {
                "type": "epcisException:SecurityException",
                "title": told["title"],
                "status": 403,
                "detail": "the request is not authorised",
                "code": "TokenRefused",
                "hint": told["hint"],
                "where": "header.Authorization",
            }
        assert not gateway.node.service.pool


async def test_a_revoked_token_ends_at_once_and_a_new_one_begins(tmp_path: Path) -> None:
    async with opened(tmp_path) as gateway:
        assert (await gateway.ask("POST", "/capture", document(observed(1))))[0] == 202
        remove_token(tmp_path / FILE_NAME, "erp")
        assert (await gateway.ask("POST", "/capture", document(observed(2))))[0] == 403
        gateway.token = make_token(tmp_path, "erp-2", "merchant")
        assert (await gateway.ask("POST", "/capture", document(observed(3))))[0] == 202


async def test_a_key_that_nobody_delegated_signs_nothing_that_counts(tmp_path: Path) -> None:
    async with opened(tmp_path) as gateway:
        gateway.token = make_token(tmp_path, "thief", "merchant", signer="thief")
        status, _, told = await gateway.ask("POST", "/capture", document(observed(1)))
        assert (status, told["code"]) == (403, "PolicyNotSatisfied")
        assert told["type"] == "epcisException:SecurityException"


async def test_the_job_of_another_account_is_unknown(tmp_path: Path) -> None:
    async with opened(tmp_path, hurried=True) as gateway:
        _, _, job = await gateway.ask("POST", "/capture", document(observed(1)))
        gateway.token = make_token(tmp_path, "other", "carrier")
        status, _, told = await gateway.ask("GET", f"/capture/{job['captureID']}")
        assert (status, told["code"]) == (404, "ResourceUnknown")


BAD: tuple[tuple[bytes, int, str | None], ...] = (
    (b"", 400, "body#"),
    (b"{", 400, "body#"),
    (b"\xff", 400, "body#"),
    (b'{"type": "EPCISQueryDocument"}', 400, "body#type"),
    (document(observed(1, action="SEE")), 400, "body#epcisBody.eventList[0].action"),
    (
        document(observed(1), observed(2, bizStep="flying")),
        400,
        "body#epcisBody.eventList[1].bizStep",
    ),
    (document(*[observed(n) for n in range(EVENTS_MAX + 1)]), 413, None),
    (b" " * (DOCUMENT_SIZE_MAX + 1), 413, None),
    (b"[" * 17 + b"]" * 17, 413, None),
)


async def test_a_bad_document_is_named_and_nothing_is_signed(tmp_path: Path) -> None:
    async with opened(tmp_path) as gateway:
        for data, status, where in BAD:
            got, headers, told = await gateway.ask("POST", "/capture", data)
            assert (got, told.get("where")) == (status, where)
            exception = "ValidationException" if status == 400 else "CaptureLimitExceededException"
            assert told["type"] == f"epcisException:{exception}"
            assert ("GS1-EPCIS-Capture-Limit" in headers) == (status == 413)
        assert not gateway.node.service.pool


async def test_proceed_captures_what_is_right_and_names_what_is_not(tmp_path: Path) -> None:
    async with opened(tmp_path) as gateway:
        data = document(observed(1), observed(2, action="SEE"), observed(3))
        behaviour = {"GS1-Capture-Error-Behaviour": "proceed"}
        status, headers, job = await gateway.ask("POST", "/capture", data, **behaviour)
        assert status == 202
        assert headers["GS1-Capture-Error-Behaviour"] == "proceed"
        assert (job["captureErrorBehaviour"], job["transactions"]) == ("proceed", 2)
        assert job["claims"] == 0
        assert (job["running"], job["success"]) == (True, False)
        CaptureJobView.model_validate(job)
        (error,) = job["errors"]
        assert error["type"] == "epcisException:ValidationException"
        assert (error["event"], error["where"]) == (1, "epcisBody.eventList[1].action")

        await gateway.node.service.decide()
        _, _, job = await gateway.ask("GET", f"/capture/{job['captureID']}")
        assert (job["running"], job["success"], len(job["errors"])) == (False, False, 1)


async def test_proceed_with_nothing_right_is_refused_by_every_event(tmp_path: Path) -> None:
    async with opened(tmp_path) as gateway:
        data = document(observed(1, action="SEE"), observed(2, bizStep="flying"))
        status, _, told = await gateway.ask(
            "POST", "/capture", data, **{"GS1-Capture-Error-Behaviour": "proceed"}
        )
        assert (status, told["code"]) == (400, "EpcisDocumentRefused")
        places = [problem["where"] for problem in told["problems"]]
        assert places == ["epcisBody.eventList[0].action", "epcisBody.eventList[1].bizStep"]


async def test_another_error_behaviour_is_refused(tmp_path: Path) -> None:
    async with opened(tmp_path) as gateway:
        for word in ("all", "ignore", ""):
            status, _, told = await gateway.ask(
                "POST",
                "/capture",
                document(observed(1)),
                **{"GS1-Capture-Error-Behaviour": word},
            )
            assert (status, told["code"]) == (400, "BehaviourUnknown")


async def test_a_document_of_another_version_or_type_is_refused(tmp_path: Path) -> None:
    async with opened(tmp_path) as gateway:
        data = document(observed(1))
        assert (await gateway.ask("POST", "/capture", data, **{"GS1-EPCIS-Version": "1.2"}))[
            0
        ] == 406
        assert (await gateway.ask("POST", "/capture", data, **{"Content-Type": "text/xml"}))[
            0
        ] == 415


async def test_a_token_that_asks_too_often_is_told_to_wait(tmp_path: Path) -> None:
    async with opened(tmp_path) as gateway:
        gateway.token = make_token(tmp_path, "slow", "merchant", rate=1)
        answers = [await gateway.ask("POST", "/capture", b"{") for _ in range(40)]
        limited = [headers for status, headers, _ in answers if status == 429]
        assert {status for status, _, _ in answers} == {400, 429}
        assert limited[0]["Retry-After"] == "1"


async def test_jobs_are_listed_page_by_page_the_newest_first(tmp_path: Path) -> None:
    async with opened(tmp_path, hurried=True) as gateway:
        made = [
            (await gateway.ask("POST", "/capture", document(observed(n))))[2]["captureID"]
            for n in range(5)
        ]
        found: list[str] = []
        path = "/capture?perPage=2"
        while path:
            status, headers, jobs = await gateway.ask("GET", path)
            assert status == 200
            assert all(job["success"] and not job["running"] for job in jobs)
            found += [job["captureID"] for job in jobs]
            link = headers.get("Link", "")
            path = link.removeprefix("</v1/epcis").partition(">")[0]
            assert not link or link.endswith('; rel="next"')
        assert found == made[::-1]
        gateway.token = make_token(tmp_path, "other", "carrier")
        assert (await gateway.ask("GET", "/capture"))[2] == []


async def test_a_job_is_known_after_a_restart_and_fails_when_its_time_is_over(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as gateway:
        _, _, job = await gateway.ask("POST", "/capture", document(observed(1)))
        token, service = gateway.token, gateway.node.service
        service.pool.clear()
    async with opened(tmp_path) as gateway:
        gateway.token = token
        _, _, again = await gateway.ask("GET", f"/capture/{job['captureID']}")
        assert (again["running"], again["success"]) == (True, True)
        # The chain's time goes past the end of the transaction.
        service = gateway.node.service
        while service.clock_ms() <= 121_000 + _ms(job["createdAt"]):
            await service.decide()
        _, _, again = await gateway.ask("GET", f"/capture/{job['captureID']}")
        assert (again["running"], again["success"]) == (False, False)
        assert again["errors"][0]["code"] == "TransactionExpired"


async def test_one_event_is_captured_and_found_under_its_location(tmp_path: Path) -> None:
    async with opened(tmp_path, hurried=True) as gateway:
        single = {"@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"]}
        data = json.dumps({**single, **observed(7)}).encode()
        status, headers, told = await gateway.ask("POST", "/events", data)
        assert status == 201
        assert told == json.loads(data)
        assert headers["Hushang-Claims"] == "0"
        async with gateway.node.http.get(headers["Location"]) as response:
            assert response.status == 200
        foreign = {**observed(9), "epcList": ["urn:epc:id:sgtin:0614141.107346.9"]}
        data = json.dumps({**single, **foreign}).encode()
        status, headers, _ = await gateway.ask("POST", "/events", data)
        assert (status, headers["Hushang-Claims"]) == (201, "1")
        status, _, told = await gateway.ask("POST", "/events", document(observed(8)))
        assert (status, told["code"]) == (400, "SingleEventNeeded")


async def test_options_tell_the_limits(tmp_path: Path) -> None:
    async with opened(tmp_path) as gateway:
        status, headers, _ = await gateway.ask("OPTIONS", "/capture")
        assert status == 204
        assert headers["GS1-Capture-Error-Behaviour"] == "all"
        assert headers["GS1-EPCIS-Capture-Limit"] == str(EVENTS_MAX)
        assert "POST" in headers["Allow"]


def _ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)
