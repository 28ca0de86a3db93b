"""Cases after the sale, read back over HTTP."""

import pytest

from chain.bech32m import encode_account
from tests.chain.world import account
from tests.node.api.aftersale_story import quarrel
from tests.node.api.market import trade
from tests.node.api.service import served

MERCHANT, BUYER = (encode_account(account(name)) for name in ("merchant", "buyer"))


@pytest.mark.asyncio
async def test_a_case_tells_what_is_asked_and_that_a_panel_has_it() -> None:
    async with served() as node:
        market = await trade(node.service)
        story = await quarrel(node.service, market)
        _, case = await node.get(f"/v1/cases/{story.case_id.hex()}")
        assert (case["state"], case["kind"], case["origin"]) == ("DISPUTED", "quality", "RELEASED")
        assert (case["buyer"], case["seller"]) == (BUYER, MERCHANT)
        line = {"line": 0, "quantity": 1, "worth_minor": "1025", "asked_minor": "1025"}
        assert case["lines"] == [line | {"offered_minor": None}]
        # One object, one deadline: the dispute's clock is the case's.
        assert case["deadline"]["object_id"] == story.case_id.hex()
        _, order = await node.get(f"/v1/orders/{market.order_id.hex()}")
        assert order["cases"] == [case]


@pytest.mark.asyncio
async def test_cases_are_found_by_either_party_and_filtered() -> None:
    async with served() as node:
        story = await quarrel(node.service, await trade(node.service))
        for who, part, other in ((BUYER, "buyer", "seller"), (MERCHANT, "seller", "buyer")):
            _, told = await node.get(f"/v1/cases?account={who}")
            assert told == (await node.get(f"/v1/accounts/{who}/cases"))[1]
            assert [entry["case_id"] for entry in told["cases"]] == [story.case_id.hex()]
            path = f"/v1/cases?account={who}&open=true"
            for query, found in (
                (f"part={part}", 1),
                (f"part={other}", 0),
                ("state=DISPUTED", 1),
                ("state=REJECTED", 0),
            ):
                assert len((await node.get(f"{path}&{query}"))[1]["cases"]) == found, query


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        (f"/v1/cases/{'00' * 32}", 404, "CaseUnknown"),
        ("/v1/cases", 400, "ParameterInvalid"),
        (f"/v1/cases?account={BUYER}&state=LOST", 400, "ParameterInvalid"),
        (f"/v1/cases?account={BUYER}&part=payer", 400, "ParameterInvalid"),
    ],
)
@pytest.mark.asyncio
async def test_unknown_cases_are_404_and_unknown_words_400(
    path: str, status: int, code: str
) -> None:
    async with served() as node:
        answer, told = await node.get(path)
        assert (answer, told["code"]) == (status, code)
