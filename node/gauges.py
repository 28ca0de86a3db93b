"""Gauges that follow a status: in a row each, its name, its meaning and where its value stands."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from prometheus_client import CollectorRegistry, Gauge

Status = TypeVar("Status")


@dataclass(frozen=True, slots=True)
class Told(Generic[Status]):
    """One gauge. With labels, `read` gives a value for each choice of theirs."""

    name: str
    meaning: str
    read: Callable[[Status], float | Mapping[tuple[str, ...], float]]
    labels: tuple[str, ...] = ()


class Gauges(Generic[Status]):
    """Those of a table."""

    def __init__(self, registry: CollectorRegistry, table: Sequence[Told[Status]]) -> None:
        self._gauges = [
            (Gauge(told.name, told.meaning, told.labels, registry=registry), told.read)
            for told in table
        ]

    def set_from(self, status: Status) -> None:
        """Set all of them."""
        for gauge, read in self._gauges:
            value = read(status)
            if not isinstance(value, Mapping):
                gauge.set(value)
                continue
            # Who is there no longer is told no longer.
            gauge.clear()
            for labels, count in value.items():
                gauge.labels(*labels).set(count)
