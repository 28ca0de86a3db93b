"""What a verified proof bundle tells, and how old it is."""

from dataclasses import replace

import pytest

from chain.bundle import Bundle, encode_bundle
from chain.bundle_check import verify_bundle
from chain.errors import HeadInvalid, LedgerError, ProofStale
from chain.transaction import read_transaction
from tests.chain.bundles import ABSENT, BUSY, FOUR, PRESENT, SEAL, small_chain

CHAIN = small_chain()
GENESIS = CHAIN.genesis
# The clock drift that the genesis grants, and ages to ask for.
DRIFT_MS = GENESIS.consensus.clock_drift_max_ms
RESTING_MS = CHAIN.at(SEAL).header.time_ms
HOUR_MS = 3_600_000


# What holds.


def test_every_kind_of_bundle_proves_what_the_chain_has() -> None:
    for data, trusted in CHAIN.good().values():
        made = verify_bundle(data, GENESIS, trusted=trusted)
        assert made.genesis_hash == GENESIS.hash()
        assert made.committee == CHAIN.at(made.newest.height).committee
        assert made.epoch == made.newest.epoch
        for state in made.states:
            claim = CHAIN.at(state.height + 1).claims[state.key]
            assert (state.value, state.time_ms) == (
                claim.value,
                CHAIN.at(state.height + 1).header.time_ms,
            )
        for fact in made.transactions:
            raw = CHAIN.at(fact.height).block.bodies[fact.index]
            received = read_transaction(raw, CHAIN.world.rules)
            assert (fact.id, fact.transaction) == (received.id, received.transaction)
            assert fact.signed.signatures == received.signatures
        for receipt in made.receipts:
            assert receipt.receipt in CHAIN.at(receipt.height).receipts


def test_an_event_is_a_row_the_transaction_that_wrote_it_and_its_receipt() -> None:
    data, _ = CHAIN.good()["an event"]
    made = verify_bundle(data, GENESIS)
    (state,), (sent,), (outcome,) = made.states, made.transactions, made.receipts
    assert (state.key, state.height) == (PRESENT, BUSY)
    assert (sent.height, outcome.height) == (BUSY, BUSY)
    assert (outcome.receipt.id, outcome.receipt.status) == (sent.id, "ok")


def test_absence_is_a_fact_too() -> None:
    made = verify_bundle(encode_bundle(CHAIN.bundle(CHAIN.states(3, ABSENT))), GENESIS)
    (state,) = made.states
    assert (state.key, state.value, state.height) == (ABSENT, None, 2)


def test_it_tells_who_certified() -> None:
    made = verify_bundle(encode_bundle(CHAIN.bundle(CHAIN.states(SEAL, PRESENT))), GENESIS)
    assert [member.name for member in made.headers[0].signers] == ["m4", "m3", "m2"]


def test_the_committee_is_followed_over_two_changes_and_each_header_by_its_own() -> None:
    data, _ = CHAIN.good()["three epochs"]
    made = verify_bundle(data, GENESIS)
    assert [entry.header.epoch for entry in made.headers] == [0, 1, 1, 2]
    assert made.committee == FOUR


def test_the_header_that_names_a_committee_can_prove_something_too() -> None:
    for height in (3, 6):
        proven = (CHAIN.states(height, PRESENT), CHAIN.states(SEAL, PRESENT))
        made = verify_bundle(encode_bundle(CHAIN.bundle(*proven)), GENESIS)
        assert [entry.header.height for entry in made.headers] == [height, SEAL]


@pytest.mark.parametrize(("anchored", "height", "epoch"), [(4, 5, 1), (6, 5, 1), (6, SEAL, 1)])
def test_a_trusted_header_takes_the_place_of_the_genesis(
    anchored: int, height: int, epoch: int
) -> None:
    """Also for headers of its epoch below it, and where it names the next committee itself."""
    last = CHAIN.at(height).header.epoch
    bundle = replace(
        CHAIN.bundle(CHAIN.states(height, PRESENT), steps=CHAIN.steps(epoch, last)),
        anchor=CHAIN.anchor(anchored),
    )
    made = verify_bundle(encode_bundle(bundle), GENESIS, trusted=CHAIN.trusted(anchored))
    assert made.trusted == CHAIN.trusted(anchored)
    assert made.states[0].value == CHAIN.at(height).claims[PRESENT].value


def test_a_bundle_from_the_genesis_is_taken_beside_a_trusted_header() -> None:
    data = encode_bundle(CHAIN.bundle(CHAIN.states(SEAL, PRESENT)))
    for height in (3, 5, SEAL):
        verify_bundle(data, GENESIS, trusted=CHAIN.trusted(height))


