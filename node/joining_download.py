"""Fetching the parts of one snapshot from every peer that has it; each is proven before it is kept.

Each peer works on a few parts at a time, taken from one queue. What it doesn't answer goes back
into the queue and it rests a while; what doesn't prove right names the peer, which is asked for
nothing more.
"""

import asyncio
import logging
from collections.abc import Mapping
from typing import Final

from chain.errors import HushangError
from chain.genesis import Genesis
from chain.snapshot import (
    MANIFEST,
    Manifest,
    PartId,
    PartKind,
    SnapshotPartWrong,
    index_part_hash,
)
from chain.snapshot_check import check_manifest, check_part
from node.joining_files import KeptParts
from node.joining_peers import Exchange, PartLacking, PartTooLarge, PeerLeft, PeerSilent
from p2p.messages import Offer

logger = logging.getLogger(__name__)

LANES_PER_PEER: Final = 3
# What is proven on the event loop, which has nothing else to do for long.
AT_ONCE_MAX: Final = 1024 * 1024
REST_S: Final = 5.0
TELL_EVERY_S: Final = 3.0
# Nobody has the snapshot: so long may it take until one of them is back.
GONE_WAIT_S: Final = 5.0


def offer_of(manifest: Manifest) -> Offer:
    """How a snapshot is offered."""
    return Offer(manifest.height, manifest.digest, manifest.index_digest())


class SnapshotGone(Exception):
    """No peer has this snapshot any more, or all that have it lied."""


class Suspects:
    """Peers that sent what does not prove right, and everybody's name for people."""

    def __init__(self, names: Mapping[bytes, str]) -> None:
        self._names = names
        self._liars: set[bytes] = set()

    def accuse(self, peer: bytes, lie: str) -> None:
        """Name it, once, and ask it for nothing more."""
        if peer in self._liars:
            return
        self._liars.add(peer)
        logger.error("%s sent what is not right: %s; it is asked no more", self.name(peer), lie)

    def __contains__(self, peer: bytes) -> bool:
        return peer in self._liars

    def name(self, peer: bytes) -> str:
        """A peer for people: its name and the beginning of its key."""
        return f"{self._names.get(peer, 'an unknown peer')} ({peer.hex()[:16]})"


