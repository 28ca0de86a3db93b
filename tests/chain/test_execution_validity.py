"""Which blocks are valid: who may act, replays, windows and clocks, the body and its header."""

from dataclasses import replace

import pytest

from chain.account import Delegation, KeyPolicy, WeightedKey, single_key_policy
from chain.codec import encode, to_value
from chain.errors import BlockInvalid, LedgerError
from chain.execution import check_transaction
from chain.genesis import ConsensusParameters
from chain.replay import MINUTE_MS, REMEMBERED, minute_of
from chain.state import u64
from chain.transaction import (
    OPERATIONS_MAX,
    Operation,
    ReceivedTransaction,
    Transaction,
    read_transaction,
    sign_transaction,
)
from tests.chain.toy import AskFor, Delegate, Rotate, add
from tests.chain.toy_world import OK, ToyWorld
from tests.chain.world import account, key


@pytest.fixture
def world() -> ToyWorld:
    return ToyWorld()


# Who may act, asked of the state before the block and again inside it.


def rotate(policy: KeyPolicy) -> Operation:
    return Operation("toy.rotate", to_value(Rotate(policy)))


def test_a_policy_changed_inside_the_block_gives_a_failed_receipt(world: ToyWorld) -> None:
    new = single_key_policy(key("new key").public_key)
    before = world.signed("buyer", rotate(new))
    after = world.signed("buyer", add("a"))
    assert world.statuses(before, after) == [OK, ("PolicyNotSatisfied", 0)]
    assert world.value("a") == 0


def test_a_policy_changed_in_an_earlier_block_makes_the_block_invalid(world: ToyWorld) -> None:
    stale = world.signed("buyer", add("a"))
    world.run(world.signed("buyer", rotate(single_key_policy(key("new key").public_key))))
    with pytest.raises(BlockInvalid, match="PolicyNotSatisfied"):
        world.execute(stale)


def test_a_sender_without_an_account_makes_the_block_invalid(world: ToyWorld) -> None:
    with pytest.raises(BlockInvalid, match="SenderUnknown"):
        world.execute(world.signed("stranger", add("a")))


def test_signatures_for_other_accounts_do_not_speak_for_the_sender(world: ToyWorld) -> None:
    made = world.sign(world.transaction("buyer", add("a")), "merchant", "carrier")
    with pytest.raises(BlockInvalid, match="PolicyNotSatisfied"):
        world.execute(made)


def test_a_stranger_signing_in_the_senders_name_does_not_speak_for_it(world: ToyWorld) -> None:
    content = world.transaction("buyer", add("a"))
    forged = sign_transaction(content, [(account("buyer"), key("stranger"))])
    with pytest.raises(BlockInvalid, match="PolicyNotSatisfied"):
        world.execute(read_transaction(encode(forged), world.toy))


def test_signatures_that_nobody_asked_for_change_nothing(world: ToyWorld) -> None:
    made = world.signed("buyer", add("a"), with_=["merchant", "stranger"])
    assert world.statuses(made) == [OK]


def ask(*names: str, kind: str = "toy.ask") -> Operation:
    return Operation(kind, to_value(AskFor(tuple(account(name) for name in names))))


def test_a_missing_cosigner_is_a_failed_receipt_with_the_operations_index(world: ToyWorld) -> None:
    alone = world.signed("buyer", add("a"), ask("buyer", "merchant"))
    both = world.signed("buyer", add("a"), ask("merchant"), with_=["merchant"])
    assert world.statuses(alone, both) == [("CosignerMissing", 1), OK]
    assert world.value("a") == 1


def test_an_account_that_does_not_exist_cannot_consent(world: ToyWorld) -> None:
    made = world.signed("buyer", ask("stranger"), with_=["stranger"])
    assert world.statuses(made) == [("CosignerMissing", 0)]


def test_a_quorum_of_members_is_three_of_four_and_counts_the_sender(world: ToyWorld) -> None:
    two = world.signed("m0", ask(kind="toy.quorum"), with_=["m1", "buyer"])
    three = world.signed("m0", ask(kind="toy.quorum"), with_=["m1", "m3"])
    assert world.statuses(two, three) == [("CosignerMissing", 0), OK]


def delegate(name: str, scope: Delegation) -> Operation:
    return Operation("toy.delegate", to_value(Delegate(key(name).public_key, scope)))


