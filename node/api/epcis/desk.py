"""What the EPCIS binding keeps besides the chain: tokens, capture jobs, subscriptions."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from node.api.epcis.headers import ANSWERED, JSON
from node.gateway import jobs
from node.gateway.gateway import CaptureGateway
from node.gateway.jobs import JobBook
from node.gateway.rates import Rates
from node.gateway.tokens import TokenBook
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


def _no_query(_name: str) -> None:
    """There are no named queries."""


@dataclass(frozen=True, slots=True)
class DeskSettings:
    """Where things lie; without a directory nothing is kept, without a file nobody has a token."""

    directory: Path | None = None
    tokens: Path | None = None
    # Networks besides the internet that webhooks may lead to.
    webhook_networks: tuple[str, ...] = ()

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


def open_desk(
    service: NodeService,
    clock_ms: Callable[[], int],
    settings: DeskSettings | None = None,
    find_query: FindQuery | None = None,
) -> EpcisDesk:
    """Open what the binding keeps."""
    settings = settings or DeskSettings()
    find_query = find_query or _no_query
    genesis_hash = service.chain.genesis_hash
    captures = settings.log(jobs.FILE_NAME, jobs.LOG_NAME, genesis_hash)
    subscriptions = SubscriptionBook(settings.log(book.FILE_NAME, book.LOG_NAME, genesis_hash))
    places = AllowedPlaces(settings.webhook_networks)
    courier = Courier(
        CourierParts(
            book=subscriptions,
            chain=service,
            sender=Sender(places),
            find=find_query,
            headers=WEBHOOK_HEADERS,
            clock_ms=clock_ms,
            jitter=random.random,
        )
    )
    gateway = CaptureGateway(TokenBook(settings.tokens), JobBook(captures), clock_ms, Rates())
    return EpcisDesk(gateway, subscriptions, courier, places, find_query)
