"""What the API shows of recalls: pure reads of the agreed state."""

from dataclasses import dataclass

from chain.codec import Hash
from chain.state import StateReader
from commerce.products import load_product
from commerce.recalls.blocked import recalled_products
from commerce.recalls.record import load_recall


@dataclass(frozen=True, slots=True)
class RecallView:
    """A recall; `sweeping` while orders in flight are still looked for."""

    recall_id: Hash
    gtin: str
    title: str
    recall_class: int
    opener: Hash
    instruction: Hash
    report: Hash | None
    state: str
    sweeping: bool
    opened_ms: int
    closed_ms: int | None


def recall_view(state: StateReader, recall_id: bytes) -> RecallView:
    """A recall, or `RecallUnknown`."""
    recall = load_recall(state, recall_id)
    return RecallView(
        recall_id=recall_id,
        gtin=recall.gtin,
        title=load_product(state, recall.gtin).title,
        recall_class=recall.recall_class,
        opener=recall.opener,
        instruction=recall.instruction,
        report=recall.report,
        state=recall.state,
        sweeping=recall.due_ms is not None,
        opened_ms=recall.opened_ms,
        closed_ms=recall.closed_ms,
    )


def open_recalls(state: StateReader, gtin: str | None = None) -> tuple[RecallView, ...]:
    """All that are open, by GTIN, or the one of a product."""
    blocked = [entry for entry in recalled_products(state) if gtin in (None, entry.gtin)]
    return tuple([recall_view(state, entry.recall_id) for entry in blocked])
