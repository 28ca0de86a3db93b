"""What the EPCIS binding keeps besides the chain: tokens, jobs, queries, subscriptions."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from node.api.epcis import query_book
from node.api.epcis.headers import ANSWERED, JSON
from node.api.epcis.library import Library
from node.api.epcis.page_tokens import PageTokens
from node.api.epcis.query_book import QueryBook
from node.api.epcis.standing import NamedQuery
from node.gateway import jobs
from node.gateway.gateway import CaptureGateway
from node.gateway.jobs import JobBook
from node.gateway.rates import Rates
from node.gateway.tokens import TokenBook
from node.gateway_metrics import GatewayCounts
from node.record_log import RecordLog
from node.service import NodeService
from node.webhooks import book
from node.webhooks.addresses import AllowedPlaces
from node.webhooks.batches import StandingQuery
from node.webhooks.book import SubscriptionBook
from node.webhooks.courier import Courier, CourierParts
from node.webhooks.sender import Sender

WEBHOOK_HEADERS: Final = {**ANSWERED, "Content-Type": JSON}

FindQuery: TypeAlias = Callable[[str], StandingQuery | None]


@dataclass(frozen=True, slots=True)
class DeskSettings:
    """Where things lie; without a directory nothing is kept, without a file nobody has a token."""

    directory: Path | None = None
    tokens: Path | None = None
    # Networks besides the internet that webhooks may lead to.
    webhook_networks: tuple[str, ...] = ()
    # CAs besides the system's that may have signed a webhook's certificate.
    webhook_ca: Path | None = None

    def log(self, file_name: str, log_name: str, genesis_hash: bytes) -> RecordLog:
        """The file of records of this name."""
        path = None if self.directory is None else self.directory / file_name
        return RecordLog(path, log_name, genesis_hash)


@dataclass(frozen=True, slots=True)
class EpcisDesk:
    """One for each node; `courier.run` tells subscribers."""

    gateway: CaptureGateway
    subscriptions: SubscriptionBook
    courier: Courier
    places: AllowedPlaces
    find_query: FindQuery
    queries: QueryBook
    pages: PageTokens
    library: Library

    def counts(self, height: int) -> GatewayCounts:
        """How much of each there is, at the newest block's height."""
        kept = self.subscriptions.all()
        told = [one.progress.height for one in kept]
        return GatewayCounts(
            captures_taken=self.gateway.taken,
            captures_refused=self.gateway.refused,
            capture_jobs=len(self.gateway.jobs),
            queries=len(self.queries.all()),
            subscriptions=len(kept),
            subscriptions_failing=len(self.courier.troubles),
            webhooks_sent=self.courier.sent,
            webhooks_failed=self.courier.failed,
            # A subscription stands at the first height that it was not told.
            webhooks_behind=max(0, height + 1 - min(told, default=height + 1)),
        )


def open_desk(
    service: NodeService,
    clock_ms: Callable[[], int],
    settings: DeskSettings | None = None,
    find_query: FindQuery | None = None,
) -> EpcisDesk:
    """Open what the binding keeps."""
    settings = settings or DeskSettings()
    genesis_hash = service.chain.genesis_hash
    library = Library()
    queries = QueryBook(settings.log(query_book.FILE_NAME, query_book.LOG_NAME, genesis_hash))

    def find_named(name: str) -> StandingQuery | None:
        known = queries.get(name)
        return None if known is None else NamedQuery(name, known.query, library)

    find = find_query or find_named
    captures = settings.log(jobs.FILE_NAME, jobs.LOG_NAME, genesis_hash)
    subscriptions = SubscriptionBook(settings.log(book.FILE_NAME, book.LOG_NAME, genesis_hash))
    places = AllowedPlaces(settings.webhook_networks)
    courier = Courier(
        CourierParts(
            book=subscriptions,
            chain=service,
            sender=Sender(places, ca=settings.webhook_ca),
            find=find,
            headers=WEBHOOK_HEADERS,
            clock_ms=clock_ms,
            jitter=random.random,
        )
    )
    gateway = CaptureGateway(TokenBook(settings.tokens), JobBook(captures), clock_ms, Rates())
    pages = PageTokens(clock_ms)
    return EpcisDesk(gateway, subscriptions, courier, places, find, queries, pages, library)
