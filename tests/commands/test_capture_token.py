"""Tokens of captures by REST, as people make them, on real nodes; and captures event by event."""

import asyncio
import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from node.gateway.tokens import FILE_NAME, read_tokens
from tests.commands.conftest import Shop
from tests.node.api.epcis.gateway import document, observed
from tests.node.api.market import CONTEXT
from tests.node.webhooks.receiver import receiving


def post(shop: Shop, path: str, data: bytes, token: str) -> tuple[int, Any]:
    """Status and JSON of a request to the first node."""
    request = urllib.request.Request(
        f"{shop.network.nodes[0].api}/v1/epcis{path}",
        data,
        {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, json.load(refusal)


def test_a_token_captures_on_a_running_node_until_it_is_revoked(shop: Shop) -> None:
    made = shop.ok("capture-token", "create", "erp", "--as", "merchant").json
    file = shop.network.data_dir(shop.network.nodes[0]) / FILE_NAME
    assert (made["tokens"], made["status"]) == (str(file), "ok")
    assert made["token"] not in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600

    event = json.dumps({"@context": [CONTEXT], **observed(70)}).encode()
    status, told = post(shop, "/events", event, made["token"])
    assert (status, told["epcList"]) == (201, observed(70)["epcList"])

    (listed,) = shop.ok("capture-token", "list").json
    assert (listed["name"], listed["public_key"]) == ("erp", made["public_key"])
    assert "token" not in listed
    again = shop.refused("capture-token", "create", "erp", "--as", "merchant")
    assert again == (2, "TokenNameTaken")

    shop.ok("capture-token", "revoke", "erp", "--as", "merchant")
    assert post(shop, "/events", event, made["token"])[0] == 403
    assert not (file.parent / made["key_file"]).exists()
    assert shop.refused("capture-token", "revoke", "erp", "--as", "merchant") == (
        3,
        "TokenNameUnknown",
    )


def test_a_webhook_is_told_by_a_running_node_what_any_node_captured(
    shop: Shop, tmp_path: Path
) -> None:
    token = shop.ok("capture-token", "create", "hooked", "--as", "merchant").json["token"]
    file = tmp_path / "seen.jsonld"
    file.write_bytes(document(observed(75), observed(76, bizStep="shipping")))

    async def story() -> None:
        async with receiving() as receiver:
            query = {"name": "stored", "query": {"EQ_bizStep": ["storing"]}}
            assert await asked("/queries", query) == 201
            form = {"dest": receiver.url, "signatureToken": "0123456789abcdef", "stream": True}
            assert await asked("/queries/stored/subscriptions", form) == 201
            last = shop.network.nodes[-1].name
            words = ("capture", str(file), "--node", last, "--as", "merchant")
            await asyncio.to_thread(shop.ok, *words)
            told = await receiver.next()
        results = json.loads(told.body)["epcisBody"]["queryResults"]
        (event,) = results["resultsBody"]["eventList"]
        assert event["epcList"] == observed(75)["epcList"]
        assert "v1=" in told.headers["GS1-Signature"]

    async def asked(path: str, form: dict[str, Any]) -> int:
        data = json.dumps(form).encode()
        status, _ = await asyncio.to_thread(post, shop, path, data, token)
        return status

    asyncio.run(story())
    shop.ok("capture-token", "revoke", "hooked", "--as", "merchant")


def test_a_token_is_made_where_its_owners_key_is_not(shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "tokens.json"
    account = next(one.account for one in shop.network.accounts if one.name == "merchant")
    words = ("--tokens", str(file), "--no-delegate")
    made = shop.ok("capture-token", "create", "till", *words, "--account", account).json
    assert made["delegate with"].startswith(f"hushang delegate add {made['public_key']}")
    assert [entry.name for entry in read_tokens(file)] == ["till"]
    shop.ok("capture-token", "revoke", "till", *words)
    assert not read_tokens(file)


def test_a_token_that_can_not_be_delegated_leaves_nothing_behind(
    shop: Shop, tmp_path: Path
) -> None:
    file = tmp_path / "tokens.json"
    words = ("capture-token", "create", "x", "--tokens", str(file), "--as", "merchant")
    assert shop.refused(*words, "--valid", "0 d") == (7, "ExpiryPassed")
    assert not list(tmp_path.iterdir())


def test_proceed_captures_what_is_right_and_tells_what_is_not(shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "week.jsonld"
    file.write_bytes(document(observed(71), observed(72, action="SEE"), observed(73)))
    ran = shop.run("-o", "json", "capture", str(file), "--proceed", "--as", "merchant")
    assert (ran.code, ran.error["code"]) == (7, "EventsNotCaptured")
    assert ran.error["event 1"].startswith("EpcisInvalid: epcisBody.eventList[1].action")
    assert [(one["event"], one["status"]) for one in ran.json] == [(0, "ok"), (2, "ok")]


def test_a_token_for_submitting_is_made_listed_and_revoked_without_a_key(
    shop: Shop, tmp_path: Path
) -> None:
    file = tmp_path / "submit-tokens.json"
    about = ("--for", "submit", "--tokens", str(file))
    made = shop.ok("capture-token", "create", "till", *about).json
    assert (made["account"], made["key_file"], made["rate"]) == (None, None, 50)
    assert made["token"] not in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600
    (listed,) = shop.ok("capture-token", "list", *about).json
    assert "token" not in listed
    assert shop.ok("capture-token", "revoke", "till", *about).json["revoked"] == "till"
    assert read_tokens(file) == ()
    # The nodes of a test network ask nobody for a token.
    assert shop.refused("capture-token", "create", "till", "--for", "submit")[0] == 2
