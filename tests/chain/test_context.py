"""What a handler sees: ids of its own, consents, indexes, the delegation that it spends."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import pytest

from chain import crypto
from chain.account import ACCOUNTS, DELEGATIONS, Account, Delegation, single_key_policy
from chain.context import (
    READY_HEIGHTS_MAX,
    Authority,
    Chain,
    Context,
    NoPast,
    authorise,
    event,
)
from chain.errors import (
    CosignerMissing,
    PolicyNotSatisfied,
    ResultMalformed,
    SenderUnknown,
)
from chain.ledger import Ledger
from chain.state import Overlay
from chain.store_memory import MemoryStore
from chain.transaction import ReceivedTransaction
from tests.chain.toy import add
from tests.chain.toy_world import ToyWorld
from tests.chain.world import account, key


def context_of(world: ToyWorld, received: ReceivedTransaction) -> Context:
    made = Context(Overlay(world.ledger.state), world.ledger.chain, 1, world.now_ms)
    made.received = received
    return made


@pytest.fixture
def world() -> ToyWorld:
    return ToyWorld()


def test_new_ids_differ_by_tag_transaction_and_operation(world: ToyWorld) -> None:
    contexts = [context_of(world, world.signed("buyer", add("a"))) for _ in range(2)]
    ids = set()
    for context in contexts:
        for context.operation_index in (0, 1):
            ids |= {context.new_id("order"), context.new_id("parcel")}
    assert len(ids) == 2 * 2 * 2


def test_the_sender_consents_and_others_only_by_their_signatures(world: ToyWorld) -> None:
    context = context_of(world, world.signed("buyer", add("a"), with_=["merchant", "stranger"]))
    assert context.sender == account("buyer")
    assert context.consents(account("buyer"))
    assert context.consents(account("merchant"))
    assert not context.consents(account("carrier"))
    assert not context.consents(account("stranger")), "it has no account"
    with pytest.raises(CosignerMissing, match="the carrier must sign too"):
        context.require_consent(account("carrier"), "the carrier")


def test_the_policy_of_an_account_that_is_only_being_opened_can_be_asked_for(
    world: ToyWorld,
) -> None:
    context = context_of(world, world.signed("buyer", add("a"), with_=["stranger"]))
    policy = single_key_policy(key("stranger").public_key)
    assert context.consents_by(policy.account_id(), policy)
    assert not context.consents_by(account("nobody"), single_key_policy(key("nobody").public_key))


def test_consent_is_asked_of_the_state_that_earlier_operations_left(world: ToyWorld) -> None:
    context = context_of(world, world.signed("buyer", add("a"), with_=["merchant"]))
    moved = Account(single_key_policy(key("new").public_key), account("m0"), None)
    ACCOUNTS.store(context.state, moved, account("merchant"))
    assert not context.consents(account("merchant"))


def test_a_quorum_counts_member_accounts_and_no_others(world: ToyWorld) -> None:
    few = context_of(world, world.signed("m0", add("a"), with_=["m1", "buyer", "merchant"]))
    with pytest.raises(CosignerMissing, match="signed by 2 of the members, 3 are needed"):
        few.require_member_quorum()
    context_of(
        world, world.signed("buyer", add("a"), with_=["m0", "m1", "m2"])
    ).require_member_quorum()


def test_authority_is_the_policy_or_one_delegated_key(world: ToyWorld) -> None:
    state = Overlay(world.ledger.state)
    made = world.signed("buyer", add("a"))
    assert authorise(state, made, world.now_ms) == Authority()
    with pytest.raises(SenderUnknown):
        authorise(state, world.signed("stranger", add("a")), world.now_ms)
    by_other = replace(
        made, signatures=(replace(made.signatures[0], public_key=key("erp").public_key),)
    )
    with pytest.raises(PolicyNotSatisfied):
        authorise(state, by_other, world.now_ms)
    scope = Delegation(("toy.add",), 10, 0, world.now_ms)
    DELEGATIONS.store(state, scope, account("buyer"), key("erp").public_key)
    assert authorise(state, by_other, world.now_ms) == Authority(key("erp").public_key, scope)


def test_what_a_delegated_key_has_spent_is_stored_and_seen_at_once(world: ToyWorld) -> None:
    context = context_of(world, world.signed("buyer", add("a")))
    scope = Delegation(("toy.add",), 10, 0, world.now_ms)
    context.authority = Authority(key("erp").public_key, scope)
    spent = replace(scope, spent_minor=7)
    context.save_delegation(spent)
    assert context.authority.delegation == spent
    assert DELEGATIONS.load(context.state, account("buyer"), key("erp").public_key) == spent


def test_index_entries_are_kept_apart_from_the_state(world: ToyWorld) -> None:
    context = context_of(world, world.signed("buyer", add("a")))
    context.index(b"k", b"v")
    context.index(b"k", None)
    assert context.indexes == [(b"k", b"v"), (b"k", None)]
    assert context.state.changes == {}
    with pytest.raises(ResultMalformed):
        context.index(bytes(2000), b"")


def test_event_data_comes_out_sorted() -> None:
    assert list(event("toy.said", b=1, a=2, c=3).data) == ["a", "b", "c"]


def test_the_chains_committee_is_that_of_its_genesis(world: ToyWorld) -> None:
    chain = Chain.of(world.genesis)
    assert chain.committee == world.genesis.committee()
    assert chain.genesis_hash == world.genesis.hash()


class Heights:
    """A past that remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def digest_at(self, height: int) -> bytes:
        self.asked.append(height)
        return height.to_bytes(32, "big")

    def index(self, prefix: bytes, start: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
        yield prefix, start

    def index_tails(self, prefixes: Iterable[bytes]) -> Iterator[list[bytes]]:
        return ([prefix] for prefix in prefixes)


@pytest.mark.parametrize("height", [2, 700, READY_HEIGHTS_MAX, READY_HEIGHTS_MAX + 1, 5_000])
def test_only_recent_headers_without_the_genesis_can_be_seen(world: ToyWorld, height: int) -> None:
    past = Heights()
    state = Overlay(world.ledger.state)
    context = Context(state, world.ledger.chain, height, world.now_ms, past=past)
    lowest = max(1, height - READY_HEIGHTS_MAX)
    for hidden in (0, lowest - 1, height, height + 1, 2**53 - 1):
        assert context.past_digest(hidden) is None
    assert past.asked == []
    for seen in (lowest, height - 1):
        assert context.past_digest(seen) == seen.to_bytes(32, "big")


def test_a_handler_reads_only_entries_that_the_state_proves(world: ToyWorld) -> None:
    context = Context(Overlay(world.ledger.state), world.ledger.chain, 1, 1, past=Heights())
    assert list(context.indexed_tails([b"epcis-a", b"epcis-b"])) == [[b"epcis-a"], [b"epcis-b"]]
    with pytest.raises(AssertionError):
        list(context.indexed_tails([b"epcis-a", b"order/"]))
    assert list(NoPast().index_tails([b"a", b"b"])) == [[], []]


def test_a_context_outside_a_block_has_no_past() -> None:
    with pytest.raises(AssertionError):
        NoPast().digest_at(1)
    assert list(NoPast().index(b"epcis-")) == []


def test_a_handler_reads_only_what_the_state_proves_of_the_index(world: ToyWorld) -> None:
    state = Overlay(world.ledger.state)
    context = Context(state, world.ledger.chain, 2, world.now_ms, past=Heights())
    assert list(context.indexed(b"epcis-row/", b"epcis-row/a")) == [(b"epcis-row/", b"epcis-row/a")]
    with pytest.raises(AssertionError):
        context.indexed(b"account-order/")


def test_a_chain_verifies_with_libsodium_unless_told_otherwise(world: ToyWorld) -> None:
    def never(public_key: bytes, message: bytes, signature: bytes) -> bool:  # noqa: ARG001
        return False

    assert Chain.of(world.genesis).verify is crypto.verify
    assert Chain.of(world.genesis, never).verify is never
    assert Ledger(MemoryStore(), world.genesis, world.rules, verify=never).chain.verify is never
