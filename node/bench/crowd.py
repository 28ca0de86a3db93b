"""Accounts without number, derived from one seed: `--accounts`.

Key i is a hash of the seed and i, so that a run needs no key files and a second bench against the
same network finds the accounts of the first. These keys are worth nothing: the seed of a test
network follows from its genesis.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final, TypeVar, overload

from typing_extensions import override

from chain.account import single_key_policy
from chain.crypto import PrivateKey, sha256
from chain.state import u64
from node.bench.plan import Sender

ACCOUNTS_MAX: Final = 10_000_000
# Turns take the accounts one after the other, so that few are needed again soon.
REMEMBERED: Final = 4_096

Entry = TypeVar("Entry")


def crowd_seed(genesis_hash: bytes) -> bytes:
    """The seed of a chain's crowd."""
    return sha256(b"a crowd of the bench" + genesis_hash)


@lru_cache(REMEMBERED)
def crowd_key(seed: bytes, number: int) -> PrivateKey:
    """The key of the crowd's account of this number."""
    return PrivateKey(sha256(b"one of a crowd" + seed + u64(number)))


@lru_cache(REMEMBERED)
def crowd_account(seed: bytes, number: int) -> bytes:
    """Its account id."""
    return single_key_policy(crowd_key(seed, number).public_key).account_id()


@dataclass(frozen=True, slots=True)
class Crowd:
    """So many accounts of one seed; none if the count is 0."""

    seed: bytes = bytes(32)
    count: int = 0

    def key(self, number: int) -> PrivateKey:
        """The key of an account by its number."""
        return crowd_key(self.seed, number)

    def account(self, number: int) -> bytes:
        """An account id by its number."""
        return crowd_account(self.seed, number)

    def sender(self, number: int) -> Sender:
        """An account as a sender."""
        return Sender(self.account(number), Path(), "")


class WithCrowd(Sequence[Entry]):
    """Known entries, then so many of a crowd, each made when it is asked for."""

    def __init__(self, known: Sequence[Entry], count: int, make: Callable[[int], Entry]) -> None:
        self._known = known
        self._count = count
        self._make = make

    @override
    def __len__(self) -> int:
        return len(self._known) + self._count

    @overload
    def __getitem__(self, at: int) -> Entry: ...

    @overload
    def __getitem__(self, at: slice) -> Sequence[Entry]: ...

    @override
    def __getitem__(self, at: int | slice) -> Entry | Sequence[Entry]:
        if isinstance(at, slice):
            return [self[number] for number in range(*at.indices(len(self)))]
        number = at if at >= 0 else at + len(self)
        if not 0 <= number < len(self):
            raise IndexError(at)
        known = len(self._known)
        return self._known[number] if number < known else self._make(number - known)
