"""In whose name a command speaks: a key, its account, and the file that it came from."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

from chain.crypto import PrivateKey
from chain.errors import HushangError
from node import keystore


class KeyMissing(HushangError):
    """The command signs something, and nothing says with which key."""

    hint = "--key FILE, or --as ROLE with a test network"


@dataclass(frozen=True)
class Signer:
    """An account and a key that speaks for it, which is opened when something is signed."""

    account: bytes
    public_key: bytes
    open: Callable[[], PrivateKey]
    file: Path | None = None

    @cached_property
    def key(self) -> PrivateKey:
        """The private key; a sealed file's passphrase is asked for now."""
        return self.open()

    @classmethod
    def of_file(cls, file: Path) -> Self:
        """The signer of a key file, of which only the public part is read yet."""
        known = keystore.show_key(file)
        return cls(
            known.account,
            known.public_key,
            lambda: keystore.load_key(file, keystore.find_passphrase),
            file,
        )

    @classmethod
    def of_key(cls, account: bytes, key: PrivateKey) -> Self:
        """The signer of a key that is open."""
        return cls(account, key.public_key, lambda: key)
