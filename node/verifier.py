"""Signatures off the event loop: transactions in slices on threads, votes once each.

libsodium releases the interpreter's lock, so slices run side by side. A slice is short enough
(about 10 ms) that nothing else of the process waits long for the lock between its signatures.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from chain.crypto import require_valid, verify
from chain.errors import HushangError
from chain.store_contract import StorageError
from chain.transaction import OperationDecoder, ReceivedTransaction, read_transaction
from node.service import PoolFull

SLICE_MAX = 128
# So few, so small, are read on the loop: some 0.2 ms at most, where a thread costs 0.1 ms.
FEW_MAX = 4
FEW_BYTES_MAX = 4 * 1024
PENDING_MAX = 20_000
VOTE_FACTS_MAX = 16_384
RETRY_AFTER_MS = 500

Read = ReceivedTransaction | HushangError
# Raises where there is no use in checking the signatures of what was read.
Judge = Callable[[ReceivedTransaction], None]


def judge_nothing(_received: ReceivedTransaction) -> None:
    """Whatever can be read is verified."""


def are_few(raws: Sequence[bytes]) -> bool:
    """Is reading these sooner done than a thread has been woken for it and has told?"""
    return len(raws) <= FEW_MAX and sum([len(raw) for raw in raws]) <= FEW_BYTES_MAX


class TransactionVerifier:
    """Reads raw transactions and checks every signature they carry; call it from one loop."""

    def __init__(self, decoder: OperationDecoder, threads: int) -> None:
        self._decoder = decoder
        # Asked on the threads, of what comes from clients, before any signature is checked.
        self.judge: Judge = judge_nothing
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="verify")
        self._pending: deque[tuple[bytes, asyncio.Future[ReceivedTransaction]]] = deque()
        self._busy = 0

    def close(self) -> None:
        """Let the threads end."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def read(self, raw: bytes) -> ReceivedTransaction:
        """One transaction, verified; raises the `LedgerError` of the first broken rule.

        What comes while the threads are busy goes into the next slice together.
        """
        if len(self._pending) >= PENDING_MAX:
            msg = f"{PENDING_MAX} transactions wait to be verified"
            raise PoolFull(msg, RETRY_AFTER_MS)
        if not self._busy and are_few((raw,)):
            result = _read_one(raw, self._decoder, self.judge, check=True)
            if isinstance(result, HushangError):
                raise result
            return result
        future: asyncio.Future[ReceivedTransaction] = asyncio.get_running_loop().create_future()
        self._pending.append((raw, future))
        self._start()
        return await future

    async def read_all(
        self, raws: Sequence[bytes], *, certified: bool = False, judge: Judge = judge_nothing
    ) -> list[Read]:
        """Many at once, in order. Of a certified block the signatures were checked by a quorum."""
        if are_few(raws):
            return self.read_few(raws, certified=certified, judge=judge)
        loop = asyncio.get_running_loop()
        results: list[Read] = []
        for at in range(0, len(raws), SLICE_MAX):
            part = raws[at : at + SLICE_MAX]
            job = partial(_read_slice, part, self._decoder, judge, check=not certified)
            results += await loop.run_in_executor(self._pool, job)
        return results

    def read_few(
        self, raws: Sequence[bytes], *, certified: bool = False, judge: Judge = judge_nothing
    ) -> list[Read]:
        """As `read_all`, at once: of those that `are_few`."""
        return _read_slice(raws, self._decoder, judge, check=not certified)

    def _start(self) -> None:
        if self._busy >= self._threads or not self._pending:
            return
        self._busy += 1
        count = min(SLICE_MAX, len(self._pending))
        items = [self._pending.popleft() for _ in range(count)]
        raws = [raw for raw, _ in items]
        loop = asyncio.get_running_loop()
        job = partial(_read_slice, raws, self._decoder, self.judge, check=True)
        slice_ = loop.run_in_executor(self._pool, job)
        slice_.add_done_callback(lambda done: self._finish(items, done))

    def _finish(
        self,
        items: list[tuple[bytes, asyncio.Future[ReceivedTransaction]]],
        done: "asyncio.Future[list[Read]]",
    ) -> None:
        self._busy -= 1
        if done.cancelled():
            # Closed: whoever waits is told so.
            waiting = [*items, *self._pending]
            self._pending.clear()
            for _, future in waiting:
                future.cancel()
            return
        failure = done.exception()
        results = [failure] * len(items) if failure is not None else done.result()
        for (_, future), result in zip(items, results, strict=True):
            if future.done():
                continue
            if isinstance(result, BaseException):
                future.set_exception(result)
            else:
                future.set_result(result)
        self._start()


def _read_slice(
    raws: Sequence[bytes], decoder: OperationDecoder, judge: Judge, *, check: bool
) -> list[Read]:
    return [_read_one(raw, decoder, judge, check=check) for raw in raws]


def _read_one(raw: bytes, decoder: OperationDecoder, judge: Judge, *, check: bool) -> Read:
    try:
        received = read_transaction(raw, decoder)
        if check:
            judge(received)
            for entry in received.signatures:
                require_valid(entry.public_key, received.signing, entry.signature)
    except StorageError:
        # No refusal: the node must not go on.
        raise
    except HushangError as error:
        return error
    return received


class VoteVerifier:
    """Decides votes' signatures and remembers the valid ones: certificates repeat them."""

    def __init__(self) -> None:
        self._facts: dict[tuple[bytes, bytes, bytes], None] = {}

    def __call__(self, public_key: bytes, message: bytes, signature: bytes) -> bool:
        """Does the signature hold for key and message?"""
        fact = (public_key, message, signature)
        if fact in self._facts:
            return True
        if not verify(public_key, message, signature):
            return False
        if len(self._facts) >= VOTE_FACTS_MAX:
            # Oldest first: a dict keeps the order of insertion.
            for old in list(self._facts)[: VOTE_FACTS_MAX // 2]:
                del self._facts[old]
        self._facts[fact] = None
        return True
