"""What comes into being by which event, and who says so."""

from collections.abc import Callable, Iterable, Iterator

from commerce.epcis.graph import Row, TraceIndex
from commerce.epcis.summary import Role, Summary


def commissions(summary: Summary) -> bool:
    """Does it bring its objects into being?"""
    return summary.type == "ObjectEvent" and summary.action == "ADD"


def made_by(summary: Summary) -> tuple[str, ...]:
    """What an event brings into being."""
    return summary.items if commissions(summary) else summary.outputs


def births(
    read: Callable[[bytes], Summary | None], rows: Iterable[Row]
) -> Iterator[tuple[bytes, Summary]]:
    """The events among a thing's rows that brought it into being, of those that `read` tells."""
    for _, key, role in rows:
        if role is not Role.OUTPUT and role is not Role.SUBJECT:
            continue
        summary = read(key)
        if summary is not None and (role is Role.OUTPUT or commissions(summary)):
            yield key, summary


def makers(index: TraceIndex, rows: Iterable[Row]) -> frozenset[bytes]:
    """The accounts that stated, as a fact that counts, that things with these rows were made."""
    return frozenset([index.capturer(key) for key, _ in births(index.summary, rows)])
