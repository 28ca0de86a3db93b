"""Names that a user gives to contexts and to accounts in them: letters and digits of any script.

They are compared as they are seen: in NFC, without marks that show nothing or turn the direction of
writing. Nobody else reads them.
"""

import unicodedata
from typing import Final

from chain.unicode14 import is_agreed_text

SIZE_MAX: Final = 64
# A file's name has at most 255 bytes: `testnet_layout` looks for networks of the same name.
BYTES_MAX: Final = 255
FORM: Final = f"letters and digits, and within also . _ - and single spaces, {SIZE_MAX} at most"
_WITHIN: Final = "._- "
# Letters and marks that show nothing (DerivedCoreProperties.txt, Default_Ignorable_Code_Point).
_UNSEEN: Final = (
    (0x034F, 0x034F),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),
    (0xFFA0, 0xFFA0),
    (0xE0100, 0xE01EF),
)


def composed(name: str) -> str:
    """A name in the one form in which it is kept and looked for."""
    # Longer ones are no names; to sort all marks of a text takes the square of its length.
    return unicodedata.normalize("NFC", name) if len(name) <= 2 * SIZE_MAX else name


def is_name(name: str) -> bool:
    """May something be called so?"""
    if not 1 <= len(name) <= SIZE_MAX or len(name.encode("utf-8", "replace")) > BYTES_MAX:
        return False
    if not is_agreed_text(name) or "  " in name or name.endswith(" "):
        return False
    return _is_letter(name[0]) and all(_may_follow(sign) for sign in name[1:])


def _is_letter(sign: str) -> bool:
    kind = unicodedata.category(sign)
    return (kind.startswith("L") or kind == "Nd") and not _is_unseen(sign)


def _may_follow(sign: str) -> bool:
    is_mark = unicodedata.category(sign).startswith("M") and not _is_unseen(sign)
    return is_mark or sign in _WITHIN or _is_letter(sign)


def _is_unseen(sign: str) -> bool:
    return any(first <= ord(sign) <= last for first, last in _UNSEEN)
