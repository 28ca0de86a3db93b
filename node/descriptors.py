"""Open files: as many as the system lets this process have, and how many connections that is.

A connection is a descriptor, and a node that has none left can't open its own files. Systems allow
a process 1,024 at first, and more if it asks (RLIMIT_NOFILE, getrlimit(2)).
"""

import logging
import resource
from typing import Final

logger = logging.getLogger(__name__)

# What a node asks for at most; a bigger table costs the kernel memory.
WANTED: Final = 65_536
# Peers, strangers at the door, webhooks, logs, the journal, connections that are just refused.
OTHERS: Final = 512
# LevelDB keeps up to a fifth of the limit for its tables (util/env_posix.cc, MaxOpenFiles).
STORE_DIVISOR: Final = 5


def raise_limit(wanted: int = WANTED) -> int:
    """Raise the soft limit as far as the hard one and `wanted` go; what it is then."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    aim = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft == resource.RLIM_INFINITY or soft >= aim:
        return wanted if soft == resource.RLIM_INFINITY else soft
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (aim, hard))
    except (OSError, ValueError) as error:
        # Some systems have a lower limit of their own (macOS: kern.maxfilesperproc).
        logger.warning("the limit on open files stays %s: %s", soft, error)
        return soft
    return aim


def connections_within(limit: int, wanted: int) -> int:
    """So many connections of those wanted fit beside what else a node opens; warns of fewer."""
    room = max(1, limit - limit // STORE_DIVISOR - OTHERS)
    if wanted <= room:
        return wanted
    words = "api_connections_max is %s, but %s open files leave room for %s; raise the limit (%s)"
    logger.warning(words, wanted, limit, room, "ulimit -n, LimitNOFILE=")
    return room
