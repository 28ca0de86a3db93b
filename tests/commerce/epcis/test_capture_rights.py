"""Who may state what about which goods, and when: facts and claims."""

from dataclasses import replace

from chain.context import Context
from chain.state import Overlay
from commerce.custody import SLACK_MS, Hands
from commerce.epcis.capture import may_state
from commerce.epcis.document import read_document
from commerce.epcis.identifiers import identity
from commerce.epcis.summary import summarise
from commerce.epcis.times import Instant, utc_text
from commerce.goods.things import hand_over
from commerce.rights import GcpGrant
from tests.commerce.epcis.statements import blending, data, document, harvest, packing, serial
from tests.commerce.epcis.test_capture import RIVALS, captured, require_proven, rivals, steps
from tests.commerce.world import World, account


def test_a_carrier_states_what_it_did_with_goods_while_it_has_them() -> None:
    at = World()
    captured(at, "merchant", harvest())
    packed = packing(parentID="urn:uuid:9", childEPCs=[serial(1)])
    context = Context(Overlay(at.state), at.chain, at.height + 1, at.time_ms)
    summary = replace(
        summarise(read_document(data(document(packed))).events[0]),
        parent=None,
        time_ms=at.time_ms,
    )
    assert not may_state(Hands(context.state, account("carrier")), summary)
    things = [identity(serial(1))]
    hand_over(context, account("merchant"), things, possessor=account("carrier"))
    assert may_state(Hands(context.state, account("carrier")), summary)
    # The merchant's prefix alone links no more what another has, but may say what it sees.
    assert not may_state(Hands(context.state, account("merchant")), summary)
    seen = replace(summary, type="ObjectEvent", action="OBSERVE")
    assert may_state(Hands(context.state, account("merchant")), seen)
    shipped = replace(seen, biz_step="shipping")
    assert may_state(Hands(context.state, account("merchant")), shipped)
    late = replace(shipped, time_ms=at.time_ms + SLACK_MS + 1)
    assert not may_state(Hands(context.state, account("merchant")), late)
    # Goods are scanned in the hall before they are accepted on the chain, but not used before.
    for early, by_seeing, by_linking in ((1, True, False), (SLACK_MS + 1, False, False)):
        carrier = Hands(context.state, account("carrier"))
        time_ms = at.time_ms - early
        assert may_state(carrier, replace(seen, time_ms=time_ms)) == by_seeing
        assert may_state(carrier, replace(summary, time_ms=time_ms)) == by_linking


def test_what_is_dated_after_its_block_is_a_claim() -> None:
    at = World()
    drift_ms = at.genesis.consensus.clock_drift_max_ms
    for ahead_ms, is_claim in ((drift_ms, False), (drift_ms + 1, True)):
        moment = utc_text(Instant(*_parts(at.time_ms + ahead_ms)))
        (reported,) = captured(at, "merchant", harvest(eventTime=moment))
        assert reported.data["claim"] == is_claim
    assert steps(at, serial(1)) == 1


def _parts(time_ms: int) -> tuple[int, str]:
    second, rest = divmod(time_ms, 1000)
    return second, f"{rest:03}".rstrip("0")


def test_a_claim_that_is_captured_again_with_the_right_counts_from_then_on() -> None:
    at = World()
    made = harvest(epcList=[RIVALS])
    (early,), (again,) = (captured(at, "rival", made) for _ in range(2))
    assert [(told.data["claim"], told.data["known"]) for told in (early, again)] == [
        (True, False),
        (True, True),
    ]
    at.done(
        "regulator", ("gcp.grant", GcpGrant("4012345", account("rival"), None)), with_=("rival",)
    )
    before = at.height
    (fact,) = captured(at, "rival", made)
    assert (fact.data["claim"], fact.data["known"]) == (False, False)
    assert fact.data["event_key"] == early.data["event_key"]
    assert (steps(at, RIVALS, before), steps(at, RIVALS)) == (0, 1)
    (known,) = captured(at, "rival", made)
    assert (known.data["claim"], known.data["known"]) == (False, True)
    # Nothing of the claim is left in the index.
    require_proven(at)


def test_nobody_says_what_a_pallet_was_filled_with_while_others_have_it() -> None:
    at = rivals()
    pallet = "urn:epc:id:grai:4012345.00001.17"
    filled = blending(inputEPCList=[RIVALS], inputQuantityList=[], outputEPCList=[pallet])
    context = Context(Overlay(at.state), at.chain, at.height + 1, at.time_ms)
    summary = summarise(read_document(data(document(filled))).events[0])
    assert may_state(Hands(context.state, account("rival")), summary)
    things = [identity(pallet)]
    hand_over(context, account("rival"), things, possessor=account("merchant"))
    assert not may_state(Hands(context.state, account("rival")), summary)
    # What it has sold it may still say how it was made.
    late = harvest(epcList=[RIVALS])
    summary = summarise(read_document(data(document(late))).events[0])
    hand_over(context, account("rival"), [identity(RIVALS)], possessor=account("merchant"))
    assert may_state(Hands(context.state, account("rival")), summary)
