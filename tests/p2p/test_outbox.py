"""The queues of one peer: bounded, urgent first, the oldest gives way."""

from hypothesis import given
from hypothesis import strategies as st

from p2p.frames import FRAME_SIZE_MAX, Channel, Frame, FrameDecoder
from p2p.limits import Limits, QueueLimits
from p2p.outbox import Outbox, QueueStatus

ANY = 2**30


def taken(outbox: Outbox, size: int = ANY) -> list[Frame]:
    decoder = FrameDecoder()
    decoder.feed(b"".join(outbox.take(size)))
    return list(iter(decoder.next_frame, None))


def test_control_and_votes_leave_before_bulk_whenever_they_came() -> None:
    outbox = Outbox(Limits())
    for channel in (Channel.SYNC, Channel.TRANSACTIONS, Channel.CONSENSUS, Channel.CONTROL):
        outbox.push(channel, b"1")
        outbox.push(channel, b"2")
    order = [frame.channel for frame in taken(outbox)]
    assert order[:4] == [Channel.CONTROL] * 2 + [Channel.CONSENSUS] * 2
    assert not outbox


def test_the_two_bulk_channels_take_turns() -> None:
    outbox = Outbox(Limits())
    for _ in range(3):
        outbox.push(Channel.SYNC, b"s")
        outbox.push(Channel.TRANSACTIONS, b"t")
    outbox.push(Channel.SYNC, b"s")
    assert b"".join(frame.payload for frame in taken(outbox)) == b"tststss"


def test_a_vote_overtakes_bulk_that_is_already_queued() -> None:
    outbox = Outbox(Limits())
    for _ in range(10):
        outbox.push(Channel.SYNC, bytes(1000))
    first = taken(outbox, 1000)
    outbox.push(Channel.CONSENSUS, b"vote")
    assert [frame.channel for frame in first] == [Channel.SYNC]
    assert taken(outbox, 1000)[0] == Frame(Channel.CONSENSUS, b"vote")


def test_a_full_queue_drops_its_oldest_and_counts_it() -> None:
    outbox = Outbox(Limits(consensus_out=QueueLimits(3, FRAME_SIZE_MAX)))
    for vote in b"abcde":
        outbox.push(Channel.CONSENSUS, bytes([vote]))
    outbox.push(Channel.SYNC, b"kept")
    assert outbox.status()[Channel.CONSENSUS] == QueueStatus(frames=3, size=3, dropped=2)
    assert [frame.payload for frame in taken(outbox)] == [b"c", b"d", b"e", b"kept"]


def test_bytes_are_bounded_too_and_one_frame_always_fits() -> None:
    outbox = Outbox(Limits(sync_out=QueueLimits(100, FRAME_SIZE_MAX)))
    outbox.push(Channel.SYNC, b"small")
    outbox.push(Channel.SYNC, bytes(FRAME_SIZE_MAX))
    status = outbox.status()[Channel.SYNC]
    assert (status.frames, status.size, status.dropped) == (1, FRAME_SIZE_MAX, 1)


def test_a_cleared_outbox_keeps_its_count_of_the_dropped() -> None:
    outbox = Outbox(Limits(sync_out=QueueLimits(1, FRAME_SIZE_MAX)))
    outbox.push(Channel.SYNC, b"1")
    outbox.push(Channel.SYNC, b"2")
    outbox.clear()
    assert not outbox
    assert outbox.status()[Channel.SYNC] == QueueStatus(0, 0, 1)


@given(
    st.lists(st.tuples(st.sampled_from(Channel), st.binary(min_size=1, max_size=50))),
    st.integers(1, 200),
)
def test_every_frame_leaves_once_in_the_order_of_its_channel(
    pushed: list[tuple[Channel, bytes]], size: int
) -> None:
    outbox = Outbox(Limits())
    for channel, payload in pushed:
        outbox.push(channel, payload)
    left: list[Frame] = []
    while outbox:
        batch = taken(outbox, size)
        assert batch, "at least one frame a turn"
        left += batch
    for wanted in Channel:
        assert [f.payload for f in left if f.channel is wanted] == [
            payload for channel, payload in pushed if channel is wanted
        ]
