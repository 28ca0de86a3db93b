"""The ledger: one batch a block, the same tip after a restart, and no chain on damaged ground."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import fields, replace
from importlib.util import find_spec
from pathlib import Path

import pytest

from chain import schema
from chain.block import NO_HASH, Header
from chain.codec import encode
from chain.errors import BlockInvalid, CertificateInvalid
from chain.ledger import Ledger
from chain.replay import MINUTE_MS
from chain.store import open_store
from chain.store_contract import Kind, StorageError, StorageFailed, StoreOfAnotherChain
from chain.store_memory import MemoryStore
from chain.tree import StateTree
from chain.tree_proof import verify_proof
from tests.chain.history import play_on
from tests.chain.toy import ToyRules, add, schedule, value_of
from tests.chain.toy_world import ToyWorld
from tests.chain.world import genesis

ROOT = Path(__file__).parent.parent.parent
# LevelDB is there where plyvel has wheels (docs/adr/0005).
DISK_KINDS: list[Kind] = ["sqlite", "leveldb"] if find_spec("plyvel") else ["sqlite"]


class CountingStore:
    """A store in memory that counts batches, and fails when told to."""

    kind: Kind = "memory"

    def __init__(self) -> None:
        self.inner = MemoryStore()
        self.get, self.scan, self.close = self.inner.get, self.inner.scan, self.inner.close
        self.tails = self.inner.tails
        self.batches: list[bool] = []
        self.fail = False

    def write(self, batch: Mapping[bytes, bytes | None], *, sync: bool = True) -> None:
        if self.fail:
            raise StorageFailed("the disk is gone")
        self.batches.append(sync)
        self.inner.write(batch, sync=sync)


def reopened(world: ToyWorld) -> Ledger:
    return Ledger(world.store, world.genesis, ToyRules())


def rows(world: ToyWorld) -> dict[bytes, bytes]:
    return dict(world.store.scan(b"\x00", b"\xff"))


# One batch a block.


def test_founding_and_each_block_are_one_synced_batch() -> None:
    store = CountingStore()
    world = ToyWorld(store=store)
    assert store.batches == [True]
    world.run(world.signed("buyer", add("a"), schedule("d", world.now_ms + 500)))
    world.run(world.signed("buyer", add("a")))
    world.run()
    assert store.batches == [True] * 4


def test_a_batch_that_fails_leaves_the_tip_and_the_tree_as_they_were() -> None:
    store = CountingStore()
    world = ToyWorld(store=store)
    world.run(world.signed("buyer", add("a")))
    tip, executed = world.ledger.tip, world.execute(world.signed("buyer", add("a")))
    store.fail = True
    with pytest.raises(StorageFailed):
        world.ledger.write(executed, world.certify(executed.header))
    assert world.ledger.tip == tip
    store.fail = False
    assert reopened(world).tip == tip
    world.ledger.write(executed, world.certify(executed.header))
    assert world.value("a") == 2


def test_a_crash_between_execution_and_write_leaves_no_trace() -> None:
    world = ToyWorld()
    world.run(world.signed("buyer", add("a")))
    before, made = rows(world), world.signed("buyer", add("a"))
    first = world.execute(made)
    assert rows(world) == before
    world.ledger = reopened(world)
    again = world.execute(made)
    assert (again.result, again.staged.root) == (first.result, first.staged.root)


def test_a_block_executed_on_an_older_tip_is_refused_before_anything_is_written() -> None:
    world = ToyWorld()
    stale, rival = (world.execute(world.signed("buyer", add(name))) for name in "ab")
    world.ledger.write(rival, world.certify(rival.header))
    before = rows(world)
    with pytest.raises(BlockInvalid, match="another tip"):
        world.ledger.write(stale, world.certify(stale.header))
    assert rows(world) == before
    world.run(world.signed("buyer", add("c")))


def test_a_certificate_of_another_block_or_height_is_refused() -> None:
    world = ToyWorld()
    executed = world.execute(world.signed("buyer", add("a")))
    good = world.certify(executed.header)
    for bad in (replace(good, digest=bytes(32)), replace(good, height=2)):
        with pytest.raises(CertificateInvalid):
            world.ledger.write(executed, bad)
    assert world.ledger.tip.height == 0
    assert world.ledger.write(executed, good).height == 1


# What follows from the tip.


@pytest.mark.parametrize(
    "field",
    [
        "version",
        "genesis_hash",
        "height",
        "parent_hash",
        "time_ms",
        "epoch",
        "state_root",
        "receipts_root",
        "next_committee_hash",
    ],
)
def test_a_header_that_does_not_follow_from_the_tip_is_invalid(field: str) -> None:
    world = ToyWorld()
    header = world.header([])
    others: dict[str, object] = {entry.name: bytes([7]) * 32 for entry in fields(Header)}
    others |= {"version": 2, "height": 2, "epoch": 1, "time_ms": world.ledger.tip.header.time_ms}
    changed: Header = replace(header, **{field: others[field]})  # type: ignore[arg-type]
    with pytest.raises(BlockInvalid, match=field):
        world.ledger.execute(changed, [])
    world.ledger.execute(header, [])


def test_the_header_carries_the_results_of_its_parent() -> None:
    world = ToyWorld()
    world.run(world.signed("buyer", add("a")))
    tip = world.ledger.tip
    world.run()
    header = world.ledger.header(2)
    assert header is not None
    assert (header.state_root, header.receipts_root) == (tip.state_root, tip.receipts_root)
    first = world.ledger.header(1)
    assert first is not None
    assert first.state_root != NO_HASH


def test_only_blocks_with_transactions_or_fired_deadlines_need_a_seal() -> None:
    world = ToyWorld()
    assert not world.ledger.tip.needs_seal
    assert world.decide(world.signed("buyer", schedule("d", world.now_ms + 500))).needs_seal
    assert world.decide().needs_seal
    assert not world.decide().needs_seal


def test_an_empty_block_that_forgets_ids_needs_a_seal_of_its_own() -> None:
    world = ToyWorld()
    world.decide(world.signed("buyer", add("a")))
    later_ms = world.now_ms + 60 * MINUTE_MS
    forgets = world.decide(time_ms=later_ms)
    assert forgets.state_root != forgets.header.state_root
    assert forgets.needs_seal
    seals = world.decide(time_ms=later_ms + 1)
    assert seals.state_root == seals.header.state_root
    assert not seals.needs_seal


def test_the_ledger_proves_keys_under_the_root_that_the_next_header_carries() -> None:
    world = ToyWorld()
    tip = world.decide(world.signed("buyer", add("a")))
    known = next(iter(world.ledger.state.scan(b"account/")))
    proofs = {pair: world.ledger.prove(pair[0]) for pair in (known, (b"no/such", None))}
    for (key, value), proof in proofs.items():
        assert verify_proof(tip.state_root, key, value, proof)
    world.decide()
    header = world.ledger.header(2)
    assert header is not None
    assert header.state_root == tip.state_root


# Reopening.


def test_a_reopened_ledger_has_the_same_tip_and_goes_on() -> None:
    world = ToyWorld()
    for _ in range(3):
        world.run(world.signed("buyer", add("a"), add("b")))
    tip, world.ledger = world.ledger.tip, reopened(world)
    assert world.ledger.tip == tip
    world.run(world.signed("buyer", add("a")))
    assert world.value("a") == 4


@pytest.mark.parametrize("kind", DISK_KINDS)
def test_a_ledger_on_disk_goes_on_where_it_was(kind: Kind, tmp_path: Path) -> None:
    store = open_store(tmp_path / "db", kind=kind)
    world = ToyWorld(store=store)
    made = world.signed("buyer", add("a"), schedule("d", world.now_ms + 500))
    world.run(made)
    tip = world.ledger.tip
    store.close()
    world.store = open_store(tmp_path / "db", kind=kind)
    world.ledger = reopened(world)
    assert world.ledger.tip == tip
    with pytest.raises(BlockInvalid, match="TransactionRepeated"):
        world.execute(made)
    world.run(world.signed("buyer", add("d")))
    assert world.value("d") == 101
    world.store.close()


def test_an_id_decided_before_a_restart_is_still_refused_after_it() -> None:
    world = ToyWorld()
    made = world.signed("buyer", add("a"))
    world.run(made)
    world.ledger = reopened(world)
    with pytest.raises(BlockInvalid, match="TransactionRepeated"):
        world.execute(made)


def test_a_database_of_another_genesis_or_layout_is_refused() -> None:
    world = ToyWorld()
    other = replace(genesis(), time_ms=genesis().time_ms + 1)
    with pytest.raises(StoreOfAnotherChain, match="another chain"):
        Ledger(world.store, other, ToyRules())
    known = world.store.get(schema.META_GENESIS)
    assert known is not None
    assert known[:2] == b"\x92\x02"
    world.store.write({schema.META_GENESIS: b"\x92\x03" + known[2:]})
    with pytest.raises(StoreOfAnotherChain, match="another chain or layout"):
        reopened(world)


def test_a_database_with_entries_and_no_genesis_is_never_founded_anew() -> None:
    world = ToyWorld()
    world.store.write({schema.META_GENESIS: None})
    with pytest.raises(StorageFailed, match="no genesis"):
        reopened(world)


def damaged(world: ToyWorld, key: bytes, value: bytes | None) -> None:
    world.store.write({key: value})
    with pytest.raises(StorageError):
        reopened(world)


def test_a_damaged_tip_is_refused() -> None:
    world = ToyWorld()
    world.run(world.signed("buyer", add("a")))
    tip = world.ledger.tip
    for value in (
        None,
        b"",
        b"\xc1",
        encode(tip)[:-1],
        encode(replace(tip, state_root=bytes(32))),
        encode(replace(tip, digest=bytes(32))),
        encode(replace(tip, header=replace(tip.header, view=1))),
    ):
        damaged(world, schema.META_TIP, value)
    world.store.write({schema.META_TIP: encode(tip)})
    assert reopened(world).tip == tip
    damaged(world, schema.header_key(1), encode(replace(tip.header, view=1)))


def test_an_old_tip_over_a_newer_tree_is_refused() -> None:
    world = ToyWorld()
    old = world.store.get(schema.META_TIP)
    world.run(world.signed("buyer", add("a")))
    damaged(world, schema.META_TIP, old)


def test_a_damaged_tree_is_refused() -> None:
    world = ToyWorld()
    world.run(world.signed("buyer", *[add(f"{i}") for i in range(60)]))
    nodes = [key for key in rows(world) if key.startswith(schema.TREE + b"n")]
    value = world.store.get(nodes[0])
    assert value is not None
    damaged(world, nodes[0], bytes([value[0] ^ 1]) + value[1:])
    damaged(world, nodes[0], None)


def test_the_database_forgets_a_minutes_ids_a_few_per_block(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("chain.ledger.FORGOTTEN_PER_BLOCK_MAX", 2)
    world = ToyWorld()
    made = [world.signed("buyer", add("a")) for _ in range(5)]
    world.run(*made)
    world.decide(time_ms=made[0].transaction.valid_until_ms + 60_000)
    left = [5 - 2]
    while left[-1]:
        world.run()
        left.append(sum(key.startswith(schema.REMEMBERED) for key in rows(world)))
    assert left == [3, 1, 0]


def test_the_state_under_its_prefix_is_what_the_tree_commits_to() -> None:
    world = ToyWorld()
    world.run(world.signed("buyer", *[add(f"{i}") for i in range(40)]))
    stored = {key[1:]: value for key, value in rows(world).items() if key[:1] == schema.STATE}
    assert StateTree.open(MemoryStore(), b"t").stage(stored).root == world.ledger.tip.state_root
    assert value_of(world.ledger.state, "39") == 1


# The same everywhere.


@pytest.mark.parametrize("kind", DISK_KINDS)
def test_every_store_gives_the_same_roots(kind: str) -> None:
    assert play_on(kind) == play_on("memory")


def test_the_roots_are_the_same_under_any_hash_seed_locale_time_zone_and_optimisation() -> None:
    expected = "\n".join(play_on("memory")) + "\n"
    assert {line.split()[-1] for line in expected.splitlines()[1:]} > {"0"}, "some must fail"
    surroundings = [
        ({"PYTHONHASHSEED": "1", "LC_ALL": "C", "TZ": "UTC"}, []),
        ({"PYTHONHASHSEED": "77", "LC_ALL": "tr_TR.UTF-8", "TZ": "Asia/Shanghai"}, ["-O"]),
        ({"PYTHONHASHSEED": "random", "LC_ALL": "C.UTF-8", "TZ": "America/St_Johns"}, ["-OO"]),
    ]
    processes = [
        subprocess.Popen(
            [sys.executable, *flags, "-m", "tests.chain.history"],
            cwd=ROOT,
            env={**os.environ, **env, "PYTHONDONTWRITEBYTECODE": "1"},
            stdout=subprocess.PIPE,
            text=True,
        )
        for env, flags in surroundings
    ]
    for process in processes:
        output, _ = process.communicate(timeout=60)
        assert process.returncode == 0
        assert output == expected
