"""A simulated node: the real replica, ledger, pool, door, sync on virtual time.

It mirrors `node.driver`: one round steps all that waits, one fsync covers the promises of all, and
nothing of an Output leaves before: persist, then send, then write. Ledger work runs one job after
another beside it. A crash loses everything but the disk.
"""

from collections import deque
from collections.abc import Sequence
from functools import partial
from typing import cast

from typing_extensions import override

from chain.block import Block
from chain.errors import HushangError, LedgerError, ProtocolError
from chain.ledger import Ledger
from chain.store_contract import StorageError
from chain.transaction import ReceivedTransaction
from consensus.config import TICK_MS
from consensus.input import Checked, FetchedBlock, Input, Work
from consensus.output import BuildRequest, CheckRequest, Decided, Output
from consensus.records import Record, promises_nothing
from node.door import sponsor_of
from node.driver import STEPS_PER_ROUND_MAX
from node.ledger_queue import Built, LedgerQueue, Written
from node.mempool import Mempool
from node.sync import Sync
from node.transport import Transport
from node.verifier import Read
from p2p import messages as wire
from p2p.frames import Channel
from p2p.network import Network as RealNetwork
from tests.sim.alarm import Alarm
from tests.sim.bodies import SimBodies
from tests.sim.bounds import check_bounds
from tests.sim.checks import Durable
from tests.sim.disk import Disk
from tests.sim.entrance import Entrance
from tests.sim.pool_watch import LOOK_US, PoolWatch
from tests.sim.post import Outlet, SimGossip, route
from tests.sim.process import Process
from tests.sim.shared import Distorter, Setting, restored
from tests.sim.witness import overhear, witness
from tests.sim.world import MS, Violation

POOL_SIZE_MAX = 4 * 1024 * 1024


