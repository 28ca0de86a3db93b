"""`hushang upgrade`: what governs is shown, a version is proposed and withdrawn by a quorum."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from chain.upgrades import PROTOCOL_VERSION, Upgrade
from node.clock import now_ms
from node.keystore import write_key
from tests.chain.world import key
from tests.commands import served_node
from tests.commands.command_line import Ran
from tests.node.api.service import Served, served

NEXT = PROTOCOL_VERSION + 1
MEMBERS = ("m0", "m1", "m2")


@pytest_asyncio.fixture
async def node(tmp_path: Path) -> AsyncIterator[Served]:
    """A node, and beside it the key files of three of its four members."""
    for name in MEMBERS:
        write_key(tmp_path / f"{name}.key", key(name).seed)
    async with served(hurried=True) as made:
        made.service.world.decide(time_ms=now_ms())
        yield made


async def run(node: Served, *words: str, form: str = "json") -> Ran:
    """One command line of the noun against the served node."""
    return await served_node.run(node, "upgrade", *words, form=form)


def signed_by(directory: Path, *names: str) -> list[str]:
    """--key and --cosign of these parties."""
    first, *others = (str(directory / f"{name}.key") for name in names)
    return ["--key", first, *(word for file in others for word in ("--cosign", file))]


@pytest.mark.asyncio
async def test_a_version_is_proposed_shown_and_withdrawn(node: Served, tmp_path: Path) -> None:
    quorum = signed_by(tmp_path, *MEMBERS)
    proposed = await run(node, "propose", str(NEXT), "--height", "500", "--force", *quorum)
    assert proposed.code == 0, proposed.err
    # One node was asked, and a committee has more.
    assert "not asked whether they speak that version: m1, m2, m3;" in proposed.err
    assert (proposed.json["version"], proposed.json["first_height"]) == (NEXT, 500)
    assert node.service.ledger.plan.planned == Upgrade(NEXT, 500)

    shown = (await run(node, "show")).json
    assert shown["protocol"]["version"] == 1
    assert shown["protocol"]["planned"] == {"version": NEXT, "height": 500}
    words = await run(node, "show", form="table")
    assert f"version {NEXT} governs from height 500 on" in words.err
    assert "stops before height 500: install newer software" in words.out.decode()

    assert (await run(node, "withdraw", *quorum)).code == 0
    assert (await run(node, "show")).json["protocol"]["planned"] is None


@pytest.mark.asyncio
async def test_whoever_proposes_is_told_which_nodes_would_stop(
    node: Served, tmp_path: Path
) -> None:
    quorum = signed_by(tmp_path, *MEMBERS)
    proposed = await run(node, "propose", str(NEXT), "--height", "500", *quorum)
    assert (proposed.code, proposed.error["code"]) == (7, "NodesBehind")
    assert "m0 would stop before that height" in proposed.error["message"]
    assert node.service.ledger.plan.planned is None


@pytest.mark.asyncio
async def test_too_few_signatures_too_little_notice_and_nothing_planned_are_refused(
    node: Served, tmp_path: Path
) -> None:
    few = await run(node, "propose", str(NEXT), "--force", *signed_by(tmp_path, "m0", "m1"))
    assert (few.code, few.error["code"]) == (2, "UsageWrong")
    quorum = signed_by(tmp_path, *MEMBERS)
    soon = await run(node, "propose", str(NEXT), "--after", "1", "--force", *quorum)
    assert (soon.code, soon.error["code"]) == (7, "UpgradeTooSoon")
    nothing = await run(node, "withdraw", *quorum)
    assert (nothing.code, nothing.error["code"]) == (2, "UsageWrong")
