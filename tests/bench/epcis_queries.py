"""What EPCIS queries take: `python -m tests.bench.epcis_queries --documents 1000`.

Captures documents of 100 events each (those of `tests.bench.capture`) into a ledger, ten a block,
and asks for the first page and the one after it: milliseconds of one thread, the library of parsed
documents empty before the first. `--events` events a document.
"""

import tempfile
from collections.abc import Mapping
from contextlib import closing
from itertools import islice
from pathlib import Path
from time import perf_counter
from typing import Final

from chain.ledger import Ledger
from chain.store import open_store
from commerce.epcis.prefixes import DOCUMENT_SCOPE
from commerce.epcis.query.parameters import read_query
from commerce.registry import Registry
from node.api.epcis.answers import document, told
from node.api.epcis.library import Library
from node.api.epcis.result_pages import PER_PAGE, ResultPage, Start, result_page
from tests.bench.capture import RUN, documents, signed, whole
from tests.bench.command import command, say, tell
from tests.commerce.world import PREFIX, genesis

PER_BLOCK: Final = 10
ITEM: Final = f"urn:epc:id:sgtin:{PREFIX}.012345.{RUN}00000420"
PRODUCT: Final = f"urn:epc:idpat:sgtin:{PREFIX}.012345.*"
QUERIES: Final[Mapping[str, Mapping[str, str]]] = {
    "all, as captured": {},
    "newest first": {"orderBy": "recordTime"},
    "one item": {"MATCH_epc": ITEM},
    "one product, newest first": {"MATCH_epc": PRODUCT, "orderBy": "eventTime"},
    "an hour of the day": {
        "GE_eventTime": "2026-01-01T01:00:00+08:00",
        "LT_eventTime": "2026-01-01T02:00:00+08:00",
    },
    "warmer than 288.95 K": {"GT_value_KEL": "288.95"},
    "nothing has this step": {"EQ_bizStep": "shipping"},
    "an eventID": {"EQ_eventID": f"urn:uuid:{RUN:08x}-0000-4000-8000-{42:012x}"},
}


def fill(ledger: Ledger, count: int, events: int) -> None:
    """Capture so many documents."""
    texts = islice(documents(events), count)
    nonce = 0
    while raws := [
        signed(ledger, text, nonce + at) for at, text in enumerate(islice(texts, PER_BLOCK), 1)
    ]:
        nonce += len(raws)
        whole(ledger, raws)
        tell(f"{nonce} documents")


def measure(ledger: Ledger, given: Mapping[str, str]) -> tuple[ResultPage, list[float]]:
    """The first page of a query, and milliseconds of it and of the one after it."""
    query = read_query({name: [value] for name, value in given.items()}, DOCUMENT_SCOPE)
    library, start = Library(), Start(ledger.tip.height)
    first: ResultPage | None = None
    took: list[float] = []
    for _ in range(2):
        began = perf_counter()
        page = result_page(ledger, library, query, start, PER_PAGE)
        document([told(event) for event in page.events], ledger.tip.header.time_ms)
        took.append((perf_counter() - began) * 1000)
        first = first or page
        if page.next is None:
            break
        start = page.next
    assert first is not None
    return first, took


def bench(ledger: Ledger, count: int, events: int) -> None:
    """Fill a ledger and print what each query takes."""
    fill(ledger, count, events)
    say(f"{count * events:,} events; ms for the first page, for the second; events of the first")
    for name, given in QUERIES.items():
        page, took = measure(ledger, given)
        shown = "".join(f"{ms:10.1f}" for ms in took)
        say(f"  {name:<28}{shown:<20}{len(page.events):6}")


def main() -> None:
    """Parse the command line and run."""
    parser = command("epcis_queries", __doc__)
    parser.add_argument("--documents", type=int, default=1_000, help="documents to capture")
    parser.add_argument("--events", type=int, default=100, help="events a document")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, closing(open_store(Path(folder) / "db")) as store:
        bench(Ledger(store, genesis(), Registry()), arguments.documents, arguments.events)


if __name__ == "__main__":
    main()