# How old it is.


def asked(
    bundle: Bundle, *, now_ms: int, max_age_ms: int | None = HOUR_MS
) -> type[LedgerError] | None:
    """The refusal of a verifier that asks for an age."""
    try:
        verify_bundle(encode_bundle(bundle), GENESIS, now_ms=now_ms, max_age_ms=max_age_ms)
    except LedgerError as error:
        return type(error)
    return None


RESTING = CHAIN.bundle(CHAIN.states(SEAL, ABSENT))
LATE_MS = RESTING_MS + 10 * HOUR_MS


def test_a_young_header_needs_nobodys_word() -> None:
    for age_ms in (0, 1, HOUR_MS):
        assert asked(RESTING, now_ms=RESTING_MS + age_ms) is None
    assert asked(RESTING, now_ms=RESTING_MS + HOUR_MS + 1) is ProofStale
    assert asked(RESTING, now_ms=LATE_MS, max_age_ms=None) is None


def test_a_header_of_the_future_is_not_young() -> None:
    assert asked(RESTING, now_ms=RESTING_MS - DRIFT_MS) is None
    early_ms = RESTING_MS - DRIFT_MS - 1
    assert asked(RESTING, now_ms=early_ms) is ProofStale
    # Nor does it become so by anybody's word: this clock is wrong, or theirs are.
    vouched = replace(RESTING, heads=CHAIN.heads(SEAL, [early_ms] * 4))
    assert asked(vouched, now_ms=early_ms) is ProofStale


@pytest.mark.parametrize(
    ("times_ms", "rule"),
    [
        ((LATE_MS, LATE_MS, None, None), None),
        ((None, None, LATE_MS - HOUR_MS, LATE_MS + DRIFT_MS), None),
        ((LATE_MS - HOUR_MS - 1, LATE_MS, LATE_MS, LATE_MS + DRIFT_MS + 1), None),
        ((LATE_MS, None, None, None), ProofStale),
        ((None, None, None, None), ProofStale),
        ((LATE_MS, LATE_MS - HOUR_MS - 1, RESTING_MS, 0), ProofStale),
        ((LATE_MS, LATE_MS + DRIFT_MS + 1, 2**53 - 1, None), ProofStale),
    ],
)
def test_an_old_header_needs_f_plus_1_members_who_say_now_that_it_is_the_newest(
    times_ms: tuple[int | None, ...], rule: type[LedgerError] | None
) -> None:
    heads = CHAIN.heads(SEAL, times_ms)
    assert asked(replace(RESTING, heads=heads), now_ms=LATE_MS) is rule


def test_above_a_block_with_transactions_no_word_helps() -> None:
    """Its own results are in no header yet: "not recalled" may have ended in it."""
    bundle = replace(
        CHAIN.bundle(CHAIN.states(BUSY, ABSENT)), heads=CHAIN.heads(BUSY, [LATE_MS] * 4)
    )
    assert asked(bundle, now_ms=LATE_MS) is ProofStale
    made = verify_bundle(encode_bundle(bundle), GENESIS)
    assert made.as_of_ms == CHAIN.at(BUSY).header.time_ms


def test_statements_must_hold_even_if_no_age_is_asked_for() -> None:
    good = CHAIN.heads(SEAL, [LATE_MS, LATE_MS])
    wrong = [
        good[::-1],
        (good[0], good[0]),
        (replace(good[0], time_ms=LATE_MS + 1), good[1]),
        CHAIN.heads(BUSY, [LATE_MS, LATE_MS]),
        (replace(good[0], member=4),),
    ]
    for heads in wrong:
        with pytest.raises(HeadInvalid):
            verify_bundle(encode_bundle(replace(RESTING, heads=heads)), GENESIS)


def test_how_old_it_is_follows_from_what_one_correct_member_must_have_said() -> None:
    times_ms = (LATE_MS + 5 * HOUR_MS, LATE_MS, None, RESTING_MS)
    data = encode_bundle(replace(RESTING, heads=CHAIN.heads(SEAL, times_ms)))
    made = verify_bundle(data, GENESIS)
    assert made.as_of_ms == LATE_MS
    assert [(entry.member.name, entry.time_ms) for entry in made.vouched] == [
        ("m4", LATE_MS + 5 * HOUR_MS),
        ("m3", LATE_MS),
        ("m1", RESTING_MS),
    ]
    alone = replace(RESTING, heads=CHAIN.heads(SEAL, times_ms[:1]))
    assert verify_bundle(encode_bundle(alone), GENESIS).as_of_ms == RESTING_MS
