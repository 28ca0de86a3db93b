"""Named regressions of where others fell, part stores: journal and database tell one story.

A whole member, with the real replica, ledger and journal, on disks that die between any two acts.
Numbers are those of the table of traps in the protocol's design (docs/traps.md).
"""

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest

from chain.genesis import Genesis
from chain.ledger import Executed, Ledger
from chain.store import open_store
from chain.store_contract import Kind, KVStore
from chain.store_memory import MemoryStore
from chain.transaction import ReceivedTransaction, body_hash, read_transaction
from consensus.input import Checked, Proposal, Work
from consensus.output import BuildRequest, CheckRequest, Decided, Output, Results
from consensus.records import encode_record
from node.journal import Journal
from tests.chain.toy import ToyRules, add, value_of
from tests.chain.world import World, genesis
from tests.consensus.dying_disk import Died, Disk
from tests.node import drivers

OWNER = bytes(range(32))


class DyingStore:
    """A database whose batches are acts of the disk: before it nothing, after it all."""

    kind: Kind = "sqlite"

    def __init__(self, inner: KVStore, disk: Disk) -> None:
        self.inner = inner
        self.disk = disk
        self.get, self.scan, self.close = inner.get, inner.scan, inner.close
        self.tails = inner.tails

    def write(self, batch: Mapping[bytes, bytes | None], *, sync: bool = True) -> None:
        self.disk.act("batch")
        self.inner.write(batch, sync=sync)
        self.disk.act("written")


class Hermit:
    """A committee of one: the real replica, journal, ledger and database; obeys in one thread.

    Its client hands in again what it was not told of.
    """

    def __init__(self, disk: Disk, told: dict[bytes, bytes], store: KVStore) -> None:
        self.disk, self.told = disk, told
        self.store = DyingStore(store, disk)
        self.executed: dict[bytes, Executed] = {}
        self.pool: list[ReceivedTransaction] = []
        self.request: BuildRequest | None = None

    def boot(self, genesis: Genesis) -> None:
        self.ledger = Ledger(self.store, genesis, ToyRules())
        self.journal = Journal(self.disk.path(), OWNER)
        self.replica = drivers.restore(self.ledger, 0, self.journal)
        self.now_ms = self.ledger.tip.header.time_ms + 1_000
        self.obey(self.replica.tick(self.now_ms))

    def close(self) -> None:
        self.disk.close()

    def live(self, transactions: list[ReceivedTransaction]) -> None:
        """Decide them one after another, each with its seal; the journal is shortened once."""
        for transaction in transactions:
            if self.ledger.find_receipt(transaction.id) is None:
                self.pool = [transaction]
            for _ in range(4):
                self.now_ms += 100
                self.obey(self.replica.step(Work(waiting=bool(self.pool)), self.now_ms))
                self.obey(self.replica.tick(self.now_ms, 10))
            self.journal.rewrite([encode_record(record) for record in self.replica.records()])

    def obey(self, output: Output) -> None:
        """Persist, then (nobody to send to), then write."""
        if output.persist:
            self.journal.append([encode_record(record) for record in output.persist])
        for decided in output.decided:
            self.write(decided)
        for request in output.check:
            self.obey(self.replica.step(self.check(request), self.now_ms))
        self.request = output.build or self.request
        self.build()

    def write(self, decided: Decided) -> None:
        executed = self.executed.pop(decided.digest, None)
        if executed is None:
            bodies = [read_transaction(raw, self.ledger.rules) for raw in decided.block.bodies]
            executed = self.ledger.execute(decided.block.header, bodies)
        self.ledger.write(executed, decided.certificate)
        self.pool = []
        for received in executed.transactions:
            assert self.told.setdefault(received.id, decided.digest) == decided.digest

    def check(self, request: CheckRequest) -> Checked:
        assert request.bodies is not None
        bodies = [read_transaction(raw, self.ledger.rules) for raw in request.bodies]
        executed = self.executed[request.digest] = self.ledger.execute(request.header, bodies)
        roots = executed.staged.root, executed.result.receipts_root
        results = Results(*roots, needs_seal=executed.needs_seal)
        height, view = request.header.height, request.view
        return Checked(height, view, request.digest, request.bodies, results)

    def build(self) -> None:
        request = self.request
        if request is None or request.height != self.ledger.tip.height + 1:
            return
        if not self.pool and not request.at_once:
            return
        self.request = None
        bodies = tuple(received.raw for received in self.pool)
        hashes = tuple(body_hash(raw) for raw in bodies)
        time_ms = max(self.now_ms, request.time_ms_min)
        place = request.height, request.view, request.parent
        proposal = Proposal(*place, time_ms, hashes, bodies)
        self.obey(self.replica.step(proposal, self.now_ms))


