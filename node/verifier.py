"""Signatures off the event loop: transactions in slices on threads, votes once each.

libsodium releases the interpreter's lock, so slices run side by side. A slice is short enough
(about 10 ms) that nothing else of the process waits long for the lock between its signatures.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice

from chain.crypto import require_valid, verify
from chain.errors import HushangError, as_value
from chain.store_contract import StorageError
from chain.transaction import OperationDecoder, ReceivedTransaction, read_transaction

SLICE_MAX = 128
# So few, so small, are read on the loop: some 0.2 ms at most, where a thread costs 0.1 ms.
FEW_MAX = 4
FEW_BYTES_MAX = 4 * 1024
VOTE_FACTS_MAX = 16_384

Read = ReceivedTransaction | HushangError
# Raises where there is no use in checking the signatures of what was read.
Judge = Callable[[ReceivedTransaction], None]


def judge_nothing(_received: ReceivedTransaction) -> None:
    """Whatever can be read is verified."""


def are_few(raws: Collection[bytes]) -> bool:
    """Is reading these sooner done than a thread has been woken for it and has told?"""
    return len(raws) <= FEW_MAX and sum([len(raw) for raw in raws]) <= FEW_BYTES_MAX


class TransactionVerifier:
    """Reads raw transactions, given by their body hashes, and checks every signature they carry."""

    def __init__(self, decoder: OperationDecoder, threads: int) -> None:
        self._decoder = decoder
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="verify")

    def close(self) -> None:
        """End the threads; waits for the slices under way, whose judge may read of the store."""
        self._pool.shutdown(cancel_futures=True)

    async def read_all(
        self, raws: Mapping[bytes, bytes], *, certified: bool = False, judge: Judge = judge_nothing
    ) -> dict[bytes, Read]:
        """Many at once, in order. Of a certified block the signatures were checked by a quorum."""
        if are_few(raws.values()):
            return self.read_few(raws, certified=certified, judge=judge)
        loop = asyncio.get_running_loop()
        left = iter(raws.items())
        results: dict[bytes, Read] = {}
        while part := dict(islice(left, SLICE_MAX)):
            job = partial(self.read_few, part, certified=certified, judge=judge)
            results |= await loop.run_in_executor(self._pool, job)
        return results

    def read_few(
        self, raws: Mapping[bytes, bytes], *, certified: bool = False, judge: Judge = judge_nothing
    ) -> dict[bytes, Read]:
        """As `read_all`, at once and on any thread: of those that `are_few`, or of a slice."""
        decoder, check = self._decoder, not certified
        return {body: _read_one(body, raws[body], decoder, judge, check=check) for body in raws}


def _read_one(
    body: bytes, raw: bytes, decoder: OperationDecoder, judge: Judge, *, check: bool
) -> Read:
    try:
        received = read_transaction(raw, decoder, body)
        if check:
            judge(received)
            for entry in received.signatures:
                require_valid(entry.public_key, received.signing, entry.signature)
    except StorageError:
        # No refusal: the node must not go on.
        raise
    except HushangError as error:
        return as_value(error)
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
