"""GET /v1/committee: now, pending, and each epoch with what proves it to a light client."""

import pytest

from chain.bech32m import encode_account
from chain.block import Certificate, Header, check_certificate
from chain.codec import decode
from chain.committee import Committee
from chain.crypto import verify
from tests.chain.world import account, key
from tests.node.api.committee_story import NEW, change, grow, registration
from tests.node.api.service import served


@pytest.mark.asyncio
async def test_the_committee_tells_how_many_must_agree() -> None:
    async with served() as node:
        _, told = await node.get("/v1/committee")
        assert (told["n"], told["f"], told["quorum"]) == (4, 1, 3)
        assert (told["epoch"], told["first_height"], told["pending"]) == (0, 0, None)
        assert [member["index"] for member in told["members"]] == [0, 1, 2, 3]
        assert {member["suspended"] for member in told["members"]} == {False}
        raw = decode(Committee, bytes.fromhex(told["raw"]))
        assert raw == node.service.chain.genesis.committee()


@pytest.mark.asyncio
async def test_a_change_is_pending_until_it_governs() -> None:
    async with served() as node:
        grow(node.service.world)
        _, told = await node.get("/v1/committee")
        assert (told["epoch"], told["n"]) == (0, 4)
        pending = told["pending"]
        assert (pending["epoch"], pending["n"], pending["first_height"]) == (1, 5, 4)
        assert pending["members"][4]["name"] == NEW
        _, epoch = await node.get("/v1/committee/1")
        assert epoch == {"committee": pending, "header": None}
        await node.service.decide()
        _, told = await node.get("/v1/committee")
        assert (told["epoch"], told["pending"]) == (1, None)
        assert {**told, "pending": 0} == {**pending, "pending": 0}


@pytest.mark.asyncio
async def test_a_light_client_follows_the_committees_from_the_genesis() -> None:
    async with served() as node:
        world = node.service.world
        grow(world)
        await node.service.decide()
        world.decide(change(world, remove=(account("m3"),)))
        await node.service.decide()
        committee = world.genesis.committee()
        for number in (1, 2):
            _, told = await node.get(f"/v1/committee/{number}")
            header = decode(Header, bytes.fromhex(told["header"]["raw_header"]))
            certificate = decode(Certificate, bytes.fromhex(told["header"]["raw_certificate"]))
            assert (header.digest(), header.epoch) == (certificate.digest, committee.epoch)
            check_certificate(certificate, committee, world.genesis.hash(), verify)
            committee = decode(Committee, bytes.fromhex(told["committee"]["raw"]))
            assert committee.hash() == header.next_committee_hash
            assert told["committee"]["first_height"] == header.height + 1
        assert [member.name for member in committee.members] == ["m0", "m1", "m2", NEW]


@pytest.mark.asyncio
async def test_certificates_name_the_members_of_their_own_heights_committee() -> None:
    async with served() as node:
        world = node.service.world
        grow(world)
        await node.service.decide()
        world.decide(change(world, remove=(account("m0"),)))
        await node.service.decide()
        await node.service.decide()
        heights = range(1, world.ledger.tip.height + 1)
        signers = {}
        for height in heights:
            _, told = await node.get(f"/v1/blocks/{height}")
            signers[height] = [entry["name"] for entry in told["certificate"]["signatures"]]
            assert (
                told["certificate"] == (await node.get(f"/v1/headers/{height}"))[1]["certificate"]
            )
        assert signers[3] == ["m0", "m1", "m2"]
        assert signers[4] == ["m0", "m1", "m2", "m3"]
        assert signers[6] == ["m1", "m2", "m3"]


@pytest.mark.asyncio
async def test_an_epoch_that_does_not_exist_is_404() -> None:
    async with served() as node:
        assert (await node.get("/v1/committee/0"))[1]["header"] is None
        for epoch in (1, 2**53 - 1):
            status, told = await node.get(f"/v1/committee/{epoch}")
            assert (status, told["code"], told["where"]) == (404, "ObjectNotFound", "path.epoch")
        assert (await node.get("/v1/committee/latest"))[0] == 400


@pytest.mark.asyncio
async def test_member_organisations_are_told_with_their_node_keys_and_seats() -> None:
    async with served() as node:
        world = node.service.world
        world.decide(registration(world))
        _, told = await node.get("/v1/members")
        seats = {entry["organisation"]: entry["seat_key"] for entry in told["members"]}
        assert sorted(seats) == ["m0", "m1", "m2", "m3", NEW]
        assert seats["m0"] == key("node of m0").public_key.hex()
        assert seats[NEW] is None
        new = next(entry for entry in told["members"] if entry["organisation"] == NEW)
        assert new["node_keys"] == [key(f"node of {NEW}").public_key.hex()]
        assert new["account"] == encode_account(account(NEW))
        assert (await node.get("/v1/evidence/recorded"))[1] == {"recorded": []}