def by_key(
    world: ToyWorld, sender: str, signer: str, *operations: Operation
) -> ReceivedTransaction:
    signed = sign_transaction(
        world.transaction(sender, *operations), [(account(sender), key(signer))]
    )
    return read_transaction(encode(signed), world.toy)


def test_a_delegated_key_acts_within_its_scope_and_time_only(world: ToyWorld) -> None:
    scope = Delegation(("toy.add",), 0, 0, world.now_ms + 1_500)
    world.run(world.signed("buyer", delegate("erp", scope)))
    outside = by_key(world, "buyer", "erp", add("a"), add("b", kind="toy.cancel"))
    with pytest.raises(BlockInvalid, match="PolicyNotSatisfied"):
        world.execute(outside)
    assert world.statuses(by_key(world, "buyer", "erp", add("a"))) == [OK]
    with pytest.raises(BlockInvalid, match="PolicyNotSatisfied"):
        world.execute(by_key(world, "buyer", "erp", add("a")))


# Replays (trap 21).


def test_an_id_twice_in_a_block_makes_it_invalid(world: ToyWorld) -> None:
    made = world.signed("buyer", add("a"))
    with pytest.raises(BlockInvalid, match="twice"):
        world.execute(made, made)


def two_of_three() -> tuple[KeyPolicy, list[str]]:
    names = sorted((f"share {i}" for i in range(3)), key=lambda name: key(name).public_key)
    return KeyPolicy(tuple(WeightedKey(key(name).public_key, 1) for name in names), 2), names


def pair(world: ToyWorld, content: Transaction, *names: str) -> ReceivedTransaction:
    signed = sign_transaction(content, [(content.sender, key(name)) for name in names])
    return read_transaction(encode(signed), world.toy)


def test_another_pair_of_a_two_of_three_over_the_same_content_is_applied_once(
    world: ToyWorld,
) -> None:
    policy, (first, second, third) = two_of_three()
    world.run(world.signed("buyer", rotate(policy)))
    content = world.transaction("buyer", add("a"))
    one, two = pair(world, content, first, second), pair(world, content, first, third)
    with pytest.raises(BlockInvalid, match="twice"):
        world.execute(one, two)
    assert world.statuses(one) == [OK]
    with pytest.raises(BlockInvalid, match="TransactionRepeated"):
        world.execute(two)
    assert world.value("a") == 1


def test_the_same_bytes_in_a_later_block_are_repeated_until_they_expire(world: ToyWorld) -> None:
    made = world.signed("buyer", add("a"))
    world.run(made)
    valid_ms = made.transaction.valid_until_ms
    for time_ms in (world.now_ms, valid_ms):
        with pytest.raises(BlockInvalid, match="TransactionRepeated"):
            world.execute(made, time_ms=time_ms)
    with pytest.raises(BlockInvalid, match="TransactionExpired"):
        world.execute(made, time_ms=valid_ms + 1)
    world.decide(time_ms=valid_ms + MINUTE_MS)
    with pytest.raises(BlockInvalid, match="TransactionExpired"):
        world.execute(made)
    assert world.value("a") == 1


def test_a_transaction_of_another_chain_makes_the_block_invalid(world: ToyWorld) -> None:
    content = world.transaction("buyer", add("a"))
    other = world.sign(replace(content, genesis_hash=bytes(32)), "buyer")
    with pytest.raises(BlockInvalid, match="WrongChain"):
        world.execute(other)


def test_ids_are_remembered_under_the_state_root_and_forgotten_after_their_minute(
    world: ToyWorld,
) -> None:
    made = world.signed("buyer", add("a"))
    minute = minute_of(made.transaction.valid_until_ms)
    result = world.execute(made).result
    assert result.remembered == ((minute, made.id, 0),)
    assert REMEMBERED.key(u64(minute)) in result.changes
    world.decide(made)
    assert world.ledger.is_remembered(minute, made.id)
    world.decide(time_ms=minute * MINUTE_MS + MINUTE_MS - 1)
    assert world.ledger.is_remembered(minute, made.id)
    executed = world.execute(time_ms=(minute + 1) * MINUTE_MS)
    assert executed.result.forgotten == (minute,)
    world.ledger.write(executed, world.certify(executed.header))
    assert not world.ledger.is_remembered(minute, made.id)
    assert REMEMBERED.load(world.ledger.state, u64(minute)) is None


