"""The evidence book: what convicts other members, kept over restarts in one small file.

Append-only frames (`node.frames`) of one record each: when it was found, then the evidence's
canonical bytes. It is this node's own collection and nothing agreed: a book that is lost costs no
safety, so that a torn tail is cut off, and its numbers are those of this book only.
"""

import asyncio
import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from chain.crypto import HASH_SIZE
from chain.errors import EvidenceMalformed
from chain.evidence import Evidence, convicted_vote, decode_evidence, encode_evidence
from chain.state import u64
from chain.store_contract import DISK_HINT, StorageError
from node.clients.files import sync_directory
from node.frames import encode_frame, is_torn, read_frames

FILE_NAME: Final = "evidence"
MAGIC: Final = b"hushang-evidence-2\n"
RECORDS_MAX: Final = 1_000
# One piece convicts; so that no member's pieces leave no room for those against others.
RECORDS_PER_MEMBER_MAX: Final = 100
# What `evidence.submit` takes; a ViewChange with two certificates of 128 members is about 20 kB.
EVIDENCE_SIZE_MAX: Final = 32 * 1024
_TIME_SIZE: Final = 8


class EvidenceBookDamaged(StorageError):
    """The evidence book is altered, or is another chain's or format's."""

    hint = (
        "stop the node; hushang repair moves the file aside: a node without it collects anew, and "
        "nothing agreed is lost"
    )


class EvidenceBookFailed(StorageError):
    """The disk refused a write or an fsync of the evidence book."""

    hint = DISK_HINT


@dataclass(frozen=True, slots=True)
class Found:
    """One entry: its number in this book, when this node found it (UTC), the evidence."""

    number: int
    found_ms: int
    evidence: Evidence
    # Canonical bytes: what `evidence.submit` carries and anybody checks.
    raw: bytes


# Member, epoch, kind and height: further pieces of the same are the same misdeed.
_Misdeed = tuple[int, int, int, int]


def _misdeed(evidence: Evidence, raw: bytes) -> _Misdeed:
    vote = convicted_vote(evidence)
    return vote.member, evidence.epoch, raw[0], vote.height


class EvidenceBook:
    """At most `RECORDS_MAX` entries, one for each misdeed. One thread, the event loop's."""

    def __init__(self, path: Path, genesis_hash: bytes, clock_ms: Callable[[], int]) -> None:
        """Open the book of this chain; the file appears with the first entry."""
        assert len(genesis_hash) == HASH_SIZE
        self._path = path
        self._header = MAGIC + genesis_hash
        self._clock_ms = clock_ms
        self._found: list[Found] = []
        self._misdeeds: set[_Misdeed] = set()
        self._by_member: Counter[tuple[int, int]] = Counter()
        self._news = asyncio.Event()
        try:
            self._read()
        except OSError as error:
            raise EvidenceBookFailed(f"{path}: {error}") from error

    @property
    def found(self) -> Sequence[Found]:
        """All entries, oldest first; an entry's number is its index."""
        return self._found

    def add(self, evidence: Evidence) -> bool:
        """Keep the evidence; False if it is known or the book is full. On disk on return.

        The caller knows that it proves what it says. Waits for the disk: at most as often as
        there are entries in a book.
        """
        raw = encode_evidence(evidence)
        misdeed = _misdeed(evidence, raw)
        who = misdeed[:2]
        if misdeed in self._misdeeds or len(raw) > EVIDENCE_SIZE_MAX:
            return False
        if len(self._found) >= RECORDS_MAX or self._by_member[who] >= RECORDS_PER_MEMBER_MAX:
            return False
        found_ms = self._clock_ms()
        try:
            self._append(u64(found_ms) + raw)
        except OSError as error:
            raise EvidenceBookFailed(f"{self._path}: {error}") from error
        self._keep(found_ms, evidence, raw)
        news, self._news = self._news, asyncio.Event()
        news.set()
        return True

    async def wait(self, count: int, timeout_ms: int) -> None:
        """Return when there are more than `count` entries, or the time is over."""
        try:
            async with asyncio.timeout(timeout_ms / 1000):
                while len(self._found) <= count:
                    await self._news.wait()
        except TimeoutError:
            return

    def _keep(self, found_ms: int, evidence: Evidence, raw: bytes) -> None:
        misdeed = _misdeed(evidence, raw)
        self._misdeeds.add(misdeed)
        self._by_member[misdeed[:2]] += 1
        self._found.append(Found(len(self._found), found_ms, evidence, raw))

    def _append(self, payload: bytes) -> None:
        fresh = not self._path.exists()
        with self._path.open("ab") as file:
            if fresh:
                file.write(self._header)
            file.write(encode_frame((payload,)))
            file.flush()
            os.fsync(file.fileno())
        if fresh:
            sync_directory(self._path.parent)

    def _read(self) -> None:
        if not self._path.exists():
            return
        data = self._path.read_bytes()
        if not data.startswith(self._header) and self._is_unborn(data):
            self._path.unlink()
            return
        if not data.startswith(self._header):
            raise EvidenceBookDamaged(f"{self._path} is no evidence book of this chain and format")
        whole = len(self._header)
        for end, payloads in read_frames(data, whole, self._path, EvidenceBookDamaged):
            for payload in payloads:
                self._take(payload, whole)
            whole = end
        if whole < len(data):
            os.truncate(self._path, whole)

    def _is_unborn(self, data: bytes) -> bool:
        """Was it torn while it was written for the first time?"""
        return self._header.startswith(data) or (not any(data[:1]) and is_torn(data, 0))

    def _take(self, payload: bytes, at: int) -> None:
        raw = payload[_TIME_SIZE:]
        try:
            evidence = decode_evidence(raw)
        except EvidenceMalformed as error:
            raise EvidenceBookDamaged(f"{self._path}: entry at byte {at}: {error}") from error
        self._keep(int.from_bytes(payload[:_TIME_SIZE], "big"), evidence, raw)
