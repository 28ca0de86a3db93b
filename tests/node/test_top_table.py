"""The dashboard as text: 80 columns are enough, nothing is cut, who is away is still shown."""

import io

import pytest
from rich.console import Console

from node.top_figures import Figures
from node.top_table import HEADS, notes_of, plain, renderable, rows_of

BUSY = Figures(
    "hongkou",
    there=True,
    height=1_234_567,
    view=12,
    primary="hongkou",
    role="member",
    transactions_s=12_345.6,
    blocks_s=22.4,
    p50_ms=101.2,
    p99_ms=1999.0,
    pool=10_000,
    peers=3,
    peers_known=3,
    lag_ms=48.7,
    resident=1_500 * 1024**2,
    disk_free=512 * 1024**3,
    ready=True,
)
IDLE = Figures("pudong", there=True, height=0, view=0, peers=0, peers_known=3, words="no quorum")
AWAY = Figures("http://127.0.0.1:26780", there=False, words="Connection refused")


def drawn(width: int, *rows: Figures) -> list[str]:
    file = io.StringIO()
    console = Console(file=file, width=width, force_terminal=False)
    console.print(renderable(rows, ["10:00 pudong went away"], "title"))
    return file.getvalue().splitlines()


def test_a_busy_network_fits_a_terminal_of_80_columns() -> None:
    lines = drawn(80, BUSY, IDLE)
    assert max(map(len, lines)) <= 80
    assert lines[1].split() == list(HEADS)
    assert lines[2].split() == [
        *("hongkou", "*", "1234567", "12", "12k", "22", "101/1999", "10k"),
        *("3/3", "49", "1.5G", "512G", "ready"),
    ]
    # Also with a node of which only the URL is known.
    folded = drawn(80, BUSY, AWAY)
    assert max(map(len, folded)) <= 80
    assert "512G" in folded[2]


def test_who_is_away_keeps_its_row_and_reasons_stand_below() -> None:
    text = "\n".join(drawn(120, BUSY, AWAY))
    assert "away" in text
    assert "http://127.0.0.1:26780: Connection refused" in text
    assert "· 10:00 pudong went away" in text


def test_on_a_pipe_nothing_is_cut_and_nothing_is_coloured() -> None:
    lines = plain([BUSY, AWAY], [], "title").splitlines()
    assert lines[0] == "title"
    assert lines[1].split() == list(HEADS)
    assert lines[3].split()[0] == "http://127.0.0.1:26780"
    assert "\x1b" not in "\n".join(lines)


@pytest.mark.parametrize(
    ("row", "state"),
    [
        (BUSY, "ready"),
        (IDLE, "UNREADY"),
        (AWAY, "away"),
        (Figures("m", there=True, role="suspended", ready=True), "suspended"),
        (Figures("m", there=True, role="member", ready=True, words="silent up to 4"), "silent"),
    ],
)
def test_each_state_has_its_word(row: Figures, state: str) -> None:
    assert rows_of([row])[0]["state"] == state


def test_only_the_last_happenings_are_shown() -> None:
    told = notes_of([IDLE], [f"event {number}" for number in range(9)])
    assert told == ["pudong: no quorum", *(f"· event {number}" for number in range(5, 9))]
