"""Secure Unique NFC messages of NTAG 424 DNA tags, checked: NXP AN12196.

At each tap the tag writes into its address who it is, how often it was tapped, and a code over
that under its key. Only the brand's verifier has the keys: they stay in a file of mode 0600, are
never an argument, and never reach the chain.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, urlsplit

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.cmac import CMAC
from cryptography.hazmat.primitives.constant_time import bytes_eq

from chain.errors import HushangError
from node.keystore import read_private
from node.strict_json import JsonRefused, read_json

BLOCK_SIZE: Final = 16
UID_SIZE: Final = 7
COUNTER_SIZE: Final = 3
MAC_SIZE: Final = 8
KEYS_FILE_MAX: Final = 4 * 1024 * 1024
# AN12196 §3.3: what PICC data begins with where uid (seven bytes) and counter are both mirrored.
_PICC_TAG: Final = 0xC7
# AN12196 §3.3: what the session key for the code is made of.
_SV2: Final = bytes.fromhex("3cc300010080")
_ANY: Final = "*"
# Of the query of an address.
FIELDS_MAX: Final = 32


class TagKeysMalformed(HushangError):
    """The file of tag keys can't be read."""

    hint = (
        'JSON: {"picc_key": HEX of 16 bytes, "file_keys": {"*" or a uid: HEX of 16 bytes}, '
        '"things": {UID: "GTIN/SERIAL"}}, the last of which may be missing; mode 0600'
    )


class TapMalformed(HushangError):
    """The address of a tap lacks what a tag writes into it."""

    hint = "give the whole address that the tag opened; name its parameters if they differ"


@dataclass(frozen=True, slots=True)
class TagKeys:
    """`picc_key` decrypts who it is (SDMMetaReadKey); `file_keys` make the code (SDMFileReadKey),
    by uid in lower-case hex, or one for all under `*`. `things` are `GTIN/SERIAL` by uid, of all
    tags, where the brand has written down which tag it put on what.
    """

    picc_key: bytes
    file_keys: Mapping[str, bytes]
    things: Mapping[str, str] | None = None

    def file_key(self, uid: bytes) -> bytes | None:
        """The key of a tag, None if the file has none for it."""
        return self.file_keys.get(uid.hex(), self.file_keys.get(_ANY))

    def is_on(self, uid: bytes, thing: str) -> bool:
        """May this tag be on this thing? Where nothing is written down, any may."""
        return self.things is None or self.things.get(uid.hex()) == thing


@dataclass(frozen=True, slots=True)
class Message:
    """What a tag wrote: its encrypted data, its code, and what else the code covers."""

    picc_data: bytes
    mac: bytes
    covered: bytes = b""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a message says of its tag, and whether its code is right. With wrong keys, or a false
    tag, uid and counter are noise.
    """

    uid: bytes
    counter: int
    mac_right: bool


def read_keys(path: Path) -> TagKeys:
    """The keys of a file that nobody but its owner may touch."""
    try:
        record = read_json(read_private(path, KEYS_FILE_MAX))
        keys = TagKeys(
            _key(record["picc_key"]),
            {str(uid).lower(): _key(text) for uid, text in record["file_keys"].items()},
            _things(record.get("things")),
        )
    except (JsonRefused, ValueError, KeyError, TypeError, AttributeError):
        # What is wrong may be a key: it is not told.
        raise TagKeysMalformed(f"{path} has not the form of tag keys") from None
    return keys


def _things(record: Mapping[str, str] | None) -> Mapping[str, str] | None:
    return None if record is None else {uid.lower(): str(name) for uid, name in record.items()}


def _key(text: str) -> bytes:
    key = bytes.fromhex(text)
    if len(key) != BLOCK_SIZE:
        msg = "a key has 16 bytes"
        raise ValueError(msg)
    return key


def read_address(
    url: str, picc_name: str = "e", mac_name: str = "c", covers: str | None = None
) -> Message:
    """The message in an address, as `?e=…&c=…`; `TapMalformed`.

    The tag's code covers the address from where the text `covers` begins to the code itself (its
    SDMMACInputOffset), or nothing of it.
    """
    try:
        query = parse_qs(urlsplit(url).query, max_num_fields=FIELDS_MAX)
    except ValueError as error:
        raise TapMalformed(f"no address: {error}") from error
    return Message(
        _hex_of(query, picc_name, BLOCK_SIZE),
        _hex_of(query, mac_name, MAC_SIZE),
        b"" if covers is None else _covered(url, covers, f"{mac_name}="),
    )


def _covered(url: str, covers: str, mac_start: str) -> bytes:
    """AN12196 §3.4: the bytes from SDMMACInputOffset to SDMMACOffset, names and signs too."""
    start, end = url.find(covers), url.rfind(mac_start)
    if not url.isascii() or not 0 <= start <= end:
        raise TapMalformed(f"the address holds no {covers!r} before {mac_start!r}")
    return url[start : end + len(mac_start)].encode()


def _hex_of(query: Mapping[str, list[str]], name: str, size: int) -> bytes:
    texts = query.get(name, [])
    try:
        value = bytes.fromhex(texts[0]) if len(texts) == 1 else b""
    except ValueError:
        value = b""
    if len(value) != size:
        raise TapMalformed(f"the address has no parameter {name} of {2 * size} hex digits")
    return value


def check(message: Message, keys: TagKeys) -> Verdict:
    """Whose tap it was, and whether the tag has the key."""
    plain = _decrypt(keys.picc_key, message.picc_data)
    uid = plain[1 : 1 + UID_SIZE]
    written = plain[1 + UID_SIZE : 1 + UID_SIZE + COUNTER_SIZE]
    file_key = keys.file_key(uid)
    right = (
        plain[0] == _PICC_TAG
        and file_key is not None
        and bytes_eq(mac_of(file_key, uid, written, message.covered), message.mac)
    )
    # The tag counts with its lowest byte first.
    return Verdict(uid, int.from_bytes(written, "little"), right)


def mac_of(file_key: bytes, uid: bytes, written: bytes, covered: bytes = b"") -> bytes:
    """The code of a tap (AN12196 §3.4): every second byte of a CMAC under the session's key."""
    session_key = _cmac(file_key, _SV2 + uid + written)
    return _cmac(session_key, covered)[1::2]


def _decrypt(key: bytes, data: bytes) -> bytes:
    decryptor = Cipher(AES(key), CBC(bytes(BLOCK_SIZE))).decryptor()
    return decryptor.update(data) + decryptor.finalize()


def _cmac(key: bytes, data: bytes) -> bytes:
    made = CMAC(AES(key))
    made.update(data)
    return made.finalize()
