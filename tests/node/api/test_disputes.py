"""Disputes and arbiters, read back over HTTP; what waits for an arbiter's vote, from records."""

import pytest

from chain.bech32m import encode_account
from commerce.disputes.views import turn_of
from commerce.indexes import ARBITER_SEAT
from tests.chain.world import account
from tests.commerce.disputes.court import Court
from tests.commerce.world import account as party
from tests.node.api.aftersale_story import BOND_MINOR, quarrel, stood_behind
from tests.node.api.market import trade
from tests.node.api.service import served

MERCHANT, BUYER, CARRIER = (
    encode_account(account(name)) for name in ("merchant", "buyer", "carrier")
)


@pytest.mark.asyncio
async def test_a_dispute_is_found_under_the_id_of_its_case_or_claim_and_by_its_parties() -> None:
    async with served() as node:
        story = await quarrel(node.service, await trade(node.service))
        _, dispute = await node.get(f"/v1/disputes/{story.case_id.hex()}")
        assert (dispute["subject"]["kind"], dispute["phase"]) == ("case", "DRAWING")
        assert dispute["opener"] == BUYER
        for who in (BUYER, MERCHANT):
            _, told = await node.get(f"/v1/disputes?account={who}&waiting")
            assert told == (await node.get(f"/v1/accounts/{who}/disputes"))[1]
            found = [(entry["dispute_id"], entry["kind"]) for entry in told["disputes"]]
            # Newest first.
            assert found == [(story.claim_id.hex(), "claim"), (story.case_id.hex(), "case")]
        _, told = await node.get(f"/v1/disputes?arbiter={CARRIER}")
        assert told == {"disputes": [], "next": None}


@pytest.mark.asyncio
async def test_arbiters_are_listed_with_their_bonds() -> None:
    async with served() as node:
        await stood_behind(node.service)
        _, told = await node.get("/v1/arbiters?limit=1")
        assert [(entry["account"], entry["bond_minor"]) for entry in told["arbiters"]] == [
            (CARRIER, str(BOND_MINOR))
        ]
        assert told["next"] is None
        assert (await node.get(f"/v1/arbiters/{CARRIER}"))[1] == told["arbiters"][0]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        (f"/v1/disputes/{'00' * 32}", 404, "DisputeUnknown"),
        (f"/v1/arbiters/{BUYER}", 404, "ArbiterUnknown"),
        ("/v1/disputes", 400, "ParameterInvalid"),
        (f"/v1/disputes?account={BUYER}&arbiter={CARRIER}", 400, "ParameterInvalid"),
    ],
)
@pytest.mark.asyncio
async def test_what_is_not_there_is_404_and_half_a_question_400(
    path: str, status: int, code: str
) -> None:
    async with served() as node:
        answer, told = await node.get(path)
        assert (answer, told["code"]) == (status, code)


def seats(court: Court) -> set[bytes]:
    return {key for key in court.indexes if key.startswith(ARBITER_SEAT)}


def test_a_seat_is_found_while_it_lasts_and_its_turn_is_told() -> None:
    court = Court()
    dispute_id = court.seated()
    first, second, third = court.panel(dispute_id)
    expected = {ARBITER_SEAT + party(name) + dispute_id for name in (first, second, third)}
    assert seats(court) == expected
    assert turns(court, dispute_id) == {first: None, second: None, third: None}
    court.heard(dispute_id)
    court.commit(dispute_id, first, 500)
    assert turns(court, dispute_id) == {first: None, second: COMMIT, third: COMMIT}
    court.pass_phase(dispute_id)
    # Who didn't commit has nothing to reveal.
    assert turns(court, dispute_id) == {first: REVEAL, second: None, third: None}
    court.settle(dispute_id, 500)
    assert seats(court) == set()


COMMIT, REVEAL = "dispute.commit", "dispute.reveal"


def turns(court: Court, dispute_id: bytes) -> dict[str, str | None]:
    dispute = court.dispute(dispute_id)
    return {name: turn_of(dispute, party(name)) for name in court.panel(dispute_id)}
