"""A short run of schemathesis: the API is what its OpenAPI document says.

Longer: `python -m tests.hostile.contract --examples 200`.
"""

import re

import pytest

from node.api.routes import ROUTES
from tests.hostile.contract import hold_own

EXAMPLES = 2
SEED = 3
# Routes that stream, and are left out.
STREAMS_COUNT = 3


@pytest.mark.asyncio
async def test_every_operation_answers_as_the_document_says() -> None:
    code, told = await hold_own(EXAMPLES, SEED, "fuzzing")
    assert code == 0, told[-6_000:]
    selected, tested = (re.search(rf"{word}: +(\d+)", told) for word in ("Selected", "Tested"))
    assert selected is not None, told[-3_000:]
    assert tested is not None, told[-3_000:]
    assert tested[1] == selected[1]
    assert int(tested[1]) >= len(ROUTES) - STREAMS_COUNT
