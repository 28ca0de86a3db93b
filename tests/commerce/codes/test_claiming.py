"""Claims: who committed first becomes the owner, whatever a primary or a stranger does."""

# ruff: noqa: E501 (the rule table is aligned)

from collections.abc import Sequence

from chain.block import OK
from commerce.banking.parameter_change import ParameterChange
from commerce.codes.batching import CodeDecommission
from commerce.codes.claiming import COMMITS_MAX, ClaimCommit, waiting_commits
from commerce.codes.serials import link_of
from commerce.goods.things import owner_of, possessor_of
from commerce.parameters import TimerValue
from commerce.registry import operation
from commerce.shipments import ShipmentCreate, ShippedLine
from commerce.timers import HOUR_MS
from tests.commerce.attempts import Attempt, Row, Wait, play
from tests.commerce.codes.atelier import Atelier, commitment, hidden, reveal, serial_of
from tests.commerce.shop import TEA
from tests.commerce.world import DAY_MS, MINUTE_MS, QUORUM, Sent, World, account

COMMIT, REVEAL = "code.claim_commit", "code.claim_reveal"
WINDOW_MS = 10 * MINUTE_MS
NOWHERE = bytes(32)


def claiming(atelier: Atelier) -> list[Row]:
    """The buyer commits before the friend; code 1 is dead, code 9 of another batch too."""
    atelier.done("merchant", ("code.decommission", CodeDecommission(atelier.batch_id, 1, 1)))
    wrong, elsewhere = hidden(5), atelier.another_batch()
    third, ninth = atelier.member(3), atelier.member(9, elsewhere)
    # fmt: off
    return [
        #       sender    type    payload                                   with outcome
        Attempt("buyer",  REVEAL, reveal("buyer"),                           (), "CommitUnknown"),
        Attempt("buyer",  COMMIT, commitment("buyer"),                       (), "ok"),
        Attempt("buyer",  COMMIT, commitment("buyer"),                       (), "CommitExists"),
        Attempt("friend", COMMIT, commitment("friend"),                      (), "ok"),
        Attempt("friend", REVEAL, reveal("buyer"),                           (), "CommitUnknown"),
        Attempt("buyer",  COMMIT, commitment("buyer", serial="-"),           (), "ok"),
        Attempt("buyer",  REVEAL, reveal("buyer", serial="-", member=third), (), "SerialMalformed"),
        Attempt("buyer",  COMMIT, commitment("buyer", serial="none"),        (), "ok"),
        Attempt("buyer",  REVEAL, reveal("buyer", serial="none"),            (), "CodeUnknown"),
        Attempt("buyer",  REVEAL, reveal("buyer", member=atelier.member(0, NOWHERE)), (), "CodeBatchUnknown"),
        Attempt("buyer",  REVEAL, reveal("buyer", member=third),             (), "LeafInvalid"),
        Attempt("buyer",  COMMIT, commitment("buyer", 9),                    (), "ok"),
        Attempt("buyer",  REVEAL, reveal("buyer", 9, member=ninth),          (), "SerialElsewhere"),
        Attempt("buyer",  COMMIT, commitment("buyer", 1),                    (), "ok"),
        Attempt("buyer",  REVEAL, reveal("buyer", 1),                        (), "CodeDead"),
        Attempt("buyer",  COMMIT, commitment("buyer", code=wrong),           (), "ok"),
        Attempt("buyer",  REVEAL, reveal("buyer", code=wrong),               (), "ClaimCodeWrong"),
        Attempt("buyer",  REVEAL, reveal("buyer", member=atelier.member(0)), (), "ok"),
        Attempt("buyer",  REVEAL, reveal("buyer"),                           (), "CommitUnknown"),
        Attempt("friend", REVEAL, reveal("friend"),                          (), "EarlierCommit"),
        Attempt("friend", COMMIT, commitment("friend", 2),                   (), "ok"),
        Wait(WINDOW_MS),
        Attempt("friend", REVEAL, reveal("friend", 2),                       (), "CommitExpired"),
        Attempt("friend", REVEAL, reveal("friend"),                          (), "CodeClaimed"),
    ]
    # fmt: on


def test_a_claim_is_committed_to_and_then_revealed() -> None:
    atelier = Atelier()
    play(atelier, claiming(atelier))


# A code of a batch of which nothing is active.
def unborn(atelier: Atelier) -> list[Row]:
    """The batch is made, its goods are not in circulation."""
    member = atelier.member(0)
    return [
        Attempt("buyer", COMMIT, commitment("buyer"), (), "ok"),
        Attempt("buyer", REVEAL, reveal("buyer", member=member), (), "CodeInactive"),
    ]