class Download:
    """One snapshot on its way to disk."""

    def __init__(
        self,
        exchange: Exchange,
        suspects: Suspects,
        files: KeptParts,
        offer: Offer,
        genesis: Genesis,
    ) -> None:
        self._exchange = exchange
        self._suspects = suspects
        self._files = files
        self._offer = offer
        self._genesis = genesis
        self._todo: asyncio.Queue[PartId] = asyncio.Queue()
        self._missing = 0
        self._count = 0
        self._fetched_size = 0
        self._changed = asyncio.Event()
        # Who sent the manifest, if it came just now.
        self.manifest_from: bytes | None = None

    async def manifest(self) -> Manifest:
        """The proven manifest, kept or fetched. Raises `SnapshotGone`."""
        if self._files.has(MANIFEST):
            try:
                return await self._proven(self._files.read(MANIFEST))
            except SnapshotPartWrong as error:
                logger.warning("kept here and not right: %s; it is fetched again", error)
                self._files.drop(MANIFEST)
        while True:
            peer = await self._somebody()
            try:
                data = await self._exchange.fetch(peer, self._offer, MANIFEST)
                found = await self._proven(data)
            except (SnapshotPartWrong, PartTooLarge) as error:
                self._suspects.accuse(peer, str(error))
            except (PeerLeft, PeerSilent, PartLacking) as error:
                self._dismiss(peer, error)
            else:
                self._files.keep(MANIFEST, data)
                self.manifest_from = peer
                return found

    async def _proven(self, data: bytes) -> Manifest:
        """As offered, and as the genesis leads to it."""
        manifest = await asyncio.to_thread(check_manifest, data, self._genesis)
        if offer_of(manifest) != self._offer:
            raise SnapshotPartWrong(MANIFEST, "it is not the snapshot that was offered")
        return manifest

    async def _somebody(self) -> bytes:
        """A peer that has the snapshot and has not lied; waits a little for one."""
        try:
            async with asyncio.timeout(GONE_WAIT_S):
                while not (peers := self._holders()):
                    self._exchange.news.clear()
                    await self._exchange.news.wait()
        except TimeoutError:
            raise SnapshotGone from None
        return peers[0]

    def _holders(self) -> tuple[bytes, ...]:
        offering = self._exchange.offering(self._offer)
        return tuple(peer for peer in offering if peer not in self._suspects)

    def counts(self) -> tuple[int, int]:
        """How many parts are here, and how many there are."""
        return self._count - self._missing, self._count

    async def parts(self, manifest: Manifest) -> None:
        """Fetch what is missing; returns when everything is here. Raises `SnapshotGone`."""
        wanted = [MANIFEST, *manifest.parts()]
        missing = [part for part in wanted if not self._files.has(part)]
        self._count, self._missing = len(wanted), len(missing)
        for part in missing:
            self._todo.put_nowait(part)
        if len(missing) < len(wanted) - 1:
            logger.info("%s of %s parts are here already", len(wanted) - len(missing), len(wanted))
        async with asyncio.TaskGroup() as group:
            telling = group.create_task(self._tell(), name="joining progress")
            try:
                await self._staff(group, manifest)
            finally:
                telling.cancel()

    async def _staff(self, group: asyncio.TaskGroup, manifest: Manifest) -> None:
        """Keep every peer that has the snapshot at work until nothing is missing."""
        lanes: dict[bytes, list[asyncio.Task[None]]] = {}
        try:
            while self._missing:
                await self._somebody()
                for peer in self._holders():
                    if not any(not lane.done() for lane in lanes.get(peer, ())):
                        name = f"joining from {self._suspects.name(peer)}"
                        lanes[peer] = [
                            group.create_task(self._lane(peer, manifest), name=name)
                            for _ in range(LANES_PER_PEER)
                        ]
                self._changed.clear()
                self._exchange.news.clear()
                await self._wait_for_change()
        finally:
            for lane in [lane for staff in lanes.values() for lane in staff]:
                lane.cancel()

    async def _wait_for_change(self) -> None:
        waits = [asyncio.ensure_future(self._changed.wait())]
        waits.append(asyncio.ensure_future(self._exchange.news.wait()))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    async def _lane(self, peer: bytes, manifest: Manifest) -> None:
        """One part after another from this peer; ends when it is of no more use."""
        kept = True
        while kept:
            part = await self._todo.get()
            kept, data = False, b""
            try:
                data = await self._exchange.fetch(peer, self._offer, part)
                await self._take(manifest, part, data)
                kept = True
            except (SnapshotPartWrong, PartTooLarge) as error:
                self._suspects.accuse(peer, str(error))
            except (PeerLeft, PeerSilent, PartLacking) as error:
                self._dismiss(peer, error)
            finally:
                if not kept:
                    self._todo.put_nowait(part)
                self._changed.set()
            self._missing -= kept
            self._fetched_size += len(data)

    def _dismiss(self, peer: bytes, reason: HushangError) -> None:
        """It is asked what it has again, after a rest."""
        logger.warning("%s: %s: %s", self._suspects.name(peer), reason.code, reason)
        self._exchange.forget(peer, REST_S)

    async def _take(self, manifest: Manifest, part: PartId, data: bytes) -> None:
        """Prove a part and keep it."""
        if len(data) > AT_ONCE_MAX:
            await asyncio.to_thread(self._prove, manifest, part, data)
        else:
            # A few ms; changing threads for it costs more.
            self._prove(manifest, part, data)

    def _prove(self, manifest: Manifest, part: PartId, data: bytes) -> None:
        if part.kind is not PartKind.INDEX:
            check_part(manifest, part, data)
        elif index_part_hash(data) != manifest.index_parts[part.number]:
            # Its rows are read when it is installed; these are the bytes that were offered.
            raise SnapshotPartWrong(part, "its hash is not the one that the manifest names")
        self._files.keep(part, data)

    async def _tell(self) -> None:
        """A line every few seconds: how far, how fast, how long still."""
        loop = asyncio.get_running_loop()
        began, before = loop.time(), self._missing
        while True:
            await asyncio.sleep(TELL_EVERY_S)
            passed_s = loop.time() - began
            fetched = before - self._missing
            left_s = round(passed_s * self._missing / fetched) if fetched else None
            logger.info(
                "joining: %s of %s parts of the snapshot at height %s, %.1f MB/s, %s",
                self._count - self._missing,
                self._count,
                self._offer.height,
                self._fetched_size / passed_s / 1e6,
                "nothing came yet" if left_s is None else f"{left_s} s left",
            )
