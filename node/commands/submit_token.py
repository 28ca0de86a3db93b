"""The token that a node may ask of whoever submits through it (`submit_tokens`), read from a file.

Never typed: other users of the machine see a command line. No error shows what the file holds.
"""

import re
from pathlib import Path
from typing import Final

from chain.errors import HushangError
from node import keystore

SIZE_MAX: Final = 4096
# What a header may hold of it: RFC 6750 §2.1, and never an end of line.
_FORM: Final = re.compile(r"[A-Za-z0-9._~+/-]{1,512}=*")


class SubmitTokenFileRefused(HushangError):
    """The file of the token for submitting can't be read, or holds none, or others may read it."""

    hint = (
        "your file of mode 0600, the token in its first line: (umask 077; hushang "
        "capture-token create NAME --for submit --config hushang.toml --field token > FILE)"
    )


def read_submit_token(path: Path) -> str:
    """The token in a file that only its owner may touch, or `SubmitTokenFileRefused`."""
    try:
        data = keystore.read_private(path, SIZE_MAX)
    except keystore.UNUSABLE as error:
        raise SubmitTokenFileRefused(str(error)) from None
    lines = data.decode("latin-1").split("\n", 1)
    token = lines[0].strip()
    if _FORM.fullmatch(token) is None:
        raise SubmitTokenFileRefused(f"{path}: its first line is no token")
    return token
