"""Captures by REST: checked as every replica checks, signed by a delegated key, handed in, noted.

Nothing that is invalid is signed. A job is on disk before its request is answered, and after its
transactions are in the pool: who got no answer sends the document again, which is harmless, since
capture knows events by their key.
"""

import asyncio
import secrets
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, TypeVar

from chain.codec import encode
from chain.errors import HushangError
from chain.transaction import (
    TRANSACTION_VERSION,
    Transaction,
    sign_transaction,
    transaction_id,
)
from commerce.epcis.capture import PUBLIC, EpcisCapture
from commerce.epcis.document import read_document
from commerce.epcis.errors import EpcisInvalid
from commerce.registry import operation
from node.gateway.jobs import CAPTURE, TEXT_SIZE_MAX, Job, JobBook, JobError, JobPart
from node.gateway.rates import Rates
from node.gateway.splitting import error_at, split
from node.gateway.tokens import Holder, TokenBook
from node.service import NodeService

VALID_FOR_MS: Final = 120_000
# A document costs up to 40 ms; more threads would only crowd the loop.
THREADS: Final = 2
T = TypeVar("T")

_NONCE_BITS: Final = 64


class EventsRefused(HushangError):
    """No event of the document can be captured; `errors` says why, event by event."""

    hint = (
        "mend what `errors` names for each event; hushang epcis validate FILE tells it beforehand"
    )

    def __init__(self, errors: Sequence[JobError]) -> None:
        super().__init__("; ".join(f"{error.where}: {error.detail}" for error in errors[:3]))
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Signed:
    """A transaction ready to be handed in, and the event that it captures (None: all)."""

    raw: bytes
    part: JobPart


@dataclass(frozen=True, slots=True)
class Checked:
    """What of a document may be signed, event by event, and why the rest may not."""

    documents: tuple[tuple[int | None, bytes], ...]
    errors: tuple[JobError, ...]


class CaptureGateway:
    """One for each node. `clock_ms` is the node's time."""

    def __init__(
        self,
        tokens: TokenBook,
        jobs: JobBook,
        clock_ms: Callable[[], int],
        rates: Rates | None = None,
    ) -> None:
        self.tokens = tokens
        self.jobs = jobs
        self.clock_ms = clock_ms
        self._rates = rates
        self._threads = ThreadPoolExecutor(THREADS, "captures")
        self._noting = asyncio.Lock()
        self._unnoted: list[Job] = []
        # Documents since the start.
        self.taken = 0
        self.refused = 0

    def close(self) -> None:
        """Check and sign no more; waits for what is being checked."""
        self._threads.shutdown(cancel_futures=True)

    async def holder(self, token: str | None) -> Holder | None:
        """Whose token it is, None for a wrong one; `TooManyRequests`."""
        loop = asyncio.get_running_loop()
        # Reads files, and perhaps opens sealed keys, where something has changed.
        found = await self._off_loop(self.tokens.find, token)
        if found is not None and self._rates is not None:
            self._rates.take(found.name, found.rate, loop.time())
        return found

    async def capture(
        self, service: NodeService, holder: Holder, document: bytes, *, proceed: bool
    ) -> Job:
        """Capture a document; the job that it became.

        Raises what is wrong with it (`EpcisMalformed`, `EpcisTooLarge`, `EpcisInvalid`, with
        `proceed` `EventsRefused`), or the door's refusal of all its transactions.
        """
        try:
            job = await self._captured(service, holder, document, proceed=proceed)
        except HushangError:
            self.refused += 1
            raise
        self.taken += 1
        return job

    async def _captured(
        self, service: NodeService, holder: Holder, document: bytes, *, proceed: bool
    ) -> Job:
        created_ms = self.clock_ms()
        valid_until_ms = created_ms + VALID_FOR_MS
        checked = await self._off_loop(check_each if proceed else check_whole, document)
        chain = service.chain.genesis_hash
        signed = await self._off_loop(sign_each, checked, holder, chain, valid_until_ms)
        answers = await service.submit_batch([one.raw for one in signed])
        refused = [answer for answer in answers if isinstance(answer, HushangError)]
        if len(refused) == len(signed):
            raise refused[0]
        at_door = [
            _job_error(one.part.event, answer.code, "", str(answer))
            for one, answer in zip(signed, answers, strict=True)
            if isinstance(answer, HushangError)
        ]
        taken = [
            one.part
            for one, answer in zip(signed, answers, strict=True)
            if not isinstance(answer, HushangError)
        ]
        job = Job(
            id=taken[0].transaction_id,
            account=holder.account,
            created_ms=created_ms,
            valid_until_ms=valid_until_ms,
            proceed=proceed,
            parts=tuple(taken),
            errors=(*checked.errors, *at_door),
        )
        await self._note(job)
        return job

    async def _note(self, job: Job) -> None:
        """Put a job on disk, and with it all that came while another was on its way there."""
        self._unnoted.append(job)
        async with self._noting:
            if self._unnoted:
                jobs, self._unnoted = self._unnoted, []
                await self._off_loop(self.jobs.add, *jobs)

    async def _off_loop(self, function: Callable[..., T], *arguments: object) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, function, *arguments)


def check_whole(document: bytes) -> Checked:
    """All events or none."""
    read_document(document)
    return Checked(((None, document),), ())


def check_each(document: bytes) -> Checked:
    """Each event by itself; `EventsRefused` if none of them may be captured."""
    documents: list[tuple[int | None, bytes]] = []
    errors: list[JobError] = []
    for index, part in enumerate(split(document)):
        try:
            read_document(part)
        except EpcisInvalid as refusal:
            found = error_at(refusal, index)
            errors.append(_job_error(index, found.code, found.path, found.rule))
            continue
        documents.append((index, part))
    if not documents:
        raise EventsRefused(errors)
    return Checked(tuple(documents), tuple(errors))


def sign_each(
    checked: Checked, holder: Holder, genesis_hash: bytes, valid_until_ms: int
) -> list[Signed]:
    """One transaction for each document."""
    found = []
    for index, document in checked.documents:
        transaction = Transaction(
            version=TRANSACTION_VERSION,
            genesis_hash=genesis_hash,
            sender=holder.account,
            nonce=secrets.randbits(_NONCE_BITS),
            valid_until_ms=valid_until_ms,
            operations=(operation(CAPTURE, EpcisCapture(document, PUBLIC)),),
            memo=None,
        )
        signed = sign_transaction(transaction, [(holder.account, holder.key)])
        part = JobPart(transaction_id(signed.content), index)
        found.append(Signed(encode(signed), part))
    return found


def _job_error(event: int | None, code: str, where: str, detail: str) -> JobError:
    return JobError(event, code, _told(where), _told(detail))


def _told(text: str) -> str:
    """Words that may quote a document, as the book keeps them."""
    return "".join(one if one.isprintable() else " " for one in text[:TEXT_SIZE_MAX])
