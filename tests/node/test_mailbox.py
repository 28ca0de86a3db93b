"""What waits for the replica: senders take turns, and only who floods is held back."""

import asyncio

import pytest

from consensus.input import Work
from node import mailbox as mailbox_module
from node.mailbox import SIZE_MAX, Mailbox

A, B = b"a" * 32, b"b" * 32


def work(number: int) -> Work:
    return Work(waiting=False, skipped_ms=number)


def test_senders_take_turns_and_each_ones_stay_in_order() -> None:
    mailbox = Mailbox()
    for number in range(3):
        mailbox.put(work(number), A, 1)
    mailbox.put(work(7), B, 1)
    mailbox.put(work(8), None, 0)
    taken = [mailbox.take() for _ in range(5)]
    assert taken == [(work(0), A), (work(7), B), (work(8), None), (work(1), A), (work(2), A)]
    assert not mailbox


def test_who_has_too_much_waiting_is_full_and_others_are_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mailbox_module, "MESSAGES_MAX", 2)
    mailbox = Mailbox()
    for number in range(3):
        mailbox.put(work(number), A, 1)
    mailbox.put(work(7), B, SIZE_MAX)
    assert (mailbox.is_full(A), mailbox.is_full(B)) == (True, False)
    mailbox.put(work(8), B, 1)
    assert mailbox.is_full(B), "bytes count too"


@pytest.mark.asyncio
async def test_a_sender_waits_for_its_own_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailbox_module, "MESSAGES_MAX", 1)
    mailbox = Mailbox()
    for sender in (A, B):
        for number in range(2):
            mailbox.put(work(number), sender, 1)
    first, second = (asyncio.ensure_future(mailbox.room(one)) for one in (A, B))
    await asyncio.sleep(0)
    assert mailbox.take() == (work(0), A)
    await first
    await asyncio.sleep(0)
    assert not second.done()
    assert mailbox.take() == (work(0), B)
    await second
