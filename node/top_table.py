"""The dashboard as text: a table that fits 80 columns, reasons below it, what happened last."""

from collections.abc import Sequence
from importlib import import_module
from typing import Any, Final

from node.peer_words import ROLES
from node.plain_text import cell_count, padded
from node.top_figures import Figures
from node.words import said, spoken, words

GIB: Final = 1024**3
MIB: Final = 1024**2
KILO: Final = 1000
TEN: Final = 10
HAPPENINGS_SHOWN: Final = 4
HEADS: Final = (
    # `*` marks who leads by its own account.
    *("node", "*", "height", "view", "tx/s", "b/s", "p50/p99", "pool"),
    *("peers", "lag", "RSS", "disk", "state"),
)


def rows_of(figures: Sequence[Figures]) -> list[dict[str, str]]:
    """The cells of the table, one row a node."""
    return [_row(row) for row in figures]


def _row(row: Figures) -> dict[str, str]:
    if not row.there:
        return dict.fromkeys(HEADS, "–") | {"node": row.name, "*": "", "state": said("away")}
    return {
        "node": row.name,
        "height": _whole(row.height),
        "view": _whole(row.view),
        "*": "*" if row.primary == row.name else "",
        "tx/s": _rate(row.transactions_s),
        "b/s": _rate(row.blocks_s),
        "p50/p99": f"{_rate(row.p50_ms)}/{_rate(row.p99_ms)}" if row.p50_ms is not None else "–",
        "pool": "–" if row.pool is None else _rate(row.pool),
        "peers": f"{row.peers}/{row.peers_known}",
        "lag": _rate(row.lag_ms),
        "RSS": "–" if row.resident is None else _size(row.resident),
        "disk": "–" if row.disk_free is None else _size(row.disk_free),
        "state": _state(row),
    }


def _state(row: Figures) -> str:
    if not row.ready:
        return said("UNREADY")
    if row.role != "member":
        return ROLES.get(row.role, row.role)
    return said("silent") if row.words else said("ready")


def _whole(value: int | None) -> str:
    return "–" if value is None else str(value)


def _size(size: int) -> str:
    """In four characters, as far as disks go."""
    if size < GIB:
        return f"{size // MIB}M"
    return f"{size / GIB:.1f}G" if size < TEN * GIB else f"{size // GIB}G"


def _rate(value: float | None) -> str:
    if value is None:
        return "–"
    if value >= TEN * KILO:
        return f"{value / KILO:.0f}k"
    return f"{value:.0f}" if value >= TEN or value == 0 else f"{value:.1f}"


def notes_of(figures: Sequence[Figures], happened: Sequence[str]) -> list[str]:
    """Below the table: why a node isn't ready or silent, and what happened last."""
    told = [said("{name}: {words}", name=row.name, words=row.words) for row in figures if row.words]
    return told + [said("· {words}", words=each) for each in list(happened)[-HAPPENINGS_SHOWN:]]


def renderable(figures: Sequence[Figures], happened: Sequence[str], title: str) -> Any:
    """For Rich, which is imported only here."""
    table_module, text_module = import_module("rich.table"), import_module("rich.text")
    group = import_module("rich.console").Group
    table = table_module.Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    for head in HEADS:
        side = "left" if head in {"node", "*", "state"} else "right"
        # A node that never answered is known by its URL: that may fold, the figures may not.
        table.add_column(
            words().heading(head), justify=side, no_wrap=head != "node", overflow="fold"
        )
    for row, cells in zip(figures, rows_of(figures), strict=True):
        style = "" if row.there and row.ready else "bold red"
        table.add_row(*(text_module.Text(spoken(cells[head]), style=style) for head in HEADS))
    notes = [text_module.Text(spoken(each)) for each in notes_of(figures, happened)]
    return group(text_module.Text(spoken(title), style="bold"), table, *notes)


def plain(figures: Sequence[Figures], happened: Sequence[str], title: str) -> str:
    """For a pipe: the same, without colours, nothing cut."""
    heads = {head: words().heading(head) for head in HEADS}
    told = [{head: spoken(row[head]) for head in HEADS} for row in rows_of(figures)]
    cells = [heads, *told]
    widths = {head: max(cell_count(row[head]) for row in cells) for head in HEADS}
    lines = ["  ".join(padded(row[head], widths[head]) for head in HEADS).rstrip() for row in cells]
    return "\n".join([spoken(title), *lines, *map(spoken, notes_of(figures, happened))])