def test_nobody_claims_what_is_not_in_circulation() -> None:
    atelier = Atelier(shown=False)
    play(atelier, unborn(atelier))


# Sixteen that wait, and one more; what they are for nobody can tell.
FULL: Sequence[Row] = (
    *(Attempt("buyer", COMMIT, ClaimCommit(bytes([i] * 32)), (), "ok") for i in range(COMMITS_MAX)),
    Attempt("buyer", COMMIT, ClaimCommit(bytes([99] * 32)), (), "TooManyCommits"),
    Attempt("friend", COMMIT, ClaimCommit(bytes([99] * 32)), (), "ok"),
    Wait(WINDOW_MS),
    Attempt("buyer", COMMIT, ClaimCommit(bytes([99] * 32)), (), "ok"),
)


def test_an_account_has_so_many_commitments_at_a_time_and_then_room_again() -> None:
    world = World()
    play(world, FULL)
    assert len(waiting_commits(world.state, account("buyer"))) == 1


# In one transaction with its commitment.
YOUNG = Attempt("buyer", REVEAL, reveal("buyer"), (), "CommitTooYoung")


def test_a_commitment_is_not_revealed_in_its_own_block() -> None:
    atelier = Atelier()
    receipt = atelier.send("buyer", (COMMIT, commitment("buyer")), (YOUNG.type, YOUNG.payload))
    assert receipt.status == YOUNG.outcome


def owner(atelier: Atelier, index: int = 0) -> tuple[bytes | None, bytes | None]:
    thing = link_of(TEA, serial_of(index))
    return owner_of(atelier.state, thing), possessor_of(atelier.state, thing)


def test_a_thing_is_claimed_when_the_commitment_has_run_out_and_not_before() -> None:
    atelier = Atelier()
    atelier.committed("buyer")
    committed_ms = atelier.time_ms
    atelier.wait(MINUTE_MS)
    atelier.revealed("buyer")
    atelier.wait(9 * MINUTE_MS - 1)
    assert atelier.verdict().verdict == "registered"
    assert atelier.verdict().claim_until_ms == committed_ms + WINDOW_MS
    assert owner(atelier) == (account("merchant"),) * 2
    (receipt,) = atelier.wait(1)
    assert [told.type for told in receipt.events] == ["code.claimed"]
    verdict = atelier.verdict()
    assert (verdict.verdict, verdict.claimed_ms) == ("claimed", committed_ms + WINDOW_MS)
    assert owner(atelier) == (account("buyer"),) * 2


def test_the_earliest_commitment_wins_whoever_reveals_first() -> None:
    atelier = Atelier()
    atelier.committed("buyer")
    atelier.wait(MINUTE_MS)
    atelier.committed("friend")
    atelier.revealed("friend")
    assert atelier.code().leading is not None
    # The friend leads until its own commitment runs out: the buyer's does so before.
    atelier.wait(9 * MINUTE_MS - 1)
    atelier.revealed("buyer")
    atelier.wait(1)
    assert owner(atelier) == (account("buyer"),) * 2
    atelier.wait(WINDOW_MS)
    claimed = atelier.code().claimed
    assert claimed is not None
    assert claimed.account == account("buyer")


def test_a_validator_that_sees_the_reveal_first_cannot_take_the_thing() -> None:
    """It holds the reveal back for its 16 heights, commits to the code itself and reveals first."""
    atelier = Atelier()
    atelier.committed("buyer")
    held_back = atelier.transaction(Sent("buyer", (operation(REVEAL, reveal("buyer")),)))
    atelier.committed("m0")
    atelier.revealed("m0")
    for _ in range(16):
        atelier.wait(1_000)
    atelier.block(held_back)
    assert atelier.receipts[-1].status == OK
    leading = atelier.code().leading
    assert leading is not None
    assert leading.account == account("buyer")
    atelier.wait(WINDOW_MS)
    assert owner(atelier) == (account("buyer"),) * 2


def test_a_validator_that_puts_its_own_claim_before_the_reveal_in_one_block_gains_nothing() -> None:
    atelier = Atelier()
    atelier.committed("buyer")
    both = (operation(COMMIT, commitment("m0")), operation(REVEAL, reveal("m0")))
    stolen = atelier.transaction(Sent("m0", both))
    seen = atelier.transaction(Sent("buyer", (operation(REVEAL, reveal("buyer")),)))
    result = atelier.block(stolen, seen)
    assert {receipt.id: receipt.status for receipt in result.receipts} == {
        stolen.id: "CommitTooYoung",
        seen.id: OK,
    }
    later = atelier.send("m0", (COMMIT, commitment("m0")))
    assert later.status == OK
    assert atelier.send("m0", (REVEAL, reveal("m0"))).status == "EarlierCommit"


