"""A new node, or one that is too far behind, takes the state from a snapshot instead of replaying.

It runs before the node proper, on a network of its own, with whom the node may talk to: collect
what the peers offer, choose, fetch the parts from all that have them, build a database beside the
old one, and let the two change places. Then the node starts as ever and gets the rest as blocks.
Everything can be interrupted at any point and goes on with what has been proven.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, closing, nullcontext
from dataclasses import dataclass
from typing import Final, Protocol

from chain.committee import Committee
from chain.errors import HushangError
from chain.genesis import Genesis
from chain.ledger import Ledger
from chain.snapshot import MANIFEST, Manifest, PartId, SnapshotPartWrong
from chain.snapshot_install import install
from chain.store import open_store
from chain.store_contract import KVStore
from chain.store_memory import MemoryStore
from chain.stored_chain import Tip
from commerce.registry import Registry
from node.config import NodeConfig
from node.joining_download import Download, SnapshotGone, Suspects, offer_of
from node.joining_files import JoiningAbandoned, JoiningFiles, KeptParts
from node.joining_peers import Exchange, nothing_offered
from node.joining_progress import JoiningProgress
from node.membership import Admitted, Membership
from p2p.frames import Channel
from p2p.handler import Handler
from p2p.messages import Message, Offer, write_message
from p2p.peer import PeerStatus

logger = logging.getLogger(__name__)

# Fewer blocks are replayed: that is as quick, and brings their receipts.
AHEAD_MIN: Final = 1_000
# So long are offers collected, unless enough peers have said what they have. Who hears of none
# waits until all have answered: who has one may connect last.
OFFERS_WAIT_S: Final = 5.0
TELL_EVERY_PARTS: Final = 200


class PeerNetwork(Protocol):
    """What joining needs of `p2p.network.Network`."""

    async def start(self, group: asyncio.TaskGroup) -> None:
        """Accept and dial from a task of `group`."""

    async def stop(self) -> None:
        """Close everything and wait until it is closed."""

    def send(self, peer: bytes, channel: Channel, payload: bytes) -> bool:
        """Queue a payload for a peer; False if it is not connected."""

    def peers(self) -> tuple[PeerStatus, ...]:
        """Everybody who may be asked, there or not."""


MakeNetwork = Callable[[Sequence[Admitted], Handler], PeerNetwork]


class FarBehind(HushangError):
    """Others are so far ahead of this new node that a snapshot is worth a question."""

    hint = (
        "nothing to do: the node asks for a snapshot, and replays the blocks if nobody offers one"
    )


def require_near(height: int, claims: Sequence[int], doubt: int) -> None:
    """`FarBehind` if more than `doubt` peers of a new node claim to be far ahead of it.

    A member that leaves to join is missed by the others: it takes more than the word of liars.
    """
    far = [claim for claim in claims if claim > height + AHEAD_MIN]
    if height < AHEAD_MIN and len(far) > doubt:
        raise FarBehind(f"at height {height}, peers say {max(far)}")


class NoSnapshotOffered(HushangError):
    """The peers have pruned the blocks that this node lacks, and none offers a snapshot."""

    hint = (
        "on a node that is level: hushang snapshot create; or name a peer that keeps the whole "
        "history under [[peers]]"
    )


@dataclass(frozen=True, slots=True)
class Standing:
    """Where this node is, as its database says, and whom it may talk to."""

    tip: Tip
    committee: Committee
    nodes: tuple[Admitted, ...]

    @property
    def height(self) -> int:
        """The newest block of the database."""
        return self.tip.height


@dataclass(frozen=True, slots=True)
class Underway:
    """What can be told of a node while it joins."""

    standing: Standing
    progress: JoiningProgress
    peers: Callable[[], tuple[PeerStatus, ...]]


# Entered while a node joins: whoever tells of it meanwhile.
Tell = Callable[[Underway], AbstractAsyncContextManager[None]]


class Joiner:
    """Decides whether to join by a snapshot, and does it. No database is open meanwhile."""

    def __init__(
        self,
        config: NodeConfig,
        genesis: Genesis,
        public_key: bytes,
        make_network: MakeNetwork,
        tell: Tell = lambda _: nullcontext(),
    ) -> None:
        self._tell = tell
        self._config = config
        self._genesis = genesis
        self._public_key = public_key
        self._make_network = make_network
        self._files = JoiningFiles(config.data_dir)
        # A store in memory has no place to change with.
        self.may_join = config.join != "replay" and config.store != "memory"

    async def at_start(self) -> None:
        """Finish what an earlier process began, or begin where the settings want a snapshot."""
        self._files.settle()
        began = self._files.started_at()
        if not self.may_join:
            return
        if began is None and self._config.join != "snapshot":
            return
        height = self._standing().height
        wants = self._config.join == "snapshot"
        if began == height or (wants and height == 0):
            await self._run(1 if wants else AHEAD_MIN)
        else:
            self._files.end()

    async def instead_of(self, error: HushangError) -> None:
        """The node ended since it is behind: join, or say why that can't be."""
        if isinstance(error, FarBehind):
            logger.info("%s: asking for a snapshot", error)
            why_not = await self._run(AHEAD_MIN)
            if why_not is not None:
                logger.info("%s: the blocks are replayed", why_not)
            return
        if not self.may_join:
            raise error
        logger.warning("%s: only a snapshot leads further", error)
        why_not = await self._run(1)
        if why_not is not None:
            raise NoSnapshotOffered(f"{error}; {why_not}") from error

    async def _run(self, ahead_min: int) -> str | None:
        """Join if somebody offers a snapshot so far ahead; else it isn't tried again: why."""
        standing = self._standing()
        self._files.begin(standing.height)
        attempt = _Attempt(self._config, self._genesis, self._public_key, self._files, standing)
        try:
            async with self._tell(Underway(standing, attempt.progress, attempt.peers)):
                joined = await attempt.run(self._make_network, ahead_min)
        finally:
            attempt.abandon()
        self._files.end()
        if joined:
            return None
        self.may_join = False
        return attempt.why_not

    def _standing(self) -> Standing:
        store: KVStore = MemoryStore()
        if self._files.database.exists():
            store = open_store(self._files.database, kind=self._config.store)
        with closing(store):
            ledger = Ledger(store, self._genesis, Registry())
            nodes = Membership(ledger, self._config.peers).nodes
            return Standing(ledger.tip, ledger.chain.committee, nodes)


