"""A member that only costs others work, for a moment.

Longer: `python -m tests.hostile.insider`.
"""

from collections.abc import Callable
from pathlib import Path

from tests.hostile import insider

KINDS = (
    *("256 blocks", "a proposal, by height", "a block that nobody asked for"),
    *("10,000 bodies, repeated signers", "a vote, rightly signed"),
)


def test_a_members_own_key_buys_no_work_beyond_what_its_bytes_pay(
    tmp_path: Path, tell: Callable[[str], None]
) -> None:
    costs, broken = insider.run(tmp_path, 0.2, KINDS)
    for cost in costs:
        tell(cost.line())
    assert not broken, "\n".join(broken)
    assert {cost.kind for cost in costs} == set(KINDS)
    assert all(cost.messages and cost.cpu_s for cost in costs)
    asked = {cost.kind: cost for cost in costs}
    assert asked["256 blocks"].answered > asked["256 blocks"].sent
    unasked = asked["a block that nobody asked for"]
    assert unasked.answered < unasked.sent / 10
