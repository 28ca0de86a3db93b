"""The committees of a chain by epoch, as agreed state: who votes at which height.

A `committee.change` executed at height h writes the committee of the next epoch. Header h+1, still
decided by the old one, names its hash, and it governs from h+2 (docs/adr/0060). Epoch 0 follows
from the genesis and is not stored. No more than one change is pending at a time, so that epochs are
contiguous and first heights rise.
"""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass

from chain.codec import Height
from chain.committee import Committee
from chain.crypto import domain
from chain.state import Overlay, StateReader, Table, u64

# A change executed in this many heights below the first that it governs.
CHANGE_DELAY_HEIGHTS = 2

_EPOCH_MAX = 2**64 - 1
_READY_DOMAIN = domain("ready")


@dataclass(frozen=True, slots=True)
class CommitteeRecord:
    """The committee of one epoch and the first height that it decides."""

    committee: Committee
    first_height: Height


COMMITTEES: Table[CommitteeRecord] = Table("committee", CommitteeRecord)


def _key(epoch: int) -> bytes:
    """The newest epoch comes first."""
    return u64(_EPOCH_MAX - epoch)


def state_key(epoch: int) -> bytes:
    """Where the state holds the record of an epoch after the first."""
    return COMMITTEES.key(_key(epoch))


def newest(state: StateReader) -> CommitteeRecord | None:
    """The record of the newest epoch, which may be pending; None if no change was ever made."""
    return next((record for _, record in COMMITTEES.items(state)), None)


def of_epoch(state: StateReader, founders: Committee, epoch: int) -> CommitteeRecord | None:
    """The committee of an epoch; None if there is no such epoch yet."""
    if epoch == 0:
        return CommitteeRecord(founders, 0)
    if not 0 < epoch <= _EPOCH_MAX:
        return None
    return COMMITTEES.load(state, _key(epoch))


def governing_record(state: StateReader, founders: Committee, height: int) -> CommitteeRecord:
    """The committee that decides `height`, at most two above the state's own, and since when."""
    last = newest(state)
    if last is None:
        return CommitteeRecord(founders, 0)
    if height >= last.first_height:
        return last

    def first_height(epoch: int) -> int:
        record = of_epoch(state, founders, epoch)
        assert record is not None
        return record.first_height

    epoch = bisect_right(range(last.committee.epoch), height, key=first_height) - 1
    record = of_epoch(state, founders, epoch)
    assert record is not None
    return record


def governing(state: StateReader, founders: Committee, height: int) -> Committee:
    """The committee that decides `height`, at most two above the state's own."""
    return governing_record(state, founders, height).committee


def change(state: Overlay, founders: Committee, committee: Committee, height: int) -> int:
    """Write what a block at `height` decided as the next epoch; returns its first height.

    The caller has asked whether a change is pending.
    """
    last = newest(state) or CommitteeRecord(founders, 0)
    first_height = height + CHANGE_DELAY_HEIGHTS
    assert committee.epoch == last.committee.epoch + 1
    assert last.first_height <= height
    COMMITTEES.store(state, CommitteeRecord(committee, first_height), _key(committee.epoch))
    return first_height


def changed_by(
    changes: Mapping[bytes, bytes | None], epoch: int, height: int
) -> CommitteeRecord | None:
    """What a block at `height`, governed by `epoch`, wrote as the next epoch's committee."""
    value = changes.get(state_key(epoch + 1))
    record = None if value is None else COMMITTEES.read(value)
    assert record is None or record.first_height == height + CHANGE_DELAY_HEIGHTS
    return record


def ready_bytes(genesis_hash: bytes, epoch: int, height: int, digest: bytes) -> bytes:
    """What a node key signs to take a seat in the committee of `epoch`.

    `digest` is that of the decided header at `height`: the node follows the chain, so that a larger
    committee can't stop it (design: a growth step waits for nobody who isn't there).
    """
    return _READY_DOMAIN + genesis_hash + u64(epoch) + u64(height) + digest
