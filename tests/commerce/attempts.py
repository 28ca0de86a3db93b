"""Rule tables: one row per attempt, the last column the exact outcome ("ok" or the broken rule).

The rows of a table are played in order in one world. A row that is refused may leave nothing behind
but its receipt; `play` checks that too. Each refusal must be one that the registry declares for the
type, and test_refusals.py checks that each declared one has a row.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from chain.block import OK
from chain.execution import BlockResult
from commerce.registry import operation
from tests.commerce.world import Sent, World

# Written beside a transaction's own effect: the remembered ids of its minute.
REMEMBERED = b"remembered/"


class Attempt(NamedTuple):
    """`sender` may be "merchant/erp": the account, and the delegated key that signs for it."""

    sender: str
    type: str
    payload: object
    with_: tuple[str, ...]
    outcome: str


class Wait(NamedTuple):
    """Time passes, and a block with it."""

    duration_ms: int


class Do(NamedTuple):
    """Something that no transaction does, or a look at the world between the rows."""

    act: Callable[[World], object]


Row = Attempt | Wait | Do


def play(world: World, rows: Sequence[Row]) -> None:
    """Make every attempt, or fail naming the row."""
    for index, row in enumerate(rows):
        match row:
            case Wait():
                world.wait(row.duration_ms)
            case Do():
                row.act(world)
            case Attempt():
                _attempt(world, row, f"row {index}: {row.sender} {row.type} {row.payload}")


def _attempt(world: World, row: Attempt, where: str) -> None:
    sender, _, delegated = row.sender.partition("/")
    payload = row.payload(world) if callable(row.payload) else row.payload
    sent = Sent(sender, (operation(row.type, payload),), row.with_)
    received = world.transaction(sent, keys=(delegated,) if delegated else None)
    result = world.block(received)
    (receipt,) = [entry for entry in result.receipts if entry.id == received.id]
    assert receipt.status == row.outcome, where
    if receipt.status != OK:
        declared = {refusal.__name__ for refusal in world.rules.types[row.type].refusals}
        assert receipt.status in declared, f"{where}: not declared in the registry"
        assert not receipt.events
        assert _effects(result) == set() or result.fired, where


def _effects(result: BlockResult) -> set[bytes]:
    return {key for key in result.changes if not key.startswith(REMEMBERED)}
