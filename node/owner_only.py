"""What is made for its owner alone: directories 0700 and files 0600, whatever umask one began with.

A data directory holds what no other user of the machine may read: subscriptions' secrets, tokens'
hashes, the journal. The store makes its own files, so that only the process's umask reaches them.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

OTHERS: Final = 0o077


@contextmanager
def owner_only() -> Iterator[None]:
    """Nothing that is made meanwhile is anybody else's; the umask is the whole process's."""
    before = os.umask(OTHERS)
    try:
        yield
    finally:
        os.umask(before)
