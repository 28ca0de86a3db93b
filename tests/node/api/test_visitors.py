"""How much one client may ask, who that is behind a proxy, and tokens for submitting."""

from dataclasses import replace
from pathlib import Path

import pytest

from node.api.routes import ROUTES
from node.api.routing import LONG_COST
from node.api.settings import ApiSettings
from node.api.visitors import QUERY_RATE, client_of, network_of
from node.gateway.rates import BURST_S
from node.gateway.tokens import TokenEntry, add_token, digest_of, new_token, remove_token
from tests.chain.world import account
from tests.node.api.service import Served, served

PROXIED = ApiSettings(proxies=("10.0.0.0/8", "fd00::/8"))
GENESIS = "/v1/genesis"


async def asked(node: Served, path: str = GENESIS, **headers: str) -> tuple[int, str | None]:
    """Status and Retry-After."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with node.http.get(node.url(path), headers=named) as response:
        await response.read()
        return response.status, response.headers.get("Retry-After")


async def passed(node: Served, count: int, path: str = GENESIS, **headers: str) -> int:
    """How many of so many requests pass."""
    return sum([(await asked(node, path, **headers))[0] == 200 for _ in range(count)])


@pytest.mark.asyncio
async def test_one_address_reads_so_much_and_is_told_when_to_come_again() -> None:
    async with served(ApiSettings(query_rate_max=1)) as node:
        # As many as a bucket holds, and no more unless a second passed meanwhile.
        assert BURST_S <= await passed(node, 2 * BURST_S) < 2 * BURST_S
        status, after = await asked(node)
        assert (status, after) == (429, "1")
        status, told = await node.get(GENESIS)
        assert (status, told["code"]) == (429, "AskedTooOften")
        assert 1 <= told["retry_after_ms"] <= 1_000
        # What an operator and a balancer ask for costs nothing.
        for path in ("/", "/health", "/ready", "/v1/status", "/metrics", "/verify"):
            assert (await asked(node, path))[0] == 200


@pytest.mark.asyncio
async def test_a_long_read_costs_more_than_a_short_one() -> None:
    async with served(ApiSettings(query_rate_max=LONG_COST)) as node:
        assert BURST_S <= await passed(node, 2 * BURST_S, "/v1/epcis/events") < 2 * BURST_S
        async with node.http.get(node.url("/v1/epcis/events")) as response:
            told = await response.json(content_type=None)
        assert (response.status, told["code"]) == (429, "AskedTooOften")
        assert told["type"].startswith("epcisException:")


@pytest.mark.asyncio
async def test_this_machine_is_not_bounded_unless_a_rate_is_set() -> None:
    async with served() as node:
        assert await passed(node, BURST_S * QUERY_RATE + 10) == BURST_S * QUERY_RATE + 10


@pytest.mark.asyncio
async def test_behind_a_named_proxy_each_client_has_its_own_permits() -> None:
    settings = ApiSettings(query_rate_max=1, proxies=("127.0.0.0/8",))
    async with served(settings) as node:
        for client in ("203.0.113.1", "203.0.113.2"):
            found = await passed(node, 2 * BURST_S, X_Forwarded_For=f"192.0.2.9, {client}")
            assert BURST_S <= found < 2 * BURST_S


@pytest.mark.asyncio
async def test_nobody_else_chooses_an_address_by_a_header() -> None:
    async with served(ApiSettings(query_rate_max=1)) as node:
        found = 0
        for number in range(2 * BURST_S):
            found += await passed(node, 1, X_Forwarded_For=f"203.0.113.{number}")
        assert found < 2 * BURST_S


@pytest.mark.parametrize(
    ("remote", "forwarded", "client"),
    [
        ("192.0.2.1", ["203.0.113.7"], "192.0.2.1"),
        ("10.0.0.1", ["203.0.113.7"], "203.0.113.7"),
        ("10.0.0.1", ["198.51.100.1, 203.0.113.7"], "203.0.113.7"),
        ("10.0.0.1", ["198.51.100.1", "203.0.113.7, 10.0.0.2"], "203.0.113.7"),
        ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["nobody"], "10.0.0.1"),
        ("10.0.0.1", ["203.0.113.7, nobody, 10.0.0.2"], "10.0.0.2"),
        ("fd00::1", ["2001:db8::7"], "2001:db8::7"),
        ("10.0.0.1", [", ".join(["10.0.0.2"] * 100)], "10.0.0.2"),
        ("", ["203.0.113.7"], ""),
    ],
)
def test_the_client_is_the_last_address_that_is_no_proxy(
    remote: str, forwarded: list[str], client: str
) -> None:
    assert client_of(remote, forwarded, PROXIED) == client


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
    ],
)
def test_a_subscribers_whole_network_shares_a_bucket(address: str, network: str) -> None:
    assert network_of(address) == network


def test_every_read_of_the_ledger_costs_something() -> None:
    free = {route.path for route in ROUTES if route.method == "GET" and not route.permits}
    pages = {path for path in free if path.startswith("/verify")}
    assert free - pages == {"/", "/health", "/ready", "/metrics", "/v1/openapi.json", "/v1/status"}
    dear = {route.path for route in ROUTES if route.permits > 1}
    assert {"/v1/trace", "/v1/epcis/events", "/v1/proof/receipt/{id}"} <= dear


def submitter(name: str, token: str, rate: int = 50) -> TokenEntry:
    return TokenEntry(name, digest_of(token), None, None, 1, rate)


async def sent(node: Served, path: str, token: str | None) -> tuple[int, str | None, str | None]:
    """Status, code and WWW-Authenticate of a submission of nothing that can be read."""
    headers = {"Content-Type": "application/msgpack"}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    async with node.http.post(node.url(path), data=b"\xc1", headers=headers) as response:
        told = await response.json(content_type=None)
        return response.status, told["code"], response.headers.get("WWW-Authenticate")


REFUSED = (401, "SubmitTokenNeeded", "Bearer")


@pytest.mark.asyncio
async def test_with_tokens_a_batch_needs_one_and_a_single_transaction_by_setting(
    tmp_path: Path,
) -> None:
    file, token = tmp_path / "submit-tokens.json", new_token()
    add_token(file, submitter("till", token))
    batches = ApiSettings(submit_tokens=file)
    for settings, single in (
        (batches, (400, "EncodingInvalid", None)),
        (batches.model_copy(update={"submit_tokens_for": "all"}), REFUSED),
    ):
        async with served(settings) as node:
            for wrong in (None, "", new_token()):
                assert await sent(node, "/v1/transactions/batch", wrong) == REFUSED
                assert await sent(node, "/v1/transactions", wrong) == single
            for path in ("/v1/transactions", "/v1/transactions/batch"):
                assert (await sent(node, path, token))[0] == 400


@pytest.mark.asyncio
async def test_a_token_for_captures_submits_nothing(tmp_path: Path) -> None:
    file, token = tmp_path / "tokens.json", new_token()
    add_token(
        file, replace(submitter("erp", token), account=account("merchant"), key_file="erp.key")
    )
    async with served(ApiSettings(submit_tokens=file)) as node:
        assert await sent(node, "/v1/transactions/batch", token) == REFUSED


@pytest.mark.asyncio
async def test_a_revoked_token_ends_at_once_and_one_that_asks_too_often_waits(
    tmp_path: Path,
) -> None:
    file, token = tmp_path / "submit-tokens.json", new_token()
    add_token(file, submitter("till", token, rate=1))
    async with served(ApiSettings(submit_tokens=file)) as node:
        found = [await sent(node, "/v1/transactions/batch", token) for _ in range(2 * BURST_S)]
        assert found[0][0] == 400
        assert found[-1][:2] == (429, "AskedTooOften")
        remove_token(file, "till")
        assert await sent(node, "/v1/transactions/batch", token) == REFUSED
