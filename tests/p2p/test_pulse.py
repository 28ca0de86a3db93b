"""Signs of life in ticks: who is silent, who drips, who doesn't read."""

from p2p.limits import Limits
from p2p.pulse import FrameTooSlow, PeerNotReading, PeerSilent, Pulse

LIMITS = Limits(
    keepalive_ticks=2,
    silent_ticks_max=4,
    frame_grace_ticks=3,
    frame_progress_min=100,
    unread_ticks_max=5,
)


def quiet(pulse: Pulse) -> None:
    pulse.tick(unread=None, partial=None, reading=True)


def test_a_peer_that_is_heard_now_and_then_lives() -> None:
    pulse = Pulse(LIMITS)
    for _ in range(20):
        for _ in range(LIMITS.silent_ticks_max):
            quiet(pulse)
        assert pulse.verdict() is None
        pulse.heard()


def test_a_silent_peer_is_given_up_after_its_ticks() -> None:
    pulse = Pulse(LIMITS)
    for _ in range(LIMITS.silent_ticks_max):
        quiet(pulse)
    assert pulse.verdict() is None
    quiet(pulse)
    assert isinstance(pulse.verdict(), PeerSilent)


def test_a_peer_is_not_blamed_while_we_do_not_read() -> None:
    pulse = Pulse(LIMITS)
    for _ in range(100):
        pulse.tick(unread=None, partial=50, reading=False)
    assert pulse.verdict() is None


def test_a_ping_is_due_when_nothing_was_sent_for_a_while() -> None:
    pulse = Pulse(LIMITS)
    quiet(pulse)
    assert not pulse.ping_due()
    quiet(pulse)
    assert pulse.ping_due()
    pulse.sent()
    assert not pulse.ping_due()


def test_a_dripping_frame_is_too_slow_and_a_steady_one_is_not() -> None:
    dripping, steady = Pulse(LIMITS), Pulse(LIMITS)
    for tick in range(1, 21):
        for pulse, rate in ((dripping, 1), (steady, LIMITS.frame_progress_min)):
            pulse.heard()
            pulse.tick(unread=None, partial=tick * rate, reading=True)
    assert isinstance(dripping.verdict(), FrameTooSlow)
    assert steady.verdict() is None


def test_many_small_frames_are_no_slow_frame() -> None:
    pulse = Pulse(LIMITS)
    for _ in range(20):
        pulse.heard()
        pulse.framed()
        pulse.tick(unread=None, partial=1, reading=True)
    assert pulse.verdict() is None


def test_a_peer_that_takes_nothing_is_given_up_and_a_slow_one_is_not() -> None:
    deaf, slow = Pulse(LIMITS), Pulse(LIMITS)
    for tick in range(20):
        for pulse, unread in ((deaf, 1000), (slow, 1000 - tick)):
            pulse.heard()
            pulse.tick(unread=unread, partial=None, reading=True)
    assert isinstance(deaf.verdict(), PeerNotReading)
    assert slow.verdict() is None
    deaf.taken()
    assert deaf.verdict() is None
