"""An order of a list that a seed decides: unbiased, the same everywhere, and nobody's choice.

Numbers come from a stream of hashes; what would favour the first ones is rejected and drawn again
(NIST SP 800-90A, B.5.1.1, the simple discard method). The order is Fisher's and Yates' (Knuth, The
Art of Computer Programming 2, §3.4.2, algorithm P).
"""

from collections.abc import Iterator, Sequence

from chain.crypto import HASH_SIZE, tagged_hash
from chain.state import u64

_WORD_SIZE = 8
_WORDS = 2 ** (8 * _WORD_SIZE)


def draw_seed(dispute_id: bytes, round_: int, seed: bytes) -> bytes:
    """What the panel of one round is drawn by: the beacon's seed, bound to dispute and round."""
    return tagged_hash("dispute-seed", dispute_id + bytes([round_]) + seed)


def shuffled(seed: bytes, items: Sequence[bytes]) -> list[bytes]:
    """The items in an order that depends on nothing but them and the seed (32 bytes)."""
    words, order = _words(seed), list(items)
    for position in range(len(order) - 1):
        other = position + below(len(order) - position, words)
        order[position], order[other] = order[other], order[position]
    return order


def below(count: int, words: Iterator[int]) -> int:
    """A number from 0 to `count` - 1, each as likely as any other."""
    even = _WORDS - _WORDS % count
    return next(word for word in words if word < even) % count


def _words(seed: bytes) -> Iterator[int]:
    """64-bit numbers without end: H(seed ‖ u64(i)), i from 0, each hash as four words."""
    number = 0
    while True:
        block = tagged_hash("dispute-draw", seed + u64(number))
        number += 1
        for start in range(0, HASH_SIZE, _WORD_SIZE):
            yield int.from_bytes(block[start : start + _WORD_SIZE], "big")
