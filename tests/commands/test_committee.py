"""`hushang committee`: looked at, made ready for, changed by a quorum's signatures."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from chain.stored_chain import Tip
from node.clock import now_ms
from node.keystore import write_key
from tests.chain.world import account, key
from tests.commands.command_line import Ran, inside
from tests.commands.served_node import run
from tests.node.api.committee_story import NEW, grow, registration
from tests.node.api.service import Served, served


@pytest_asyncio.fixture
async def node(tmp_path: Path) -> AsyncIterator[Served]:
    """A node, and beside it the key files of m0 … m3 and of a new member's node."""
    for name in ("m0", "m1", "m2", "m3"):
        write_key(tmp_path / f"{name}.key", key(name).seed)
    write_key(tmp_path / "node.key", key(f"node of {NEW}").seed)
    async with served(hurried=True) as made:
        made.service.world.decide(registration(made.service.world))
        made.service.world.decide(time_ms=now_ms())
        yield made


async def governed(node: Served, *words: str) -> Ran:
    """As `run`, and a block that makes a change pending is followed by the next at once."""
    service = node.service
    decide = service.decide

    async def decide_and_seal() -> Tip:
        tip = await decide()
        return tip if service.ledger.next_committee is None else await decide()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(service, "decide", decide_and_seal)
        return await run(node, *words)


async def seat_file(node: Served, directory: Path) -> str:
    """The new node's seat."""
    file = directory / "seat.json"
    made = await run(node, "committee", "ready", "--node-key", str(directory / "node.key"))
    assert made.code == 0, made.err
    assert made.json["name"] == NEW
    file.write_bytes(made.out)
    return str(file)


def keys(directory: Path, *names: str) -> list[str]:
    """--key and --cosign of these parties."""
    files = [str(directory / f"{name}.key") for name in names]
    return ["--key", files[0], *(word for file in files[1:] for word in ("--cosign", file))]


@pytest.mark.asyncio
async def test_a_member_is_made_ready_added_and_removed_again(node: Served, tmp_path: Path) -> None:
    seat = await seat_file(node, tmp_path)
    signers = keys(tmp_path, "m0", "m1", "m2")
    added = await governed(node, "committee", "change", "--add", seat, *signers)
    assert added.code == 0, added.err
    assert (added.json["epoch"], added.json["first_height"]) == (1, 5)
    assert f"epoch 1 governs: m0, m1, m2, m3, {NEW}" in added.err
    shown = (await run(node, "committee", "show")).json
    assert (shown["epoch"], shown["n"], shown["quorum"]) == (1, 5, 4)
    # Of five members four must sign, and one of them isn't enough to replace another.
    words = ("committee", "change", "--remove", NEW)
    short = await run(node, *words, *signers)
    assert (short.code, short.error["code"]) == (2, "UsageWrong")
    assert "4 of m0, m1, m2, m3, suzhou must sign" in short.error["message"]
    removed = await governed(node, *words, *keys(tmp_path, "m0", "m1", "m2", "m3"))
    assert removed.code == 0, removed.err
    assert (await run(node, "committee", "show")).json["n"] == 4


@pytest.mark.asyncio
async def test_a_change_goes_by_file_from_signer_to_signer(node: Served, tmp_path: Path) -> None:
    seat, file = await seat_file(node, tmp_path), str(tmp_path / "change.json")
    words = ("committee", "change", "--add", seat, "--out", file)
    made = await run(node, *words, *keys(tmp_path, "m0"))
    assert made.code == 0, made.err
    for name in ("m1", "m2"):
        signed = inside("tx", "sign", file, "--key", str(tmp_path / f"{name}.key"), "--out", file)
        assert signed.code == 0, signed.err
    sent = await run(node, "tx", "submit", file)
    assert sent.code == 0, sent.err
    assert [event["type"] for event in sent.json["events"]] == ["committee.changed"]


@pytest.mark.asyncio
async def test_a_table_shows_the_committee_and_what_is_pending(node: Served) -> None:
    url = ("--node", f"http://127.0.0.1:{node.port}")
    grow_pending = await asyncio.to_thread(inside, "committee", "show", *url)
    assert "epoch 0 from height 0: 4 members, 3 make a quorum, 1 may be faulty" in grow_pending.err
    assert grow_pending.out.decode().count("hs1") == 4
    listed = await asyncio.to_thread(inside, "member", "list", *url)
    assert NEW in listed.out.decode()


@pytest.mark.asyncio
async def test_what_makes_no_sense_is_refused_with_what_to_do(node: Served, tmp_path: Path) -> None:
    signers = keys(tmp_path, "m0", "m1", "m2")
    nothing = await run(node, "committee", "change", *signers)
    assert (nothing.code, nothing.error["code"]) == (2, "UsageWrong")
    nobody = await run(node, "committee", "change", "--remove", "m9", *signers)
    assert (nobody.code, nobody.error["code"]) == (3, "OrganisationUnknown")
    unregistered = await run(node, "committee", "ready", "--node-key", str(tmp_path / "m0.key"))
    assert (unregistered.code, unregistered.error["code"]) == (3, "OrganisationUnknown")
    assert "hushang member keys" in unregistered.error["hint"]
    keyless = await run(node, "committee", "change", "--remove", "m3")
    assert (keyless.code, keyless.error["code"]) == (4, "KeyMissing")
    garbage = await run(node, "committee", "change", "--add", str(tmp_path / "m0.key"), *signers)
    assert (garbage.code, garbage.error["code"]) == (2, "SeatFileInvalid")
    seat = await seat_file(node, tmp_path)
    assert (await governed(node, "committee", "change", "--add", seat, *signers)).code == 0
    stale = await run(node, "committee", "change", "--add", seat, *keys(tmp_path, "m0", "m1"))
    assert (stale.code, stale.error["code"]) == (7, "SeatForAnotherEpoch")
    assert account("m0") in {member.account for member in node.service.chain.committee.members}


@pytest.mark.asyncio
async def test_while_a_change_is_pending_another_is_refused(tmp_path: Path) -> None:
    write_key(tmp_path / "m0.key", key("m0").seed)
    async with served(hurried=True) as node:
        grow(node.service.world)
        ran = await run(node, "committee", "change", "--remove", "m3", *keys(tmp_path, "m0"))
        assert (ran.code, ran.error["code"]) == (7, "ChangeUnderWay")
        shown = await asyncio.to_thread(
            inside, "committee", "show", "--node", f"http://127.0.0.1:{node.port}"
        )
        assert "decided, from height 4 on:" in shown.err
