"""Checks a saved proof bundle against a genesis file, without a node and without pydantic.

`hushang verify` in its plain form comes here at once: what it imports besides would take longer
than the check. Everything else about the command is in `node/commands/verify.py`.
"""

import json
import os
import re
import sys
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Final

from chain.bundle import BUNDLE_SIZE_MAX, read_bundle
from chain.bundle_check import TrustedHeader, verify_bundle
from chain.errors import HushangError, LedgerError, WrongChain
from chain.genesis import Genesis
from node.clients import files
from node.clock import now_ms
from node.durations import read_age
from node.genesis_quick import quick_genesis
from node.proof_words import Telling
from node.words import language_of, said, spoken, use

_TRUSTED: Final = re.compile(r"(0|[1-9][0-9]{0,15}):([0-9a-f]{64})", re.ASCII)
_HASH: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
# As every command reads it (node/commands/options.py).
OUTPUT_VARIABLE: Final = "HUSHANG_OUTPUT"


class ProofRefused(HushangError):
    """A proof does not hold; its code is that of the broken rule."""

    hint = (
        "don't rely on it: hushang explain CODE says what doesn't hold; fetch another with "
        "hushang proof"
    )

    def __init__(self, error: LedgerError, where: str) -> None:
        super().__init__(f"{where}: {error}")
        self.told_code = error.code
        self.told_hint = error.hint


class ProofUnreadable(HushangError):
    """There is no such file, or it cannot be read."""

    hint = "give the file of a bundle, or - for standard input"


class ProofQuestionWrong(HushangError):
    """What is asked about a proof has another form than HEIGHT:DIGEST or 10min."""

    hint = "write --trusted HEIGHT:DIGEST, --genesis-hash of 64 hex digits, --max-age 10min"


@dataclass(frozen=True, slots=True)
class Question:
    """What `hushang verify` was asked."""

    bundle: str
    genesis: str
    genesis_hash: str | None = None
    trusted: str | None = None
    max_age: str | None = None
    output: str | None = None


def answer(question: Question) -> None:
    """Verify, and print what holds; or raise `ProofRefused` with the broken rule's name."""
    telling = checked(question)
    if question.output in (None, "table"):
        print("\n".join(map(spoken, telling.lines())), flush=True)  # noqa: T201
        return
    indent = 2 if question.output == "json" else None
    separators = None if indent else (",", ":")
    told = json.dumps(telling.as_json(), ensure_ascii=False, indent=indent, separators=separators)
    print(told, flush=True)  # noqa: T201


def checked(question: Question) -> Telling:
    """What holds, to be told; `ProofRefused` if the proof does not."""
    trusted = None if question.trusted is None else read_trusted(question.trusted)
    max_age_ms = None if question.max_age is None else _age_ms(question.max_age)
    # No more than a bundle may have, and one byte by which a longer one is refused.
    file, size = Path(question.bundle), BUNDLE_SIZE_MAX + 1
    data, now = files.read_given_beginning(file, size, ProofUnreadable), now_ms()
    where = "standard input" if file == files.STDIN else question.bundle
    try:
        genesis = _genesis(Path(question.genesis), read_bundle(data).genesis_hash)
        _check_hash(genesis, question.genesis_hash)
        verified = verify_bundle(data, genesis, trusted=trusted, now_ms=now, max_age_ms=max_age_ms)
    except LedgerError as error:
        raise ProofRefused(error, where) from error
    if trusted is not None and verified.trusted is None:
        words = said(
            "no header at height {height} is in this proof: --trusted confirmed nothing",
            height=trusted.height,
        )
        print(spoken(words), file=sys.stderr, flush=True)  # noqa: T201
    return Telling(verified, genesis, now, max_age_ms)


def _check_hash(genesis: Genesis, wanted: str | None) -> None:
    """Whoever has the genesis from a stranger knows its hash from elsewhere."""
    if wanted is not None and not _HASH.fullmatch(wanted):
        raise ProofQuestionWrong(f"{wanted!r} is no hash: 64 lower-case hex digits")
    if wanted not in (None, genesis.hash().hex()):
        msg = f"the genesis in the file has the hash {genesis.hash().hex()}"
        raise WrongChain(msg)


def read_trusted(text: str) -> TrustedHeader:
    """`HEIGHT:DIGEST`, the digest in hex."""
    match = _TRUSTED.fullmatch(text)
    if match is None:
        raise ProofQuestionWrong(f"{text!r} is no HEIGHT:DIGEST, the digest in lower-case hex")
    return TrustedHeader(int(match[1]), bytes.fromhex(match[2]))


def _age_ms(text: str) -> int:
    try:
        return read_age(text)
    except ValueError as error:
        raise ProofQuestionWrong(f"{text!r}: {error}") from error


def _genesis(path: Path, expected_hash: bytes) -> Genesis:
    """The genesis in a file of any form, or `GenesisFileInvalid`."""
    found = None
    with suppress(OSError):
        found = quick_genesis(path.read_bytes())
    if found is not None and found.hash() == expected_hash:
        return found
    try:
        # Takes its time and says exactly what is wrong.
        loaded: Genesis = import_module("node.genesis_file").load_genesis(path)
    except HushangError:
        if found is None:
            raise
        return found
    return loaded


def answer_plainly(words: list[str]) -> int | None:
    """Answer `hushang verify WORDS`, exit code 0, or None where Typer must read them."""
    question = None if OUTPUT_VARIABLE in os.environ else plain_question(words)
    if question is None:
        return None
    use(language_of(words))
    try:
        answer(question)
    except BrokenPipeError:
        # Whoever read stdout has what they wanted; Python's own flush at the end must not fail.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def plain_question(words: list[str]) -> Question | None:
    """What `hushang verify WORDS` asks, or None where Typer must read it or say what is wrong."""
    names = {"--genesis": "genesis", "--trusted": "trusted", "--max-age": "max_age"}
    names |= {"--genesis-hash": "genesis_hash", "-o": "output", "--output": "output"}
    given: dict[str, str] = {}
    waiting = list(words)
    while waiting:
        word = waiting.pop(0)
        option, equals, value = word.partition("=")
        if word == str(files.STDIN) or not word.startswith("-"):
            name, value = "bundle", word
        elif option in names and (equals or waiting):
            name, value = names[option], value if equals else waiting.pop(0)
        else:
            return None
        if name in given or not value:
            return None
        given[name] = value
    if given.get("output", "table") not in ("table", "json", "ndjson"):
        return None
    return Question(**given) if {"bundle", "genesis"} <= given.keys() else None
