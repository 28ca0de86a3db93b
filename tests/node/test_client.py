"""The client against nodes that answer late, refuse, break off or aren't there."""

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from node.client import (
    AnswerForeign,
    BrokeOff,
    NodeBusy,
    NodeClient,
    NodeFailed,
    NodeFailedInside,
    NodeRefused,
    NodeUnreachable,
    NotAuthorised,
    NotFound,
    OutcomeUnknown,
    RequestMalformed,
    UrlRefused,
)
from tests.node.scripted import BREAK_OFF, node

RECEIPT = {"id": "ab", "status": "ok", "height": 7, "events": [{"type": "x.y", "data": {"a": 1}}]}
DECIDED = (200, {"id": "ab", "state": "decided", "receipt": RECEIPT})
PENDING = (202, {"id": "ab", "state": "pending", "receipt": None})
BUSY = (429, {"code": "PoolFull", "detail": "full"})


@pytest.fixture
def nobody() -> Iterator[str]:
    """A URL where nobody listens: the port is bound and never accepts."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


def test_a_decision_is_told_with_its_events() -> None:
    with node(DECIDED) as served:
        outcome = NodeClient([served.url]).submit(b"raw")
    assert (outcome.status, outcome.height, outcome.event("x.y")) == ("ok", 7, {"a": 1})
    method, path, body = served.asked[0]
    assert (method, body) == ("POST", b"raw")
    assert path.startswith("/v1/transactions?wait=decided&timeout_ms=")
    with pytest.raises(NodeFailed):
        outcome.event("x.z")


def test_a_pending_transaction_is_asked_for_with_the_same_bytes_until_it_is_decided() -> None:
    with node(PENDING, BUSY, PENDING, DECIDED) as served:
        assert NodeClient([served.url]).submit(b"raw").is_decided
    assert {body for _, _, body in served.asked} == {b"raw"}
    assert len(served.asked) == 4


def test_whoever_waits_for_acceptance_only_gets_the_id() -> None:
    with node(PENDING) as served:
        outcome = NodeClient([served.url]).submit(b"raw", decided=False)
    assert (outcome.id, outcome.status, outcome.events) == ("ab", "pending", ())
    assert served.asked[0][1] == "/v1/transactions?wait=accepted"


def test_after_the_time_a_taken_transaction_has_an_unknown_outcome() -> None:
    with node(PENDING) as served, pytest.raises(OutcomeUnknown) as caught:
        NodeClient([served.url]).submit(b"raw", timeout_s=0)
    assert caught.value.details == {"id": "ab"}


def test_after_the_time_bytes_that_may_have_arrived_have_an_unknown_outcome() -> None:
    with node(BREAK_OFF) as served, pytest.raises(OutcomeUnknown):
        NodeClient([served.url]).submit(b"raw", timeout_s=0)


def test_a_full_pool_is_told_as_such_when_the_time_is_over() -> None:
    with node(BUSY) as served, pytest.raises(NodeBusy) as caught:
        NodeClient([served.url]).submit(b"raw", timeout_s=0)
    assert caught.value.told_code == "PoolFull"


def test_a_refusal_at_the_door_is_final() -> None:
    problem = {"code": "WrongChain", "detail": "signed for another", "hint": "h", "where": "body#"}
    with node((422, problem)) as served, pytest.raises(NodeRefused) as caught:
        NodeClient([served.url]).submit(b"raw")
    assert len(served.asked) == 1
    assert (caught.value.told_code, caught.value.told_hint) == ("WrongChain", "h")
    assert str(caught.value) == "body#: signed for another"


@pytest.mark.parametrize(
    ("status", "document", "error"),
    [
        (404, {"code": "BlockUnknown"}, NotFound),
        (403, {"code": "SignatureInvalid"}, NotAuthorised),
        (401, {"code": "TokenRefused"}, NotAuthorised),
        (400, {"code": "ParameterInvalid"}, RequestMalformed),
        (422, {"code": "WrongChain"}, NodeRefused),
        (503, {"code": "Busy"}, NodeBusy),
        (500, {"code": "Internal"}, NodeFailedInside),
        (502, b"<html>", NodeBusy),
        (404, b"<html>", AnswerForeign),
        (403, {"message": "blocked"}, AnswerForeign),
        (302, b"", AnswerForeign),
        (200, b"<html>", AnswerForeign),
        (200, b"\xff", AnswerForeign),
    ],
)
def test_each_answer_that_is_none_has_its_error(
    status: int, document: Any, error: type[Exception]
) -> None:
    with node((status, document)) as served, pytest.raises(error) as caught:
        NodeClient([served.url]).get("/v1/blocks/9")
    assert type(caught.value) is error


def test_a_node_that_is_away_is_passed_over(nobody: str) -> None:
    with node(DECIDED) as served:
        client = NodeClient([nobody, served.url])
        assert client.submit(b"raw").is_decided
        assert client.get("/v1/status") == DECIDED[1]


def test_a_node_that_breaks_off_is_passed_over_too() -> None:
    with node(BREAK_OFF) as first, node(DECIDED) as second:
        assert NodeClient([first.url, second.url]).submit(b"raw").is_decided
        assert first.asked[0][2] == second.asked[0][2] == b"raw"


@pytest.mark.parametrize("status", [200, 302, 400, 403, 404])
def test_a_page_that_no_node_wrote_is_neither_a_refusal_nor_the_last_word(status: int) -> None:
    page = (status, b"<html>Please log in</html>")
    with node(page) as proxy, node(DECIDED) as served:
        client = NodeClient([proxy.url, served.url])
        assert client.get("/v1/status") == DECIDED[1]
        assert client.submit(b"raw").is_decided
    # Behind it a node may have taken the bytes.
    with node(page) as proxy, pytest.raises(OutcomeUnknown):
        NodeClient([proxy.url]).submit(b"raw", timeout_s=0)


def test_a_node_that_keeps_silent_is_waited_for_once() -> None:
    with node(BREAK_OFF) as first, node(DECIDED) as second:
        client = NodeClient([first.url, second.url])
        for _ in range(3):
            assert client.get("/v1/status") == DECIDED[1]
        assert client.submit(b"raw").is_decided
        assert (len(first.asked), len(second.asked)) == (1, 4)


def test_what_one_node_may_have_taken_another_ones_refusal_does_not_end() -> None:
    refusal = (401, {"code": "SubmitTokenNeeded"})
    with node(BREAK_OFF) as taker, node(refusal) as other:
        client = NodeClient([taker.url, other.url])
        with pytest.raises(OutcomeUnknown):
            client.submit(b"raw", timeout_s=0)
    # Once the first one is back it tells.
    with node(BREAK_OFF, DECIDED) as taker, node(refusal) as other:
        assert NodeClient([taker.url, other.url]).submit(b"raw").is_decided
    with node(BUSY) as busy, node(refusal) as other, pytest.raises(NotAuthorised):
        NodeClient([busy.url, other.url]).submit(b"raw", timeout_s=0)
    # What is only asked a refusal answers, whoever broke off before.
    unknown = (404, {"code": "OrderUnknown"})
    with node(BREAK_OFF) as first, node(unknown) as other, pytest.raises(NotFound):
        NodeClient([first.url, other.url]).get("/v1/orders/x")
    # That its time is over has to be looked into.
    expired = (422, {"code": "TransactionExpired"})
    with node(BREAK_OFF, expired) as taker, pytest.raises(NodeRefused, match="422"):
        NodeClient([taker.url]).submit(b"raw")


@pytest.mark.parametrize(
    "ask",
    [
        lambda client: client.get("/v1/status"),
        lambda client: client.submit(b"raw", timeout_s=0),
    ],
)
def test_with_no_node_at_all_nobody_was_reached(
    nobody: str, ask: Callable[[NodeClient], object]
) -> None:
    with pytest.raises(NodeUnreachable) as caught:
        ask(NodeClient([nobody]))
    assert not isinstance(caught.value, BrokeOff)
    assert nobody in str(caught.value)


def test_queries_are_quoted_and_what_is_none_is_left_out() -> None:
    with node((200, {})) as served:
        NodeClient([served.url]).get("/v1/trace", {"q": "urn:a b&c", "cursor": None})
    assert served.asked[0][1] == "/v1/trace?q=urn%3Aa+b%26c"


def test_text_is_given_as_it_is() -> None:
    with node((200, b"a 1\n")) as served:
        assert NodeClient([served.url]).text("/metrics") == "a 1\n"


def test_a_file_is_its_bytes_and_no_text() -> None:
    with node((200, b"\xff\x00")) as served:
        assert NodeClient([served.url]).file("/v1/proof/state/00", {"trusted": None}) == b"\xff\x00"
        with pytest.raises(NodeFailed, match="text"):
            NodeClient([served.url]).text("/metrics")
    problem = {"code": "ReceiptNotFound", "detail": "none"}
    with node((404, problem)) as served, pytest.raises(NotFound):
        NodeClient([served.url]).file("/v1/proof/receipt/00")


@pytest.mark.parametrize(
    "url",
    ["", "host:1", "ftp://host", "https://", "http://host/path", "http://host:x", "http://a@host"],
)
def test_what_is_no_url_of_a_node_is_refused(url: str) -> None:
    with pytest.raises(UrlRefused):
        NodeClient([url])


def test_a_token_goes_with_every_request() -> None:
    with node(DECIDED) as served:
        client = NodeClient([served.url], token="a-secret")
        client.get("/v1/status")
        client.submit(b"raw")
    assert [entry["Authorization"] for entry in served.headers] == ["Bearer a-secret"] * 2


def test_as_a_context_it_keeps_its_connection_and_else_it_does_not() -> None:
    with node((200, {})) as served:
        with NodeClient([served.url]) as client:
            for _ in range(3):
                client.get("/v1/status")
        assert len(served.ports) == 1
        for _ in range(2):
            client.get("/v1/status")
        assert len(served.ports) == 3


def test_a_kept_connection_that_the_node_closed_meanwhile_is_made_anew() -> None:
    with node((200, {}), BREAK_OFF, (200, {"a": 1})) as served, NodeClient([served.url]) as client:
        client.get("/v1/status")
        assert client.get("/v1/status") == {"a": 1}
    assert len(served.asked) == 3


def test_a_node_that_fails_inside_is_passed_over() -> None:
    with node((500, {"code": "Internal"})) as first, node(DECIDED) as second:
        assert NodeClient([first.url, second.url]).submit(b"raw").is_decided


def test_a_node_that_failed_inside_may_have_taken_the_bytes() -> None:
    with node((500, {})) as served, pytest.raises(OutcomeUnknown):
        NodeClient([served.url]).submit(b"raw", timeout_s=0)
