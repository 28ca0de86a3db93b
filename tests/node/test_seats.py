"""Seats that are ready, and the change that takes them, made by what a node tells."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

import pytest

from chain.bech32m import encode_account
from chain.crypto import PrivateKey
from commerce.members import MemberUpdate
from commerce.registry import operation
from node.client import NodeClient
from node.seats import (
    ChangeUnderWay,
    NotGoverning,
    NothingDecided,
    OrganisationUnknown,
    ReadySeat,
    SeatFileInvalid,
    SeatForAnotherEpoch,
    find_organisation,
    from_text,
    make_change,
    make_ready,
    to_text,
    wait_until_governs,
)
from tests.chain.world import account, key
from tests.node.api.committee_story import NEW, grow, registration
from tests.node.api.service import Served, served

T = TypeVar("T")
NEW_KEY = key(f"node of {NEW}")


async def ask(node: Served, function: Callable[[NodeClient], T]) -> T:
    """Let a client in a thread ask the served node."""
    return await asyncio.to_thread(function, NodeClient([f"http://127.0.0.1:{node.port}"]))


async def ready(node: Served, with_: PrivateKey = NEW_KEY, name: str | None = None) -> ReadySeat:
    genesis = node.service.chain.genesis
    return await ask(node, lambda client: make_ready(client, genesis, with_, name))


async def change_of(node: Served, **lists: Any) -> Any:
    genesis_hash = node.service.chain.genesis_hash
    return (await ask(node, lambda client: make_change(client, genesis_hash, **lists)))[0]


def submit_and_govern(node: Served, change: Any) -> None:
    """Decide a change and the block that puts it into a header."""
    world = node.service.world
    committee = world.ledger.chain.committee
    names = [member.name for member in committee.members[1 : committee.quorum]]
    executed = world.execute(world.signed("m0", operation("committee.change", change), with_=names))
    assert [receipt.status for receipt in executed.result.receipts] == ["ok"]
    world.ledger.write(executed, world.certify(executed.header))
    world.decide()


@pytest.mark.asyncio
async def test_a_ready_seat_becomes_a_change_that_the_chain_takes() -> None:
    async with served() as node:
        node.service.world.decide(registration(node.service.world))
        made = await ready(node)
        assert (made.name, made.epoch, made.seat.ready_height) == (NEW, 1, 1)
        submit_and_govern(node, await change_of(node, add=[from_text(to_text(made), "seat")]))
        names = [member.name for member in node.service.chain.committee.members]
        assert names == ["m0", "m1", "m2", "m3", NEW]
        submit_and_govern(node, await change_of(node, remove=["m1"]))
        names = [member.name for member in node.service.chain.committee.members]
        assert names == ["m0", "m2", "m3", NEW]
        governing = await ask(node, lambda client: wait_until_governs(client, 2, 1.0))
        assert governing["epoch"] == 2


@pytest.mark.asyncio
async def test_a_key_is_replaced_once_its_organisation_has_registered_the_new_one() -> None:
    async with served() as node:
        world, fresh = node.service.world, key("a fresh key of m2")
        world.decide()
        with pytest.raises(OrganisationUnknown, match="no member m2 has registered the node key"):
            await ready(node, fresh, "m2")
        keys = tuple(sorted([fresh.public_key, key("node of m2").public_key]))
        world.decide(world.signed("m2", operation("member.update", MemberUpdate(keys, None))))
        seat = await ready(node, fresh, "m2")
        submit_and_govern(node, await change_of(node, replace=[seat]))
        assert world.ledger.chain.committee.members[2].node_key == fresh.public_key


@pytest.mark.asyncio
async def test_lists_of_a_change_ascend_by_account_and_names_are_those_of_seats() -> None:
    async with served() as node:
        node.service.world.decide()
        change = await change_of(node, remove=["m3", "m1", "m2"])
        assert change.remove == tuple(sorted(account(name) for name in ("m1", "m2", "m3")))
        with pytest.raises(OrganisationUnknown, match="no seat in the committee of m0, m1, m2, m3"):
            await change_of(node, remove=["m9"])


@pytest.mark.asyncio
async def test_while_a_change_is_pending_nobody_is_made_ready_and_none_is_made() -> None:
    async with served() as node:
        grow(node.service.world)
        for action in (ready(node), change_of(node, remove=["m1"])):
            with pytest.raises(ChangeUnderWay, match="epoch 1 begins at height 4"):
                await action
        with pytest.raises(NotGoverning):
            await ask(node, lambda client: wait_until_governs(client, 1, 0.0))


@pytest.mark.asyncio
async def test_a_seat_of_another_epoch_or_chain_is_refused_before_it_is_sent() -> None:
    async with served() as node:
        node.service.world.decide(registration(node.service.world))
        made = await ready(node)
        for wrong in (replace(made, epoch=2), replace(made, genesis_hash=bytes(32))):
            with pytest.raises(SeatForAnotherEpoch, match="the next is 1"):
                await change_of(node, add=[wrong])


@pytest.mark.asyncio
async def test_there_must_be_a_block_to_be_ready_for() -> None:
    async with served() as node:
        with pytest.raises(NothingDecided):
            await ready(node, key("node of m0"))


@pytest.mark.asyncio
async def test_an_organisation_is_found_by_name_account_or_key() -> None:
    async with served() as node:
        node_key = key("node of m1").public_key
        asked: tuple[dict[str, Any], ...] = (
            {"node_key": node_key},
            {"name": "m1"},
            {"name": "m1", "node_key": node_key},
            {"name": encode_account(account("m1"))},
        )
        for given in asked:
            found = await ask(node, partial(find_organisation, **given))
            assert found["organisation"] == "m1"
        with pytest.raises(OrganisationUnknown, match="no member mm1; did you mean m"):
            await ask(node, partial(find_organisation, name="mm1"))


@pytest.mark.asyncio
async def test_a_seat_file_whose_words_were_changed_is_refused() -> None:
    async with served() as node:
        node.service.world.decide(registration(node.service.world))
        text = to_text(await ready(node))
        record = json.loads(text)
        assert set(record["seat"]) >= {"account", "node_key", "ready_height", "ready_signature"}
        for path, value in (
            (("epoch",), 2),
            (("genesis_hash",), "00" * 32),
            (("seat", "ready_height"), 2),
            (("seat", "ready_digest"), "00" * 32),
            (("seat", "node_key"), key("other").public_key.hex()),
        ):
            changed = json.loads(text)
            place = changed
            for name in path[:-1]:
                place = place[name]
            place[path[-1]] = value
            with pytest.raises(SeatFileInvalid, match="not signed by its node key"):
                from_text(json.dumps(changed), "seat.json")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "seat.json: line 1"),
        ("[]", "no seat file"),
        ('{"format": "hushang-seat", "version": 2}', "version 2 is not 1"),
        ('{"format": "hushang-seat", "version": 1, "epcoh": 1}', "did you mean epoch"),
        ('{"format": "hushang-seat", "version": 1, "name": "x"}', "epoch: expected int"),
    ],
)
def test_what_is_no_seat_file_is_refused(text: str, told: str) -> None:
    with pytest.raises(SeatFileInvalid, match=told):
        from_text(text, "seat.json")
