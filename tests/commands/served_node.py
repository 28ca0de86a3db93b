"""A command line against a node that is served by the test's own event loop."""

import asyncio

from tests.commands.command_line import Ran, inside
from tests.node.api.service import Served


async def run(node: Served, *words: str, form: str = "json") -> Ran:
    """Run it in a thread, so that the node can answer."""
    url = ("--node", f"http://127.0.0.1:{node.port}", "-o", form)
    return await asyncio.to_thread(inside, *words, *url)
