"""A door with everything behind it, for its tests."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from chain.transaction import ReceivedTransaction
from node.bodies import Bodies
from node.door import Door
from node.mempool import Mempool
from node.pace import Pace
from tests.chain.world import World
from tests.node.parts import verifying

POOL_SIZE_MAX = 1024 * 1024


@dataclass
class Entrance:
    """A door with everything behind it; its clock stands at the block time of the next block."""

    world: World
    door: Door
    pool: Mempool
    admitted: list[tuple[bytes, bytes | None]]
    clock: list[int] = field(default_factory=list)


@asynccontextmanager
async def entrance(
    pool_size_max: int = POOL_SIZE_MAX, sponsors: int = 4, pace: Pace | None = None
) -> AsyncIterator[Entrance]:
    world = World()
    pool = Mempool(pool_size_max, sponsors, pace)
    admitted: list[tuple[bytes, bytes | None]] = []
    clock = [world.now_ms]

    def note(received: ReceivedTransaction, origin: bytes | None) -> None:
        admitted.append((received.id, origin))

    async with verifying(world) as verifier:
        bodies = Bodies(pool, verifier, lambda *_: None)
        door = Door(world.ledger, pool, bodies, verifier, lambda: clock[0], note)
        yield Entrance(world, door, pool, admitted, clock)