class Story:
    """One genesis and three transactions, the same in every life."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        world = World(made=genesis(1), rules=ToyRules())
        self.genesis = world.genesis
        self.transactions = [world.signed("buyer", add("a")) for _ in range(3)]
        self.monkeypatch = monkeypatch

    def member(
        self, directory: Path, dies_at: int | None, told: dict[bytes, bytes], store: KVStore
    ) -> Hermit:
        directory.mkdir(exist_ok=True)
        hermit = Hermit(Disk(directory, dies_at), told, store)
        hermit.disk.watch(self.monkeypatch)
        return hermit

    def play(self, hermit: Hermit) -> None:
        hermit.boot(self.genesis)
        hermit.live(self.transactions)

    def acts(self, directory: Path) -> list[str]:
        """What is done to the disk in a whole life."""
        hermit = self.member(directory, None, {}, MemoryStore())
        with closing(hermit):
            self.play(hermit)
        return hermit.disk.acts

    def die(self, directory: Path, dies_at: int, store: KVStore) -> Hermit:
        hermit = self.member(directory, dies_at, {}, store)
        with closing(hermit), pytest.raises(Died):
            self.play(hermit)
        return hermit

    def check(self, hermit: Hermit) -> None:
        """One height everywhere, what was told is where it was, everything happened once."""
        ledger = hermit.ledger
        assert hermit.replica.height == ledger.tip.height == 6
        ids = [transaction.id for transaction in self.transactions]
        assert hermit.told.keys() <= set(ids)
        for transaction_id in ids:
            found = ledger.find_receipt(transaction_id)
            assert found is not None
            header = ledger.header(found[0].height)
            assert header is not None
            assert hermit.told.get(transaction_id, header.digest()) == header.digest()
        assert value_of(ledger.state, "a") == 3


@pytest.mark.parametrize("power", [False, True], ids=["killed", "power cut"])
def test_trap_24_a_death_between_any_two_writes_leaves_one_consistent_height(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    power: bool,  # noqa: FBT001
) -> None:
    """Trap 24 (concord#1709): journal and database are two stores; whichever was written last,
    the member comes back at one height, keeps what it told, and does nothing twice.
    """
    story = Story(monkeypatch)
    acts = story.acts(tmp_path / "whole")
    assert acts.count("batch") == 1 + 6
    assert acts.count("rename") == 1 + 3
    for dies_at in range(len(acts)):
        store = MemoryStore()
        dead = story.die(tmp_path / str(dies_at), dies_at, store)
        if power:
            dead.disk.cut_power()
        again = story.member(dead.disk.directory, None, dead.told, store)
        with closing(again):
            story.play(again)
            story.check(again)


def test_trap_24_a_database_behind_the_journal_is_brought_up_by_the_journal_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trap 24 (concord#1709): what was decided and not written is decided again, the same."""
    story = Story(monkeypatch)
    acts = story.acts(tmp_path / "whole")
    batches = [at for at, act in enumerate(acts) if act == "batch"]
    for number, dies_at in enumerate(batches[1:]):
        directory = tmp_path / str(dies_at)
        directory.mkdir()
        with closing(open_store(directory / "db", kind="sqlite")) as store:
            story.die(directory, dies_at, store)
        with closing(open_store(directory / "db", kind="sqlite")) as store:
            again = story.member(directory, None, {}, store)
            with closing(again):
                again.boot(story.genesis)
                assert again.ledger.tip.height == again.replica.height == number + 1
