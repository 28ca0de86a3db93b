"""`hushang member`: an organisation becomes a member, and says which nodes are its own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from chain.bech32m import encode_account
from node.clock import now_ms
from node.genesis_file import PolicyForm
from node.keystore import write_key
from node.member_card import card_text, make_card
from tests.chain.world import account, key
from tests.commands.command_line import inside
from tests.commands.served_node import run
from tests.commands.test_committee import keys
from tests.node.api.service import Served, served


@pytest_asyncio.fixture
async def node(tmp_path: Path) -> AsyncIterator[Served]:
    """A node, and beside it the key files of its members and of suzhou, which is to become one."""
    for name in ("m0", "m1", "m2", "suzhou", "node of suzhou", "second node"):
        write_key(tmp_path / f"{name}.key", key(name).seed)
    async with served(hurried=True) as made:
        made.service.world.decide(time_ms=now_ms())
        yield made


def registering(directory: Path) -> list[str]:
    """The words that register suzhou, without the members' signatures."""
    words = ["member", "register", "suzhou", "--account-key", str(directory / "suzhou.key")]
    return [*words, "--node-key", str(directory / "node of suzhou.key")]


async def told(node: Served) -> dict[str, list[str]]:
    """Node keys by organisation."""
    listed = await run(node, "member", "list")
    return {entry["organisation"]: entry["node_keys"] for entry in listed.json}


@pytest.mark.asyncio
async def test_an_organisation_is_registered_and_changes_its_node_keys(
    node: Served, tmp_path: Path
) -> None:
    made = await run(node, *registering(tmp_path), *keys(tmp_path, "m0", "m1", "m2"))
    assert made.code == 0, made.err
    assert made.json["account"] == encode_account(account("suzhou"))
    types = [event["type"] for event in made.json["events"]]
    assert types == ["account.opened", "member.registered"]
    first, second = (key(name).public_key.hex() for name in ("node of suzhou", "second node"))
    assert (await told(node))["suzhou"] == [first]
    own = ("--key", str(tmp_path / "suzhou.key"))
    both = ("--node-key", first, "--node-key", str(tmp_path / "second node.key"))
    changed = await run(node, "member", "keys", *both, *own)
    assert changed.code == 0, changed.err
    assert (await told(node))["suzhou"] == sorted([first, second])
    ready = await run(node, "committee", "ready", "--node-key", str(tmp_path / "second node.key"))
    assert (ready.code, ready.json["name"]) == (0, "suzhou")


@pytest.mark.asyncio
async def test_a_registration_goes_by_file_from_signer_to_signer(
    node: Served, tmp_path: Path
) -> None:
    file = str(tmp_path / "registration.json")
    made = await run(node, *registering(tmp_path), *keys(tmp_path, "m0"), "--out", file)
    assert made.code == 0, made.err
    for name in ("m1", "m2"):
        signed = inside("tx", "sign", file, "--key", str(tmp_path / f"{name}.key"), "--out", file)
        assert signed.code == 0, signed.err
    assert (await run(node, "tx", "submit", file)).code == 0
    assert "suzhou" in await told(node)


@pytest.mark.asyncio
async def test_nobody_needs_the_newcomers_key_file(node: Served, tmp_path: Path) -> None:
    public = key("suzhou").public_key.hex()
    words = ["member", "register", "suzhou", "--account-key", public]
    words += ["--node-key", key("node of suzhou").public_key.hex()]
    alone = await run(node, *words, *keys(tmp_path, "m0", "m1", "m2"))
    assert (alone.code, alone.error["code"]) == (2, "UsageWrong")
    assert "tx sign" in alone.err
    file = str(tmp_path / "registration.json")
    made = await run(node, *words, *keys(tmp_path, "m0", "m1", "m2"), "--out", file)
    assert made.code == 0, made.err
    own = str(tmp_path / "suzhou.key")
    assert inside("tx", "sign", file, "--key", own, "--out", file).code == 0
    assert (await run(node, "tx", "submit", file)).code == 0
    assert "suzhou" in await told(node)


@pytest.mark.asyncio
async def test_a_card_names_an_account_of_several_keys(node: Served, tmp_path: Path) -> None:
    holders = {key(name).public_key.hex(): 1 for name in ("suzhou", "second node")}
    policy = PolicyForm(threshold=2, keys=holders)
    card = tmp_path / "suzhou.card"
    card.write_text(card_text(make_card("suzhou", key("node of suzhou"), policy, None)))
    file = str(tmp_path / "registration.json")
    words = ["member", "register", "suzhou", "--account-key", str(card), "--out", file]
    words += ["--node-key", key("node of suzhou").public_key.hex()]
    made = await run(node, *words, *keys(tmp_path, "m0", "m1", "m2"))
    assert made.code == 0, made.err
    owner = policy.core().account_id()
    for name in ("suzhou", "second node"):
        own = str(tmp_path / f"{name} of all.key")
        write_key(Path(own), key(name).seed, account=owner)
        signed = inside("tx", "sign", file, "--key", own, "--out", file)
        assert signed.code == 0, signed.err
    assert (await run(node, "tx", "submit", file)).code == 0
    listed = await run(node, "member", "list")
    assert encode_account(owner) in {entry["account"] for entry in listed.json}


@pytest.mark.asyncio
async def test_too_few_members_and_wrong_keys_are_refused_before_anything_is_sent(
    node: Served, tmp_path: Path
) -> None:
    few = await run(node, *registering(tmp_path), *keys(tmp_path, "m0", "m1"))
    assert (few.code, few.error["code"]) == (2, "UsageWrong")
    assert "of these m0, m1 did" in few.error["message"]
    words = ("member", "keys", "--node-key", "zz", "--key", str(tmp_path / "m0.key"))
    wrong = await run(node, *words)
    assert (wrong.code, wrong.error["code"]) == (2, "FormRefused")
    nobody = await run(node, "member", "keys", "--node-key", "00" * 32, *keys(tmp_path, "suzhou"))
    assert (nobody.code, nobody.error["code"]) == (3, "OrganisationUnknown")
    assert node.service.ledger.tip.height == 1
