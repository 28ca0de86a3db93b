"""The node's part in the beacon: it deals secrets, acknowledges others' and reveals for draws.

It looks at the state after each block and sends one transaction at a time, like any client, signed
with the node key for its member (docs/adr/0090). Nothing is stored: what it owes follows from the
state and the key. While nobody could be drawn it owes nothing, and the chain rests.
"""

import asyncio
import logging
import math
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol, TypeVar

from chain.bech32m import encode_account
from chain.block import OK
from chain.codec import encode
from chain.crypto import PrivateKey
from chain.errors import HushangError, PolicyNotSatisfied
from chain.ledger import Ledger
from chain.store_contract import StorageError
from chain.transaction import TRANSACTION_VERSION, Transaction, sign_transaction
from commerce.beacon.dealing import DealName
from commerce.beacon.duties import Looked, acknowledging_due, deal_due, reveal, reveals_due
from commerce.beacon.errors import DealOutdated, DealOutOfTurn, DealsUnknown, DrawUnknown
from commerce.registry import operation
from node.service import Decided, Submitted

logger = logging.getLogger(__name__)

T = TypeVar("T")

SHARE: Final = "beacon.share"
ACKNOWLEDGE: Final = "beacon.acknowledge"
REVEAL: Final = "beacon.reveal"

# How long a transaction may wait for its block before another one is sent.
LIFETIME_MS: Final = 30_000
# What it may take until this node has the last block that could hold it.
GRACE_MS: Final = 5_000
# A seat whose turn it isn't gives the others so long for each turn before it.
TURN_S: Final = 1.0
# After a refusal nothing of its kind is sent for so long, twice as long after the next one.
PAUSE_S: Final = 1.0
PAUSE_MAX_S: Final = 600.0
NOT_DELEGATED: Final = "the member's delegation to this node key is gone: member.update restores it"
# What others were faster with, or a change of the committee: nobody need look.
OVERTAKEN: Final = frozenset(
    rule.__name__ for rule in (DrawUnknown, DealsUnknown, DealOutdated, DealOutOfTurn)
)
# Deals that don't open are remembered, not to be opened again after each block.
WRONG_MAX: Final = 4_096


class Access(Protocol):
    """What the agent asks of its node."""

    async def submit(self, raw: bytes) -> Submitted:
        """Take raw signed transaction bytes through the door."""
        ...

    async def wait_decided(self, transaction_id: bytes, timeout_ms: int) -> Decided | None:
        """The outcome once the block is synced here; None when the time is over."""
        ...

    def look(self, job: Callable[[Ledger], T]) -> Awaitable[T]:
        """What a quick reader of the ledger finds between two blocks."""
        ...


@dataclass(frozen=True, slots=True)
class Duty:
    """An operation that this node owes in the name of a member's account."""

    account: bytes
    type: str
    payload: object


@dataclass(frozen=True, slots=True)
class Found:
    """The most urgent duty, if any; after how long to look again even without another block."""

    duty: Duty | None
    again_s: float = math.inf


@dataclass(slots=True)
class _Pause:
    """Until when nothing of a kind is sent, and how long the next pause will be."""

    until_s: float
    next_s: float


