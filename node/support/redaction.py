"""Taking secrets out of text: those that are known here by themselves, and all by their shapes.

Both passes go over everything that is packed, also over what should hold none: a secret that
somebody once pasted into a name or a URL is one too. What is found becomes `[redacted]`, counted.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from node.keystore import FILE_VARIABLE

MARK: Final = "[redacted]"
# Shorter texts would take ordinary words away.
LITERAL_SIZE_MIN: Final = 6
FILE_SIZE_MAX: Final = 256 * 1024
SECRET_NAME: Final = r"(?:pass(?:word|phrase|wd)?|secret|token|seed|api[_-]?key|private[_-]?key)"  # noqa: S105
# Text after one of these is a secret's by its shape alone.
SHAPES: Final = tuple(
    re.compile(shape, re.IGNORECASE | re.DOTALL)
    for shape in (
        r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|\Z)",
        r"\bhct_[a-z2-7]{8,}",
        r"\bwhsec_[A-Za-z0-9+/=_-]{8,}",
        r"(?<=bearer )[A-Za-z0-9._~+/=-]{6,}",
        r"(?<=basic )[A-Za-z0-9+/=]{6,}",
        # https://user:password@host
        r"(?<=://)[^/\s:@\"']{1,256}:[^/\s@\"']{1,256}(?=@)",
        rf"(?<=[?&])(?:\w*{SECRET_NAME}\w*)=[^&\s\"']+",
        rf"\\?[\"']?\b\w*{SECRET_NAME}\w*\\?[\"']?\s*[=:]\s*\\?[\"'][^\"'\\]{{4,}}\\?[\"']",
        rf"\b\w*{SECRET_NAME}\s*=\s*[^\s\"',;]{{4,}}",
        # A token of whatever software: a short prefix, then letters of both cases and digits.
        r"(?-i:\b[a-z]{2,8}_(?=[A-Za-z+/=-]*[0-9])(?=[a-z0-9+/=-]*[A-Z])[A-Za-z0-9+/=-]{20,})",
        # A JSON web token.
        r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*",
    )
)
# A file's path under such a name is no secret: it says where one lies.
HARMLESS: Final = re.compile(
    r"^\\?[\"']?(?:capture_tokens|submit_tokens(?:_for)?|hushang_passphrase_file|tokens_file)\b",
    re.IGNORECASE,
)
SECRET_VARIABLE: Final = re.compile(SECRET_NAME, re.IGNORECASE)
HEX_SECRET: Final = re.compile(r'"(?:seed|ciphertext|salt|nonce)"\s*:\s*"([0-9a-f]{16,})"')


@dataclass(slots=True)
class Redactor:
    """Takes secrets out; `count` says how many it found."""

    literals: tuple[str, ...]
    count: int = field(default=0)

    def clean(self, text: str) -> str:
        """The text without what is known or looks like a secret."""
        for literal in self.literals:
            found = text.count(literal)
            if found:
                self.count += found
                text = text.replace(literal, MARK)
        for shape in SHAPES:
            text = shape.sub(self._replaced, text)
        return text

    def _replaced(self, found: re.Match[str]) -> str:
        words = found[0]
        if HARMLESS.match(words) or MARK in words:
            return words
        self.count += 1
        name = re.match(
            rf"\\?[\"']?\b(\w*{SECRET_NAME}\w*)\\?[\"']?\s*([=:])", words, re.IGNORECASE
        )
        return f"{name[1]}{name[2]}{MARK}" if name else MARK


def known_secrets(
    key_files: Iterable[Path], token_files: Iterable[Path], environ: Mapping[str, str]
) -> tuple[str, ...]:
    """The secrets that lie where the settings say, the longest first; none is kept elsewhere."""
    found = {
        *(text for path in key_files for text in _of_key_file(path)),
        *(text for path in token_files for text in _of_tokens(path)),
        *_of_environment(environ),
    }
    fit = {text for text in found if len(text) >= LITERAL_SIZE_MIN}
    return tuple(sorted(fit, key=lambda text: (-len(text), text)))


def _of_key_file(path: Path) -> Iterator[str]:
    yield from HEX_SECRET.findall(_text(path))


def _of_tokens(path: Path) -> Iterator[str]:
    """Hashes only, and yet nobody else's business."""
    yield from re.findall(r'"(?:digest|sha256)"\s*:\s*"([0-9a-f]{64})"', _text(path))


def _of_environment(environ: Mapping[str, str]) -> Iterator[str]:
    for name, value in environ.items():
        if name == FILE_VARIABLE:
            yield _text(Path(value)).partition("\n")[0].removesuffix("\r")
        elif SECRET_VARIABLE.search(name) and not _is_path(value):
            yield value


def _is_path(value: str) -> bool:
    try:
        return Path(value).exists()
    except OSError:
        # Too long for a name, as a session's token is; or in a place that may not be looked into.
        return False


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(FILE_SIZE_MAX).decode("utf-8", "replace")
    except OSError:
        return ""
