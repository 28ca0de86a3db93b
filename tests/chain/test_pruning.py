"""Pruning: what stays, what goes, and that readers never take a pruned row for a damaged one."""

from chain import schema
from chain.pruning import HEIGHTS_MAX, Keep, first_kept, removal, remove
from chain.store_contract import prefix_stop
from chain.store_memory import MemoryStore
from chain.stored_chain import Base, StoredChain
from chain.tree_proof import verify_proof
from tests.node.audit.chains import BLOCK_MS, Trading, founding, history

DAY_MS = 86_400_000


def traded(height: int = 24) -> Trading:
    return history(MemoryStore(), height)


def prune(trading: Trading, last: int) -> int:
    """Prune up to a height; how many batches it took."""
    batches = 0
    while trading.ledger.base.first_block <= last:
        remove(trading.ledger, removal(trading.ledger, last))
        batches += 1
    return batches


def keys(trading: Trading, prefix: bytes) -> list[bytes]:
    return [key for key, _ in trading.ledger.store.scan(prefix, prefix_stop(prefix))]


def test_a_block_stays_while_it_is_young_or_among_the_newest() -> None:
    ledger = traded().ledger
    old_ms = 10 * BLOCK_MS
    assert first_kept(ledger, ledger.tip, Keep(blocks=5, age_ms=old_ms)) == 14
    assert first_kept(ledger, ledger.tip, Keep(blocks=20, age_ms=old_ms)) == 5
    assert first_kept(ledger, ledger.tip, Keep(blocks=5, age_ms=old_ms - 1)) == 15
    assert first_kept(ledger, ledger.tip, Keep(blocks=25, age_ms=0)) == 1
    assert first_kept(ledger, ledger.tip, Keep()) == 1


def test_the_newest_block_stays_whatever_the_policy() -> None:
    ledger = traded().ledger
    assert first_kept(ledger, ledger.tip, Keep(blocks=0, age_ms=0)) == ledger.tip.height


def test_the_default_keeps_three_years() -> None:
    assert Keep().age_ms >= 3 * 365 * DAY_MS + DAY_MS


def test_bodies_receipts_and_places_go_and_all_else_stays() -> None:
    trading = traded()
    whole = dict(trading.ledger.store.scan(b"", b"\xff" * 9))
    prune(trading, 10)
    left = dict(trading.ledger.store.scan(b"", b"\xff" * 9))
    gone = {key for key in whole if key not in left}
    assert {key[:1] for key in gone} == {schema.BLOCK, schema.RECEIPTS, schema.RECEIPT_PLACE}
    assert len(keys(trading, schema.RECEIPTS)) == len(keys(trading, schema.RECEIPT_PLACE))
    assert min(int.from_bytes(key[1:9]) for key in keys(trading, schema.RECEIPTS)) == 11
    assert keys(trading, schema.BLOCK)[:2] == [schema.block_key(0), schema.block_key(11)]
    assert {key for key in left if left[key] != whole.get(key)} == {schema.META_BASE}


def test_every_batch_moves_the_base_with_what_it_deletes() -> None:
    trading = traded(70)
    made = removal(trading.ledger, 60)
    assert made.base == Base(1 + HEIGHTS_MAX, 1)
    remove(trading.ledger, made)
    assert StoredChain(trading.ledger.store).base == made.base
    assert trading.ledger.base == made.base
    assert prune(trading, 60) == 1


def test_a_block_of_many_receipts_takes_a_batch_of_its_own() -> None:
    trading = Trading(MemoryStore())
    trading.play(4, per_block=1_200)
    assert prune(trading, 3) >= 3


def test_a_pruned_chain_goes_on_opens_again_and_proves_its_state() -> None:
    trading = traded()
    prune(trading, 20)
    trading.play(30)
    again = Trading(trading.ledger.store).ledger
    assert again.tip == trading.ledger.tip
    assert again.base == Base(21, 1)
    for key, value in again.state.scan(b""):
        assert verify_proof(again.tip.state_root, key, value, again.prove(key))
    assert again.chain.genesis == founding()


def test_a_receipt_whose_place_was_read_before_the_deletion_is_no_damage() -> None:
    trading = traded()
    ledger = trading.ledger
    receipt = ledger.receipts(3)[0]
    place = ledger.store.get(schema.receipt_place_key(receipt.id))
    assert ledger.find_receipt(receipt.id) is not None
    prune(trading, 5)
    assert ledger.find_receipt(receipt.id) is None
    # What a reader holds that asked for the place a moment earlier.
    ledger.store.write({schema.receipt_place_key(receipt.id): place})
    assert ledger.find_receipt(receipt.id) is None