class BeaconAgent:
    """One node's. `run` is its task; `block_written` is called on the event loop."""

    def __init__(
        self,
        key: PrivateKey,
        access: Access,
        clock_ms: Callable[[], int],
        is_level: Callable[[], bool],
    ) -> None:
        """`is_level`: has the node all blocks that it knows of? If not, more news is to come."""
        self._key = key
        self._access = access
        self._clock_ms = clock_ms
        self._is_level = is_level
        self._news = asyncio.Event()
        self._news.set()
        self._pauses = {kind: _no_pause() for kind in (REVEAL, ACKNOWLEDGE, SHARE)}
        # When this node first saw each draw that it could reveal for.
        self._seen_s: dict[bytes, float] = {}
        self._wrong: set[DealName] = set()
        # By type and outcome, "done" or "failed", since the start.
        self.outcomes: Counter[tuple[str, str]] = Counter()

    def block_written(self) -> None:
        """The state may ask for something new."""
        self._news.set()

    async def run(self) -> None:
        """Do what is owed until cancelled."""
        again_s = math.inf
        while True:
            await self._wait(again_s)
            again_s = math.inf
            if not self._is_level():
                continue
            found = await self._access.look(partial(self._find, now_s=_now_s()))
            again_s = found.again_s
            if found.duty is not None:
                await self._do(found.duty)
                # There may be more to do, without another block.
                self._news.set()

    async def _wait(self, again_s: float) -> None:
        """Until there is news, or the time is over."""
        try:
            async with asyncio.timeout(None if again_s == math.inf else again_s):
                await self._news.wait()
        except TimeoutError:
            return
        self._news.clear()

    # What is owed. Called on the ledger's thread, while this task waits for it.

    def _find(self, ledger: Ledger, now_s: float) -> Found:
        looked = Looked(ledger.state, ledger.chain, self._key)
        finders = (
            (REVEAL, self._revealing),
            (ACKNOWLEDGE, self._acknowledging),
            (SHARE, self._dealing),
        )
        again_s = math.inf
        for kind, find in finders:
            pause_s = self._pauses[kind].until_s - now_s
            if pause_s > 0:
                again_s = min(again_s, pause_s)
                continue
            found = find(looked, now_s)
            if found.duty is not None:
                return found
            again_s = min(again_s, found.again_s)
        return Found(None, again_s)

    def _revealing(self, looked: Looked, now_s: float) -> Found:
        due = reveals_due(looked)
        self._seen_s = {one.draw_id: self._seen_s.get(one.draw_id, now_s) for one in due}
        again_s = math.inf
        for one in due:
            left_s = self._seen_s[one.draw_id] + one.turn * TURN_S - now_s
            if left_s > 0:
                again_s = min(again_s, left_s)
                continue
            made = reveal(looked, one.draw_id)
            if made is not None:
                return Found(Duty(made[0], REVEAL, made[1]))
        return Found(None, again_s)

    def _acknowledging(self, looked: Looked, _now_s: float) -> Found:
        due = acknowledging_due(looked, self._wrong)
        if due is None:
            return Found(None)
        if len(self._wrong) + len(due.wrong) > WRONG_MAX:
            self._wrong.clear()
        for name in due.wrong:
            dealer = encode_account(name.dealer)
            logger.warning("beacon: deal %s of %s opens to no share for us", name.number, dealer)
            self._wrong.add(name)
        if due.payload is None:
            return Found(None)
        return Found(Duty(due.account, ACKNOWLEDGE, due.payload))

    def _dealing(self, looked: Looked, _now_s: float) -> Found:
        made = deal_due(looked)
        return Found(None if made is None else Duty(made[0], SHARE, made[1]))

    # Doing it.

    async def _do(self, duty: Duty) -> None:
        """Send it and wait for its outcome; whatever it fails for, its kind rests for a while."""
        try:
            failure = await self._send(duty)
        except StorageError:
            # No refusal: the node must not go on.
            raise
        except HushangError as error:
            failure = f"{error.code}: {error}"
            if isinstance(error, PolicyNotSatisfied):
                failure += f" ({NOT_DELEGATED})"
        self.outcomes[duty.type, "done" if failure is None else "failed"] += 1
        if failure is None:
            self._pauses[duty.type] = _no_pause()
            return
        pause = self._pauses[duty.type]
        level = logging.INFO if failure in OVERTAKEN else logging.WARNING
        told = {"event": "beacon_duty_failed", "duty": duty.type}
        words = "%s: %s; again in %g s if need be"
        logger.log(level, words, duty.type, failure, pause.next_s, extra=told)
        next_s = min(2 * pause.next_s, PAUSE_MAX_S)
        self._pauses[duty.type] = _Pause(_now_s() + pause.next_s, next_s)

    async def _send(self, duty: Duty) -> str | None:
        """None once it is done, else why not."""
        submitted = await self._access.submit(await self._access.look(partial(self._sign, duty)))
        decided = submitted.decided
        if decided is None:
            decided = await self._access.wait_decided(submitted.id, LIFETIME_MS + GRACE_MS)
        if decided is None:
            return "not decided in time"
        receipt = decided.receipt
        return None if receipt.status == OK else receipt.status

    def _sign(self, duty: Duty, ledger: Ledger) -> bytes:
        chain = ledger.chain
        # A block's time may be ahead of this node's clock.
        time_ms = max(self._clock_ms(), ledger.tip.header.time_ms)
        lifetime_ms = min(LIFETIME_MS, chain.genesis.consensus.transaction_lifetime_max_ms)
        transaction = Transaction(
            TRANSACTION_VERSION,
            chain.genesis_hash,
            duty.account,
            secrets.randbits(64),
            time_ms + lifetime_ms,
            (operation(duty.type, duty.payload),),
            None,
        )
        return encode(sign_transaction(transaction, [(duty.account, self._key)]))


def _no_pause() -> _Pause:
    return _Pause(-math.inf, PAUSE_S)


def _now_s() -> float:
    return asyncio.get_running_loop().time()