def test_two_transactions_with_the_same_operations_and_other_nonces_both_apply(
    world: ToyWorld,
) -> None:
    assert world.statuses(*[world.signed("buyer", add("a")) for _ in range(2)]) == [OK, OK]
    assert world.value("a") == 2


# The window, and clocks that differ.


def lifetime(world: ToyWorld, lifetime_ms: int) -> ReceivedTransaction:
    return world.sign(world.transaction("buyer", add("a"), lifetime_ms=lifetime_ms), "buyer")


def test_the_block_grants_the_lifetime_the_drift_of_the_doors_clock(world: ToyWorld) -> None:
    limits = world.genesis.consensus
    longest = limits.transaction_lifetime_max_ms + limits.clock_drift_max_ms
    world.execute(lifetime(world, longest))
    with pytest.raises(BlockInvalid, match="LifetimeTooLong"):
        world.execute(lifetime(world, longest + 1))


def test_a_transaction_is_valid_up_to_its_last_millisecond(world: ToyWorld) -> None:
    world.execute(lifetime(world, 0))
    with pytest.raises(BlockInvalid, match="TransactionExpired"):
        world.execute(lifetime(world, -1))


def test_the_first_broken_rule_is_the_one_that_is_named(world: ToyWorld) -> None:
    content = replace(world.transaction("stranger", add("a")), genesis_hash=bytes(32))
    expired = replace(content, valid_until_ms=0)
    ladder = [
        (world.sign(expired, "stranger"), "WrongChain"),
        (
            world.sign(replace(expired, genesis_hash=world.genesis.hash()), "stranger"),
            "TransactionExpired",
        ),
        (world.signed("stranger", add("a")), "SenderUnknown"),
    ]
    ledger = world.ledger
    for received, code in ladder:
        with pytest.raises(LedgerError) as caught:
            check_transaction(
                received, ledger.state, ledger, ledger.rules, ledger.chain, world.now_ms
            )
        assert caught.value.code == code


# The body against its header.


def test_a_body_that_is_not_the_headers_makes_the_block_invalid(world: ToyWorld) -> None:
    made = [world.signed("buyer", add(name)) for name in "abc"]
    header = world.header(made)
    for bodies in (made[:2], made[::-1], [*made, world.signed("buyer", add("d"))], []):
        with pytest.raises(BlockInvalid):
            world.ledger.execute(header, bodies)
    count_wrong = replace(header, transactions_count=2)
    with pytest.raises(BlockInvalid, match="counts 2"):
        world.ledger.execute(count_wrong, made)
    world.ledger.execute(header, made)


def test_another_signature_pair_does_not_fit_the_header(world: ToyWorld) -> None:
    content = world.transaction("buyer", add("a"))
    one, two = world.sign(content, "buyer"), world.sign(content, "buyer", "merchant")
    assert one.id == two.id
    with pytest.raises(BlockInvalid, match="not those of the header"):
        world.ledger.execute(world.header([one]), [two])


def test_more_transactions_than_the_genesis_allows_make_the_block_invalid() -> None:
    world = ToyWorld(ConsensusParameters(block_transactions_max=2))
    made = [world.signed("buyer", add(name)) for name in "abc"]
    world.execute(*made[:2])
    with pytest.raises(BlockInvalid, match="more than 2 transactions"):
        world.execute(*made)


def test_more_bytes_than_the_genesis_allows_make_the_block_invalid() -> None:
    world = ToyWorld(ConsensusParameters(block_size_max=2**20))
    fillers = [add("x", 1)] * OPERATIONS_MAX
    made = [world.signed("buyer", *fillers) for _ in range(2**20 // 4_500)]
    assert sum(len(entry.raw) for entry in made) > 2**20
    with pytest.raises(BlockInvalid, match="bytes"):
        world.execute(*made)


def test_execution_changes_nothing_and_repeats_exactly(world: ToyWorld) -> None:
    made = [world.signed("buyer", add("a")), world.signed("buyer", add("b", 1001))]
    first, second = world.execute(*made), world.execute(*made)
    assert first.result == second.result
    assert first.staged.root == second.staged.root
    assert world.value("a") == 0
    assert world.ledger.tip.height == 0
