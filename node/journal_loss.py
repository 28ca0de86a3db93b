"""A journal that is missing at a start: new, or lost? The mark of `hushang node init` tells.

A key that has never been used has signed nothing that a new journal would lack; of any other the
replica asks the members, and keeps silent until that is safe (docs/adr/0061).
"""

import logging
import os
from pathlib import Path

from consensus.records import SilenceRecord, decode_record, encode_record
from node.clients.files import sync_directory
from node.journal import Journal, JournalMissing
from node.owner_only import owner_only

logger = logging.getLogger(__name__)

MARK = "new"
_LOST = encode_record(SilenceRecord(None))
# Nothing is forgotten up to this height, so at none.
_NOTHING_LOST = encode_record(SilenceRecord(0))


def mark_new(directory: Path) -> None:
    """Vouch that this node's key has signed nothing that a new journal here would lack."""
    mark = directory / MARK
    with owner_only():
        directory.mkdir(parents=True, exist_ok=True)
        with mark.open("wb") as file:
            os.fsync(file.fileno())
    sync_directory(directory)


def open_journal(directory: Path, owner: bytes, *, others_can_tell: bool) -> Journal:
    """The journal; one that was lost begins with the silence that this means.

    `JournalMissing` where it was lost and no others can tell what it held: f = 0.
    """
    mark = directory / MARK
    if (directory / "journal").exists():
        journal = Journal(directory, owner, may_create=False)
    elif mark.exists():
        journal = Journal(directory, owner)
    elif others_can_tell:
        logger.warning(
            "no journal in %s: this node's votes are unknown, it asks for them", directory
        )
        journal = Journal(directory, owner, initial=(_LOST,))
    else:
        raise JournalMissing(f"{directory / 'journal'}")
    if mark.exists():
        mark.unlink()
        sync_directory(directory)
    return journal


def accept_loss(directory: Path, owner: bytes) -> bool:
    """The operator's word that nothing was lost, or that the key is used nowhere else and what it
    signed is decided. The node must not run. False if its journal lacks nothing.
    """
    if not (directory / "journal").exists():
        mark_new(directory)
        return True
    journal = Journal(directory, owner, may_create=False)
    try:
        known = [decode_record(data) for data in journal.records]
        silences = [record for record in known if isinstance(record, SilenceRecord)]
        if not silences or silences[-1].until == 0:
            return False
        journal.append((_NOTHING_LOST,))
    finally:
        journal.close()
    return True
