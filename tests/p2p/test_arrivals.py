"""No accepted connection is lost, whenever its task is cancelled."""

import asyncio
import socket

import pytest

from p2p.arrivals import Arrival, arrival


def listening() -> socket.socket:
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setblocking(False)  # noqa: FBT003 - the standard library's own signature
    return listener


@pytest.mark.asyncio
async def test_a_connection_arrives_with_its_host() -> None:
    with listening() as listener, socket.create_connection(listener.getsockname()):
        came = await arrival(listener)
        assert came is not None
        assert came.host == "127.0.0.1"
        assert not came.sock.getblocking()
        came.sock.close()


@pytest.mark.asyncio
async def test_a_wait_cancelled_in_the_moment_of_an_arrival_loses_nothing() -> None:
    with listening() as listener:
        waiting = asyncio.ensure_future(arrival(listener))
        await asyncio.sleep(0)
        with socket.create_connection(listener.getsockname()):
            # The loop sees the connection in this pass, and the cancellation with it.
            asyncio.get_running_loop().call_soon(waiting.cancel)
            with pytest.raises(asyncio.CancelledError):
                await waiting
            came = await arrival(listener)
            assert came is not None, "it is still in the listener's queue"
            came.sock.close()


def test_what_no_task_began_with_is_closed() -> None:
    for begun in (False, True):
        ours, theirs = socket.socketpair()
        with ours, theirs:
            assert Arrival(ours, "h", begun=begun).close_unless_begun() is not begun
            assert (ours.fileno() == -1) is not begun