class _Attempt:
    """One run on a network of its own."""

    def __init__(
        self,
        config: NodeConfig,
        genesis: Genesis,
        public_key: bytes,
        files: JoiningFiles,
        standing: Standing,
    ) -> None:
        self._config = config
        self._genesis = genesis
        self._public_key = public_key
        self._files = files
        self._standing = standing
        self._network: PeerNetwork | None = None
        self._exchange = Exchange(standing.height, self._send)
        self._suspects = Suspects({node.public_key: node.name for node in standing.nodes})
        self._abandoned = False
        # Why nothing was joined, once that is certain.
        self.why_not = ""
        self.progress = JoiningProgress(standing.height)

    def abandon(self) -> None:
        """A thread that builds a database ends at its next part."""
        self._abandoned = True

    def _send(self, peer: bytes, message: Message) -> None:
        if self._network is not None:
            self._network.send(peer, *write_message(message))

    async def run(self, make_network: MakeNetwork, ahead_min: int) -> bool:
        """True when a database from a snapshot is in its place."""
        self._network = network = make_network(self._standing.nodes, self._exchange)
        async with asyncio.TaskGroup() as group:
            await network.start(group)
            try:
                return await self._join(ahead_min)
            finally:
                await network.stop()

    async def _join(self, ahead_min: int) -> bool:
        while (offer := await self._choose(ahead_min)) is not None:
            told = {"event": "joining", "height": offer.height}
            logger.info("joining by the snapshot at height %s", offer.height, extra=told)
            files = self._files.parts(_folder_of(offer))
            download = Download(self._exchange, self._suspects, files, offer, self._genesis)
            self.progress.fetches(offer.height, download.counts)
            manifest = await self._fetched(download)
            if manifest is None:
                self.progress.asks()
                logger.warning("nobody has the snapshot at height %s any more", offer.height)
                self._exchange.ask_again()
            elif await self._installed(download, files, manifest):
                told = {"event": "joined", "height": offer.height}
                logger.info("joined at height %s", offer.height, extra=told)
                return True
        return False

    async def _fetched(self, download: Download) -> Manifest | None:
        """All parts are here; None if they can't be had any more."""
        manifest = None
        try:
            manifest = await download.manifest()
            await download.parts(manifest)
        except* SnapshotGone:
            manifest = None
        return manifest

    # Choosing.

    async def _choose(self, ahead_min: int) -> Offer | None:
        """The offer to take, when enough is known or the time is over."""
        kept = self._files.kept()
        while True:
            try:
                async with asyncio.timeout(OFFERS_WAIT_S):
                    while True:
                        self._exchange.news.clear()
                        best, votes = self._best(ahead_min, kept)
                        if self._have_enough_said(votes):
                            break
                        await self._exchange.news.wait()
            except TimeoutError:
                best, _ = self._best(ahead_min, kept)
            if best is not None:
                return best
            least = self._standing.height + ahead_min
            self.why_not = nothing_offered(self._exchange, self.peers(), self._public_key, least)
            self.progress.asks(self.why_not)
            if self._config.join != "snapshot":
                return None
            logger.warning("%s: waiting", self.why_not, extra={"event": "joining_waits"})
            self._exchange.ask_again()
            await asyncio.sleep(OFFERS_WAIT_S)

    def peers(self) -> tuple[PeerStatus, ...]:
        """Everybody who may be asked, there or not."""
        return () if self._network is None else self._network.peers()

    def _have_enough_said(self, votes: int) -> bool:
        """Have all said what they have, or a quorum, with this node, of which enough offer one?

        Short of all, that nobody has offered anything yet says nothing of who is not there yet.
        """
        exchange, committee = self._exchange, self._standing.committee
        if not exchange.have_all_answered():
            return False
        answered = len(exchange.offers())
        if answered >= len(self.peers()):
            return True
        return votes > committee.f and answered >= max(1, committee.quorum - 1)

    def _best(self, ahead_min: int, kept: frozenset[str]) -> tuple[Offer | None, int]:
        """Of snapshots so far ahead: one that is partly here, else one that more than may lie have,
        else the newest; and how many offer it.
        """
        votes: Counter[Offer] = Counter()
        for peer, offers in self._exchange.offers().items():
            if peer not in self._suspects:
                votes.update(list(dict.fromkeys(offers)))
        least, f = self._standing.height + ahead_min, self._standing.committee.f
        usable = [offer for offer in votes if offer.height >= least]
        best = max(
            usable,
            key=lambda o: (_folder_of(o) in kept, votes[o] > f, o.height, votes[o]),
            default=None,
        )
        return best, 0 if best is None else votes[best]

    # Installing.

    async def _installed(self, download: Download, files: KeptParts, manifest: Manifest) -> bool:
        """Build the database and put it in its place; False if a part is to be fetched again."""
        with_index = self._is_vouched(manifest)
        self._files.require_room(files.size())
        try:
            await asyncio.to_thread(self._build, files, manifest, with_index=with_index)
        except SnapshotPartWrong as error:
            # A power cut tore a file that was whole when it was proven, or the manifest leaves
            # something out, which only the whole shows.
            files.drop(error.part)
            if error.part == MANIFEST and download.manifest_from is not None:
                self._suspects.accuse(download.manifest_from, str(error))
            else:
                logger.warning("kept here and not right: %s; it is fetched again", error)
            return False
        self._files.swap()
        return True

    def _is_vouched(self, manifest: Manifest) -> bool:
        """No root covers the index: it is believed if one correct member at least offered it."""
        steps = manifest.steps
        committee = steps[-1].committee if steps else self._genesis.committee()
        vouchers = self._exchange.vouchers(offer_of(manifest))
        members = [key for key in vouchers if committee.index_of(key) is not None]
        if len(members) >= committee.weak_quorum:
            return True
        logger.warning(
            "the index of past transactions is not taken: %s members offer it, %s are needed",
            len(members),
            committee.weak_quorum,
        )
        return False

    def _build(self, files: KeptParts, manifest: Manifest, *, with_index: bool) -> None:
        self._files.clear_draft()
        reading = _Reading(files, 1 + len(manifest.parts()), lambda: self._abandoned)
        self.progress.installs(reading.counts)
        with closing(open_store(self._files.draft, kind=self._config.store)) as store:
            install(store, self._genesis, Registry(), reading, with_index=with_index)


class _Reading:
    """The parts as they are installed: tells how far it is, and ends when the node does."""

    def __init__(self, files: KeptParts, count: int, is_abandoned: Callable[[], bool]) -> None:
        self._files = files
        self._count = count
        self._is_abandoned = is_abandoned
        self._read = 0

    def counts(self) -> tuple[int, int]:
        """How many parts were read, and how many there are."""
        return self._read, self._count

    def read(self, part: PartId) -> bytes:
        """The bytes of a part."""
        if self._is_abandoned():
            raise JoiningAbandoned(f"{self._read} of {self._count} parts were installed")
        if self._read % TELL_EVERY_PARTS == 0:
            logger.info("installing the snapshot: %s of %s parts", self._read, self._count)
        self._read += 1
        return self._files.read(part)


def _folder_of(offer: Offer) -> str:
    """A name that no other snapshot has."""
    return f"{offer.height}-{offer.digest.hex()[:16]}-{offer.index_digest.hex()[:16]}"
