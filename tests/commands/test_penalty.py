"""Who may contest a penalty is told before anything is sent."""

from typing import cast

import pytest

from chain.bech32m import encode_account
from commerce.errors import NotAParty
from node.commands.penalty import require_charged
from node.commands.session import Session
from tests.chain.world import account

CARRIER, SELLER = encode_account(account("carrier")), encode_account(account("merchant"))


class Signed:
    """A session of somebody's."""

    def __init__(self, name: str) -> None:
        self.signer = self
        self.account = account(name)

    def name_of(self, told: str) -> str:
        return {CARRIER: "carrier", SELLER: "merchant"}[told]


@pytest.mark.parametrize(("custodian", "charged"), [(CARRIER, "carrier"), (None, "merchant")])
def test_only_who_is_charged_contests_and_others_are_told_who_that_is(
    custodian: str | None, charged: str
) -> None:
    penalty = {"custodian": custodian, "seller": SELLER}
    require_charged(cast("Session", Signed(charged)), penalty)
    for name in {"buyer", "carrier", "merchant"} - {charged}:
        with pytest.raises(NotAParty, match=f"^{charged} is charged"):
            require_charged(cast("Session", Signed(name)), penalty)
