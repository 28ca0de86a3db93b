"""The queue between socket and handler: says when it is full, ends after its last frame."""

import asyncio

import pytest

from p2p.frames import FRAME_SIZE_MAX, Channel, Frame
from p2p.inbox import Inbox
from p2p.limits import QueueLimits

FRAME = Frame(Channel.TRANSACTIONS, b"payload")


def inbox(frames_max: int = 4) -> Inbox:
    return Inbox(QueueLimits(frames_max, FRAME_SIZE_MAX), lambda: None)


@pytest.mark.asyncio
async def test_a_waiting_consumer_gets_the_frame_that_comes() -> None:
    box = inbox()
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(box.take())
        await asyncio.sleep(0)
        box.put(FRAME)
    assert waiting.result() == FRAME


@pytest.mark.asyncio
async def test_frames_queued_before_the_end_are_still_taken() -> None:
    box = inbox()
    box.put(FRAME)
    box.close(drop=False)
    box.put(FRAME)
    assert await box.take() == FRAME
    assert await box.take() is None


@pytest.mark.asyncio
async def test_questions_of_a_peer_that_has_gone_are_not_answered_to_the_next_connection() -> None:
    box = inbox()
    box.put(Frame(Channel.SYNC, b"asked"))
    box.put(Frame(Channel.TRANSACTIONS, b"told"))
    box.close(drop=False)
    assert box.size == len(b"told")
    frame = await box.take()
    assert frame is not None
    assert frame.payload == b"told"
    assert await box.take() is None


@pytest.mark.asyncio
async def test_a_blamed_peers_frames_are_dropped_and_its_consumer_ends() -> None:
    box = inbox()
    box.put(FRAME)
    async with asyncio.TaskGroup() as group:
        box.close(drop=True)
        ending = group.create_task(box.take())
    assert ending.result() is None
    assert box.size == 0


@pytest.mark.asyncio
async def test_full_at_its_frames_or_bytes_and_roomy_again_at_half() -> None:
    box = inbox(4)
    states = []
    for _ in range(4):
        box.put(FRAME)
        states.append(box.full)
    assert states == [False, False, False, True]
    states = []
    for _ in range(2):
        await box.take()
        states.append(box.roomy)
    assert states == [False, True]
    box.put(Frame(Channel.SYNC, bytes(FRAME_SIZE_MAX)))
    assert box.full


@pytest.mark.asyncio
async def test_room_is_told_after_each_frame() -> None:
    told: list[int] = []
    box = Inbox(QueueLimits(4, FRAME_SIZE_MAX), lambda: told.append(1))
    box.put(FRAME)
    box.put(FRAME)
    await box.take()
    await box.take()
    assert len(told) == 2
