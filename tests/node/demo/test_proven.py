"""What the demo calls proven: only what the genesis proves, and only about that very outcome."""

import pytest

from chain.stored_chain import ReceiptPlace
from node.client import Outcome
from node.demo.proven import OutcomeUnproven, checked
from node.proofs import make_bundle, receipt_claims
from tests.chain.world import World
from tests.node.parts import issue


def test_a_proof_is_that_of_the_very_outcome_or_none() -> None:
    world = World()
    sent = issue(world)
    world.decide(sent)
    world.decide()
    data = make_bundle(world.ledger, [receipt_claims(world.ledger, ReceiptPlace(1, 0))])
    told = Outcome(sent.id.hex(), {"status": "ok", "height": 1})
    assert len(checked(data, world.genesis, told).headers[-1].signers) == 3
    for other in (
        Outcome("00" * 32, {"status": "ok", "height": 1}),
        Outcome(sent.id.hex(), {"status": "FundsMissing", "height": 1}),
        Outcome(sent.id.hex(), {"status": "ok", "height": 2}),
    ):
        with pytest.raises(OutcomeUnproven, match="it is about"):
            checked(data, world.genesis, other)
    with pytest.raises(OutcomeUnproven, match="BundleDamaged"):
        checked(data[:-1], world.genesis, told)
