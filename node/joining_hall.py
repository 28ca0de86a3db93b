"""Around a node that joins: what answers probes and operators, and tells its service manager."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from chain.genesis import Genesis
from node.api.joining_server import JoiningServer
from node.api.settings import ApiSettings
from node.config import NodeConfig
from node.heartbeat import beat_while_joining
from node.joining import Underway
from node.joining_status import JoiningNode
from node.metrics import NodeMetrics
from node.node import AddressUnusable
from node.notify import Notifier


@dataclass(frozen=True, slots=True)
class Hall:
    """What is told of one node's attempts to join; `enter` is the `Tell` of `node.joining`."""

    config: NodeConfig
    api: ApiSettings
    genesis: Genesis
    node_key: bytes
    notifier: Notifier

    @asynccontextmanager
    async def enter(self, underway: Underway) -> AsyncIterator[None]:
        """Serve and tell meanwhile; `AddressUnusable` where the API can't listen."""
        node = JoiningNode(self.config, self.genesis, self.node_key, underway)
        server = JoiningServer(node, NodeMetrics(self.config.data_dir), self.api)
        try:
            await server.start()
        except OSError as error:
            raise AddressUnusable(f"api: {error}") from error
        try:
            async with asyncio.TaskGroup() as group:
                telling = beat_while_joining(underway.progress, self.notifier)
                beating = group.create_task(telling, name="heartbeat")
                try:
                    yield
                finally:
                    beating.cancel()
        finally:
            await server.stop()
