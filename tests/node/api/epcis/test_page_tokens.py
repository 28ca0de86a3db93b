"""Page tokens: sealed, bound to their query, ending by themselves or when released."""

import pytest

from node.api.epcis import page_tokens
from node.api.epcis.page_tokens import LIFE_MS, PageTokens, digest_of
from node.api.epcis.problems import PageTokenInvalid
from node.api.epcis.result_pages import Start
from tests.commerce.epcis.statements import document, harvest, serial
from tests.node.api.epcis.captured import EVENTS, ask, capture
from tests.node.api.service import served

QUERY = digest_of("/v1/epcis/events", "EQ_bizStep=shipping")
START = Start(7, b"place", 3)


class Clock:
    def __init__(self) -> None:
        self.now_ms = 1_000_000

    def __call__(self) -> int:
        return self.now_ms


def test_a_token_leads_where_it_was_made_for() -> None:
    clock = Clock()
    tokens = PageTokens(clock)
    token, expires_ms = tokens.seal(QUERY, START)
    assert (tokens.open(QUERY, token), expires_ms) == (START, clock.now_ms + LIFE_MS)


def test_a_token_of_another_query_another_node_or_another_hand_is_refused() -> None:
    clock = Clock()
    tokens = PageTokens(clock)
    token, _ = tokens.seal(QUERY, START)
    with pytest.raises(PageTokenInvalid):
        tokens.open(digest_of("other"), token)
    with pytest.raises(PageTokenInvalid):
        PageTokens(clock).open(QUERY, token)
    for at in range(len(token) - 1):
        changed = "A" if token[at] != "A" else "B"
        with pytest.raises(PageTokenInvalid):
            tokens.open(QUERY, token[:at] + changed + token[at + 1 :])


@pytest.mark.parametrize(
    "token", ["", "A", "A" * 21, "A" * 5_000, "é" * 30, "A" * 30 + "=", "*" * 40]
)
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(PageTokenInvalid):
        PageTokens(Clock()).open(QUERY, token)
    if len(token) != 21:
        with pytest.raises(PageTokenInvalid):
            PageTokens(Clock()).release(token[:16])


def test_a_token_ends_by_itself_and_when_it_is_released() -> None:
    clock = Clock()
    tokens = PageTokens(clock)
    token, _ = tokens.seal(QUERY, START)
    kept, _ = tokens.seal(QUERY, Start(8))
    tokens.release(token)
    with pytest.raises(PageTokenInvalid, match="expired or was released"):
        tokens.open(QUERY, token)
    assert tokens.open(QUERY, kept) == Start(8)
    clock.now_ms += LIFE_MS
    with pytest.raises(PageTokenInvalid, match="expired"):
        tokens.open(QUERY, kept)


def test_released_tokens_are_remembered_in_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_tokens, "RELEASED_MAX", 3)
    tokens = PageTokens(Clock())
    made = [tokens.seal(QUERY, Start(n))[0] for n in range(10)]
    for token in made:
        tokens.release(token)
    assert len(tokens._released) <= 3
    with pytest.raises(PageTokenInvalid):
        tokens.open(QUERY, made[-1])


@pytest.mark.asyncio
async def test_a_client_releases_its_token() -> None:
    async with served() as node:
        for n in range(1, 4):
            await capture(node.service, document(harvest(epcList=[serial(n)])), by="buyer")
        first = await ask(node, EVENTS, ("perPage", "1"))
        assert first.next is not None
        assert first.headers["GS1-Next-Page-Token-Expires"].endswith("Z")
        assert (await ask(node, first.next)).status == 200
        other = await ask(node, first.next.replace("?", "?EQ_action=ADD&"))
        assert (other.status, other.json["code"]) == (400, "PageTokenInvalid")
        token = first.next.rpartition("nextPageToken=")[2]
        async with node.http.delete(f"/v1/epcis/nextPageToken/{token}") as response:
            assert response.status == 204
        gone = await ask(node, first.next)
        assert (gone.status, gone.json["code"]) == (400, "PageTokenInvalid")