def test_a_copied_commitment_opens_for_nobody_else() -> None:
    atelier = Atelier()
    atelier.committed("buyer")
    assert atelier.send("friend", (COMMIT, commitment("buyer"))).status == OK
    assert atelier.send("friend", (REVEAL, reveal("buyer"))).status == "CommitUnknown"


def test_a_flood_of_a_strangers_commitments_stands_in_nobodys_way() -> None:
    atelier = Atelier()
    for filler in range(COMMITS_MAX):
        atelier.done("rival", (COMMIT, ClaimCommit(bytes([filler] * 32))))
    atelier.committed("buyer")
    atelier.revealed("buyer")
    atelier.wait(WINDOW_MS)
    assert owner(atelier)[0] == account("buyer")


def test_a_shorter_time_by_vote_leaves_an_earlier_commitment_its_own() -> None:
    atelier = Atelier()

    def voted(minutes: int) -> None:
        due_ms = atelier.time_ms + 7 * DAY_MS
        proposal = ParameterChange((TimerValue("claim_ms", minutes * MINUTE_MS),), None, due_ms)
        atelier.done("m0", ("parameter.change", proposal), with_=QUORUM)
        atelier.wait(7 * DAY_MS - MINUTE_MS)

    voted(60)
    atelier.wait(2 * MINUTE_MS)
    voted(10)
    atelier.committed("buyer")
    until_ms = atelier.time_ms + HOUR_MS
    atelier.wait(2 * MINUTE_MS)
    atelier.committed("friend")
    atelier.revealed("friend")
    leading = atelier.code().leading
    assert leading is not None
    # Ten minutes by the new parameter, but the buyer may come for an hour.
    assert leading.due_ms == until_ms
    atelier.wait(57 * MINUTE_MS)
    atelier.revealed("buyer")
    atelier.wait(MINUTE_MS)
    assert owner(atelier)[0] == account("buyer")


def delivered(atelier: Atelier) -> bytes:
    """Code 4 is on its way to the buyer; the parcel."""
    order_id = atelier.paid((atelier.tea, 1))
    units, epcs = (ShippedLine(0, 1),), (link_of(TEA, serial_of(4)),)
    shipment = ShipmentCreate(order_id, account("carrier"), units, None, epcs, None)
    made = atelier.done("merchant", ("shipment.create", shipment), with_=("carrier",))
    parcel = made[0].data["parcel_id"]
    assert isinstance(parcel, bytes)
    return parcel


# The brand's printer, here the friend, knows the code of what the buyer got.
def owned(atelier: Atelier) -> list[Row]:
    """An order has brought code 4 to the buyer."""
    atelier.deliver(delivered(atelier))
    return [
        Attempt("friend", COMMIT, commitment("friend", 4), (), "ok"),
        Attempt("friend", REVEAL, reveal("friend", 4), (), "OwnedByAnother"),
        Attempt("buyer", COMMIT, commitment("buyer", 4), (), "ok"),
        Attempt("buyer", REVEAL, reveal("buyer", 4), (), "ok"),
    ]


def test_who_knows_the_code_takes_nothing_from_a_consumer_that_an_order_brought_it_to() -> None:
    atelier = Atelier()
    play(atelier, owned(atelier))
    atelier.wait(WINDOW_MS)
    assert owner(atelier, 4) == (account("buyer"),) * 2


def test_a_claim_of_what_is_delivered_to_another_meanwhile_lapses() -> None:
    atelier = Atelier()
    parcel = delivered(atelier)
    atelier.committed("friend", 4)
    atelier.revealed("friend", 4)
    atelier.deliver(parcel)
    receipts = atelier.wait(WINDOW_MS)
    assert "code.claim_lapsed" in [told.type for receipt in receipts for told in receipt.events]
    assert atelier.code(4).leading is None
    assert owner(atelier, 4) == (account("buyer"),) * 2
    atelier.committed("buyer", 4)
    atelier.revealed("buyer", 4)
    atelier.wait(WINDOW_MS)
    assert atelier.verdict(4).verdict == "claimed"


def test_what_a_shop_has_is_whose_hidden_code_it_is() -> None:
    """The shop sold it over the counter: the chain knows nothing of that."""
    atelier = Atelier()
    atelier.committed("friend")
    atelier.revealed("friend")
    atelier.wait(WINDOW_MS)
    assert owner(atelier) == (account("friend"),) * 2
