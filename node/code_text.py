"""Hidden codes and serials as people read and type them: Crockford's base 32.

Letters that look like digits are read as those, small letters as capitals, dashes and spaces are
left out: so a code that is typed from a label is the code that was printed.
"""

from typing import Final

from chain.errors import HushangError

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUES: Final = {letter: value for value, letter in enumerate(ALPHABET)}
_ALIKE: Final = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})
_BITS: Final = 5
GROUP: Final = 4
# 120 bits: three bytes make no full letters, fifteen make 24.
CODE_SIZE: Final = 15
CODE_LETTERS: Final = CODE_SIZE * 8 // _BITS


class ClaimCodeMalformed(HushangError):
    """A hidden code has 24 letters and digits."""

    hint = "six groups of four from under the cover; dashes and small letters don't matter"


def in_letters(value: int, letters: int) -> str:
    """A number in so many letters."""
    return "".join(
        ALPHABET[value >> (_BITS * place) & (len(ALPHABET) - 1)]
        for place in range(letters - 1, -1, -1)
    )


def code_text(code: bytes) -> str:
    """`7H2K-…`, six groups of four."""
    assert len(code) == CODE_SIZE
    letters = in_letters(int.from_bytes(code, "big"), CODE_LETTERS)
    return "-".join(letters[at : at + GROUP] for at in range(0, CODE_LETTERS, GROUP))


def read_code(text: str) -> bytes:
    """The code of a text, or `ClaimCodeMalformed`, which doesn't repeat it."""
    letters = text.strip().upper().translate(_ALIKE)
    if len(letters) != CODE_LETTERS or any(letter not in _VALUES for letter in letters):
        raise ClaimCodeMalformed(f"{len(letters)} letters and digits, or one that no code has")
    value = 0
    for letter in letters:
        value = value << _BITS | _VALUES[letter]
    return value.to_bytes(CODE_SIZE, "big")