class SimNode(Process):
    """One copy of a member."""

    def __init__(self, setting: Setting, member: int, place: int, disk: Disk) -> None:
        super().__init__(setting.world, place, disk)
        self.setting = setting
        self.member = member
        self.honest = member not in setting.byzantine
        self.distorter: Distorter | None = None
        setting.network.attach(place, self)

    @override
    def _boot(self) -> None:
        setting = self.setting
        self._started_us = setting.world.now_us
        self._ticked = 0
        self.inbox: deque[tuple[Input, int | None]] = deque()
        self._busy = False
        self._round_asked = False
        self._wake_at = 0
        self._alarm = Alarm(setting.world, self.later, self._stir)
        self._unsaid: list[Record] = []
        self._building: BuildRequest | None = None
        self._build_busy = False
        records = self.disk.journal.recover()
        self.durable = Durable()
        for record in records:
            self.durable.take(record)
        self.ledger = Ledger(
            self.disk.store, setting.genesis, setting.rules, setting.signatures.verify
        )
        self.start_height = self.ledger.tip.height
        own_key = setting.keys[self.member]
        outlet = Outlet(self)
        self.transport = Transport()
        self.transport.network = cast("RealNetwork", outlet)
        self.queue = LedgerQueue(self.ledger)
        self.mempool = Mempool(POOL_SIZE_MAX, self.ledger.chain.committee.n)
        read = setting.reader.transaction
        self.entrance = Entrance(self.ledger, self.mempool, self.clock_ms, self._admitted, read)
        connected = self.transport.connected
        self.sync = Sync(self.ledger, self.transport.send, self.post, self.clock_ms, connected)
        others = [key for key in setting.keys if key != own_key]
        self.gossip = SimGossip(outlet, others, self.later)
        self.watch = PoolWatch(self.mempool, self.gossip, self.clock_ms)
        self.later(LOOK_US, self._watch_pool)
        self.bodies = SimBodies(self.mempool, read, self.transport.ask_bodies, self.later)
        nonce = self.chance.getrandbits(64) if self.honest else None
        self.replica = restored(setting, self.ledger, self.member, records, nonce)
        self._work_changed = True
        self._waiting_told = False
        self._outputs([self.replica.tick(self.clock_ms(), 1)])
        setting.network.started(self.place)

    # Rounds: all that waits is stepped together.

    def post(self, event: Input, source: int | None = None) -> None:
        """Hand something to the replica."""
        self.inbox.append((event, source))
        self._stir()

    def _tell_work(self) -> None:
        """Tell the replica in the next round what there is to do: once, however much has come."""
        self._work_changed = True
        self._stir()

    def _stir(self) -> None:
        if self._busy or self._round_asked:
            return
        self._round_asked = True
        self.later(20 + int(281 * self.chance.random()), self._round)

    def _round(self) -> None:
        self._round_asked = False
        if self._busy:
            return
        now_ms = self.clock_ms()
        outputs = self._time_and_work(now_ms)
        for _ in range(min(len(self.inbox), STEPS_PER_ROUND_MAX)):
            event, source = self.inbox.popleft()
            try:
                outputs.append(self.replica.step(event, now_ms))
            except ProtocolError as fault:
                self._blame(source, fault, event)
            except (HushangError, AssertionError):
                if self.honest:
                    raise
                # A twin met its own lies; that copy is gone until it is started again.
                self.crash()
                return
        if self.honest:
            check_bounds(self)
        self._outputs(outputs)

    def _time_and_work(self, now_ms: int) -> list[Output]:
        """What passed and changed since the last round comes first."""
        outputs: list[Output] = []
        elapsed_us = (self.setting.world.now_us - self._started_us) * self.clock.rate
        passed = int(elapsed_us) // (TICK_MS * MS)
        if passed > self._ticked:
            outputs.append(self.replica.tick(now_ms, passed - self._ticked))
            self._ticked = passed
        if self._work_changed:
            self._work_changed = False
            outputs.append(self.replica.step(self._work(), now_ms))
        return outputs

    def _blame(self, source: int | None, fault: HushangError, event: object = None) -> None:
        if isinstance(event, FetchedBlock):
            self.sync.disbelieved(event)
        lying = self.setting.byzantine
        self.setting.world.count("refused")
        # A fetched block has no source any more (see `node.sync`): whoever can lie may have.
        innocent = not lying if source is None else source not in lying
        if self.honest and innocent:
            raise Violation("honest members are heard", f"{self.place} refuses {source}: {fault}")

    def _outputs(self, outputs: list[Output]) -> None:
        if self.honest:
            overhear(self, outputs)
        records = [record for output in outputs for record in output.persist]
        self._unsaid += records
        if promises_nothing(records) and not (records and any(o.send for o in outputs)):
            self._obey(outputs)
            return
        self._busy = True
        unsaid, self._unsaid = self._unsaid, []
        self.disk.journal.append(unsaid)
        self.later(self._fsync_us(), lambda: self._synced(outputs))

    def _fsync_us(self) -> int:
        slow = 50 if self.chance.random() < 0.01 else 1
        return 50 + int(self.chance.expovariate(1 / self.setting.fsync_us)) * slow

    def _synced(self, outputs: list[Output]) -> None:
        for record in self.disk.journal.sync():
            self.durable.take(record)
        self._busy = False
        self._obey(outputs)

    def _obey(self, outputs: list[Output]) -> None:
        for output in outputs:
            self._speak(output)
            for decided in output.decided:
                self._decide(decided)
            for request in output.check:
                self.bodies.gather(request, self._gathered)
            if output.build is not None:
                self._building = output.build
            self._wake_at = output.wake_at
        self._try_build()
        self._shorten_journal()
        self._rest()

    def _speak(self, output: Output) -> None:
        setting = self.setting
        if self.honest:
            witness(self, output)
        if output.send:
            self.transport.send_votes(output.send)
        for serve in output.serve:
            self.sync.serve(serve.peer, serve.first, serve.last - serve.first + 1)
        for fetch in output.fetch:
            self.sync.fetch(fetch)
        setting.world.counts["evidence"] += len(output.evidence)

    def _shorten_journal(self) -> None:
        journal = self.disk.journal
        if journal.size < max(self.setting.journal_size_max, 2 * journal.size_rewritten):
            return
        if self._busy or self.ledger.tip.height != self.replica.height:
            return
        self._busy = True
        self._unsaid = []
        records = self.replica.records()
        self.later(self._fsync_us(), lambda: self._shortened(records))

    def _shortened(self, records: Sequence[Record]) -> None:
        self.setting.world.count("journals_rewritten")
        self.disk.journal.rewrite(records)
        self.durable = Durable()
        for record in self.disk.journal.durable:
            self.durable.take(record)
        self._busy = False
        self._rest()

    def _rest(self) -> None:
        """Sleep until something comes or the replica wants to wake."""
        if self._busy:
            return
        if self.inbox or self._work_changed:
            self._stir()
            return
        due_us = self._started_us + int(self._wake_at * TICK_MS * MS / self.clock.rate)
        self._alarm.set(due_us + int(20 * MS * self.chance.random()))

    # Deciding, writing.

    def _decide(self, decided: Decided) -> None:
        if self.honest:
            self.setting.checks.decided(self.place, decided)
        height = decided.block.header.height
        self.bodies.cancel(height)
        self.thread.ask(lambda: self.queue._write(decided), self._written, writes=True)
        self.sync.decided(height)

    def _written(self, written: Written) -> None:
        tip = written.tip
        included = [received.id for received in written.executed.transactions]
        self.mempool.discard(included)
        self.bodies.decided(tip.height, written.executed.transactions)
        sponsors = partial(sponsor_of, self.ledger.state)
        lived = self.sync.lived_ms is not None
        self.watch.note(tip.height, written.executed.transactions, sponsors, lived=lived)
        if self.honest:
            self.setting.checks.written(tip.height, tip.digest, included)
        self.setting.world.counts["deadlines"] += written.executed.result.fired
        self.setting.world.note(f"{self.place} writes {tip.height}", tip.digest)
        self._tell_work()
        self._try_build()

    def _watch_pool(self) -> None:
        if self.watch.look(self.ledger.tip):
            self._tell_work()
        self.later(LOOK_US, self._watch_pool)

    def _work(self) -> Work:
        waiting = self._waiting_told = len(self.mempool) > 0
        return Work(waiting, self.watch.skipped_ms(), self.ledger.next_deadline_ms())

    # Checking, proposing.

    def _gathered(self, request: CheckRequest, found: list[Read]) -> None:
        invalid = next((entry for entry in found if isinstance(entry, HushangError)), None)
        if invalid is not None:
            if not isinstance(invalid, LedgerError):
                raise invalid
            height, view = request.header.height, request.view
            refusal = f"ProposalBodyInvalid: {invalid}"
            self.post(Checked(height, view, request.digest, (), None, refusal))
            return
        transactions = [entry for entry in found if isinstance(entry, ReceivedTransaction)]
        self.thread.ask(lambda: self.queue._check(request, transactions), self._checked)

    def _checked(self, checked: Checked | None) -> None:
        if checked is not None:
            if checked.results is None:
                self.setting.world.count("proposals_refused")
            self.post(checked)

    def _try_build(self) -> None:
        request = self._building
        if request is None or self._build_busy:
            return
        if self.ledger.tip.height != request.height - 1:
            return
        if not request.at_once and not len(self.mempool):
            return
        self._build_busy = True
        limits = self.setting.genesis.consensus
        candidates = self.mempool.pick(
            request.height, limits.block_transactions_max, limits.block_size_max
        )
        if self.distorter is not None:
            candidates = self.distorter.pick(candidates)
        time_ms = max(self.clock_ms(), request.time_ms_min)

        def built(found: Built | None) -> None:
            self._built(request, found)

        self.thread.ask(lambda: self.queue._build(request, candidates, time_ms), built)

    def _built(self, request: BuildRequest, built: Built | None) -> None:
        self._build_busy = False
        if built is None:
            return
        if built.refused:
            self.mempool.discard(built.refused)
            self._tell_work()
        if not built.proposal.bodies and not request.at_once:
            return
        newest = self._building
        if newest is not None and (newest.height, newest.view) == (request.height, request.view):
            self._building = None
        if self.distorter is None:
            self.post(built.proposal)
            return
        proposal = self.distorter.propose(built.proposal)
        self.later(self.distorter.delay_us(), lambda: self.post(proposal))

    # Peers and clients.

    def receive(self, source: int, channel: Channel, payload: bytes) -> None:
        """One payload of a peer (see `node.router`)."""
        try:
            if channel is Channel.CONSENSUS:
                self.post(self.setting.reader.message(payload), source)
            else:
                route(self, source, wire.read_message(channel, payload))
        except ProtocolError as fault:
            self._blame(source, fault)
        except StorageError as error:
            self.stop(error)

    @property
    def leader(self) -> int | None:
        """The number of the member that leads its view at its active height."""
        primary, members = self.replica.primary, self.replica._state.committee.members
        return None if primary is None else self.setting.number(members[primary].node_key)

    def held_block(self, digest: bytes) -> Block | None:
        """An undecided block that the replica holds."""
        return (self.replica.held_block(digest) or (None,))[0]

    def submit(self, raw: bytes) -> HushangError | None:
        """A client's transaction."""
        return self.entrance.admit(raw, None)

    def _admitted(self, received: ReceivedTransaction, origin: bytes | None) -> None:
        self.gossip.add(received, origin)
        self.bodies.news()
        if not self._waiting_told:
            self._tell_work()
        self._try_build()

    def connected(self, member: int) -> None:
        """A connection to a member is new: it is told of the pool again."""
        peer = self.setting.keys[member]
        waiting = [entry.received for entry in self.mempool.fair_order(self.replica.height + 1)]
        self.gossip.connected(peer, waiting)
