"""Random queries against the plain oracle: `python -m tests.commerce.epcis.query.at_length`.

Each seed makes documents and queries of its own; the tests take a few. A disagreement ends the run
with the query and the event.
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal

from commerce.epcis.prefixes import DOCUMENT_SCOPE
from commerce.epcis.query.parameters import read_query
from commerce.epcis.query.subjects import Subject, read_stated
from tests.bench.command import say
from tests.commerce.epcis.query.material import Chance, documents_at_random, query_at_random
from tests.commerce.epcis.query.oracle import Seen, matches
from tests.commerce.epcis.statements import data

RECORD_MS = 1_767_225_600_123


def pairs(seed: int, count: int) -> list[tuple[Subject, Seen]]:
    """Each event as the query sees it and as the oracle does."""
    found = []
    for document, prefixes in documents_at_random(seed, count):
        raw = data(document)
        stated = read_stated(raw)
        plain = json.loads(raw, parse_float=Decimal, parse_int=Decimal)
        for event, told in zip(stated.events, plain["epcisBody"]["eventList"], strict=True):
            seen = Seen(told, prefixes, RECORD_MS)
            found.append((Subject(event, RECORD_MS, stated.master_data), seen))
    return found


def agrees(given: Mapping[str, list[str]], events: Sequence[tuple[Subject, Seen]]) -> int:
    """How many events match; each by the query if and only if by the oracle."""
    query = read_query(given, DOCUMENT_SCOPE)
    count = 0
    for subject, seen in events:
        by_hand = all(matches(seen, name, values) for name, values in given.items())
        assert query.matches(subject) is by_hand, (dict(given), seen.event)
        count += by_hand
    return count


def answered(seed: int, events: int, queries: int) -> int:
    """How many of a seed's queries find something among its events."""
    found, chance = pairs(seed, events), Chance(1_000 + seed)
    return sum(1 for _ in range(queries) if agrees(query_at_random(chance), found))


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--events", type=int, default=200, help="events of each seed")
    parser.add_argument("--queries", type=int, default=500, help="queries of each seed")
    asked = parser.parse_args()
    found = sum(answered(seed, asked.events, asked.queries) for seed in range(asked.seeds))
    say(f"{asked.seeds * asked.queries:,} queries agree, {found:,} of them find something")


if __name__ == "__main__":
    main()
