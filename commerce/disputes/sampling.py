"""An order of arbiters that a seed decides: the same everywhere, and nobody's choice.

Each one's place follows from the seed and its own account alone, so that whoever joins or leaves
moves nobody else: a seed that somebody learned early can't be tried out on other lists.
"""

from collections.abc import Iterable

from chain.crypto import tagged_hash


def draw_seed(dispute_id: bytes, round_: int, seed: bytes) -> bytes:
    """What the panel of one round is drawn by: the beacon's seed, bound to dispute and round."""
    return tagged_hash("dispute-seed", dispute_id + bytes([round_]) + seed)


def ranked(seed: bytes, accounts: Iterable[bytes]) -> list[bytes]:
    """The accounts in ascending order of H(seed ‖ account)."""
    return sorted(accounts, key=lambda account: tagged_hash("dispute-draw", seed + account))
