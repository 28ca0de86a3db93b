"""Named contexts of real networks: whom to ask, which key, which chain, how to print.

One TOML file in the user's configuration directory, mode 0600, written whole or not at all. It
holds places of key files and no secret; whoever could change it could point its owner at other
nodes, so that a file which others may write is refused. A test network is a context by its name
and needs no entry; one name never means both.
"""

import json
import os
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Final

from chain.bech32m import decode_account
from chain.errors import HushangError
from node import testnet_layout
from node.clients import files
from node.context_names import FORM, composed, is_name
from node.plain_text import shortened
from node.testnet_layout import AccountUnnamed
from node.validation import did_you_mean

CONFIG_HOME_VARIABLE: Final = "HUSHANG_CONFIG_HOME"
FILE_NAME: Final = "contexts.toml"
FILE_SIZE_MAX: Final = 256 * 1024
CONTEXTS_MAX: Final = 100
ACCOUNTS_MAX: Final = 1_000
NODES_MAX: Final = 32
OTHERS_WRITE: Final = stat.S_IWGRP | stat.S_IWOTH
CURRENT: Final = "current"
OUTPUTS: Final = ("table", "json", "ndjson")
LANGUAGES: Final = ("en", "zh")
# Of an account id, which no name of one may look like.
PREFIX: Final = "hs1"


class ContextUnknown(HushangError):
    """No context and no test network has this name."""

    hint = "hushang context list shows what there is, hushang context add makes one"


class ContextNameTaken(HushangError):
    """The name already means another context, or a test network."""

    hint = "choose another name; a test network is also named by its directory, ./.hushang/NAME"


class AccountNameTaken(HushangError):
    """The name means another account in the context: a payment to it would go elsewhere."""

    hint = "choose another name; --yes has it mean the other account from now on"


class ContextRefused(HushangError):
    """What was given makes no context."""

    hint = (
        "hushang context add --help tells the form of names, URLs and settings; 100 contexts "
        "at most"
    )


class ContextsInvalid(HushangError):
    """The file of contexts can't be read as one."""

    hint = "mend the file, or remove it and add the contexts anew: hushang context add"


class ContextsTooOpen(HushangError):
    """Others than the owner may write the file of contexts."""

    hint = "chmod 600 FILE, and see with hushang context list what stands in it"


@dataclass(frozen=True, slots=True)
class NamedContext:
    """One network as its user reaches it; None where nothing was said. Paths are absolute."""

    nodes: tuple[str, ...]
    key: Path | None = None
    ca: Path | None = None
    genesis: Path | None = None
    output: str | None = None
    lang: str | None = None
    # Others' accounts as `hs1…`, by the names that their user gave them.
    accounts: Mapping[str, str] = field(default_factory=dict)
    # Of the token that these nodes ask of whoever submits through them.
    token_file: Path | None = None

    def account(self, name: str) -> str:
        """The `hs1…` of a name, or `AccountUnnamed`."""
        name = composed(name)
        found = self.accounts.get(name)
        if found is None:
            known = ", ".join(self.accounts)
            has = did_you_mean(name, self.accounts) or (f"; it has {known}" if known else "")
            raise AccountUnnamed(f"no account {shortened(name)} in the context{has}")
        return found


ACCOUNTS: Final = "accounts"
_NAMES: Final = tuple(entry.name for entry in fields(NamedContext) if entry.name != ACCOUNTS)
_PATHS: Final = ("key", "ca", "genesis", "token_file")
_WORDS: Final = {"output": OUTPUTS, "lang": LANGUAGES}


@dataclass(frozen=True, slots=True)
class Contexts:
    """All named contexts of a user; `current` counts where no other is named."""

    named: Mapping[str, NamedContext] = field(default_factory=dict)
    current: str | None = None

    def get(self, name: str) -> NamedContext:
        """The context of a name, or `ContextUnknown`."""
        found = self.named.get(composed(name))
        if found is None:
            raise ContextUnknown(f"no context {shortened(name)}{did_you_mean(name, self.named)}")
        return found

    def with_added(self, name: str, added: NamedContext) -> "Contexts":
        """With one more; `ContextNameTaken` if there is one."""
        name = composed(name)
        if name in self.named:
            raise ContextNameTaken(f"there is a context {name}: hushang context remove {name}")
        if len(self.named) >= CONTEXTS_MAX:
            raise ContextRefused(f"{CONTEXTS_MAX} contexts are the most")
        check(name, added)
        return Contexts({**self.named, name: added}, self.current)

    def without(self, name: str) -> "Contexts":
        """Without one; none is current if it was."""
        self.get(name)
        name = composed(name)
        rest = {other: known for other, known in self.named.items() if other != name}
        return Contexts(rest, None if self.current == name else self.current)

    def naming(
        self, context: str, name: str, account: str | None, *, anew: bool = False
    ) -> "Contexts":
        """With an account's name in a context, or without it; `anew`: it may change its account.

        `AccountNameTaken` if it means another.
        """
        context, name = composed(context), composed(name)
        known = self.get(context)
        if account is None:
            # `AccountUnnamed`, with the names that there are.
            known.account(name)
        before = known.accounts.get(name)
        if before not in (None, account) and account is not None and not anew:
            raise AccountNameTaken(f"{name} is {before}, not {shortened(account)}")
        accounts = {other: own for other, own in known.accounts.items() if other != name}
        if account is not None:
            accounts[name] = account
        made = replace(known, accounts=accounts)
        check(context, made)
        return replace(self, named={**self.named, context: made})

    def using(self, name: str | None) -> "Contexts":
        """With another current one, or none."""
        if name is None:
            return replace(self, current=None)
        self.get(name)
        return replace(self, current=composed(name))


def check(name: str, made: NamedContext) -> None:
    """`ContextRefused` unless name and values have their form."""
    if not is_name(name):
        raise ContextRefused(f"{shortened(name)!r}: a name has {FORM}")
    if not 1 <= len(made.nodes) <= NODES_MAX:
        raise ContextRefused(f"1 to {NODES_MAX} node URLs: --node https://HOST:PORT")
    for url in made.nodes:
        if not url.startswith(("http://", "https://")):
            raise ContextRefused(f"{shortened(url)!r} is no URL: https://HOST:PORT")
    for setting, known in _WORDS.items():
        value = getattr(made, setting)
        if value is not None and value not in known:
            raise ContextRefused(f"{setting} is {value!r}, not {', '.join(known)}")
    _check_accounts(made.accounts)


def _check_accounts(accounts: Mapping[str, str]) -> None:
    if len(accounts) > ACCOUNTS_MAX:
        raise ContextRefused(f"{ACCOUNTS_MAX} named accounts are the most")
    for name, account in accounts.items():
        if not is_name(name) or name.casefold().startswith(PREFIX):
            raise ContextRefused(
                f"account {shortened(name)!r}: a name has {FORM}, and no hs1 first"
            )
        try:
            decode_account(account)
        except HushangError as error:
            raise ContextRefused(f"account {name}: {error}") from error


def home(environ: Mapping[str, str] = os.environ) -> Path:
    """The user's directory of settings: HUSHANG_CONFIG_HOME, else as XDG names it."""
    if own := environ.get(CONFIG_HOME_VARIABLE):
        return Path(own)
    shared = environ.get("XDG_CONFIG_HOME")
    return (Path(shared) if shared else Path.home() / ".config") / "hushang"


def load(environ: Mapping[str, str] = os.environ) -> Contexts:
    """The contexts of the user; none where there is no file."""
    path = home(environ) / FILE_NAME
    try:
        with path.open("rb") as stream:
            if os.fstat(stream.fileno()).st_mode & OTHERS_WRITE:
                raise ContextsTooOpen(f"{path} may be written by others")
            data = stream.read(FILE_SIZE_MAX + 1)
    except FileNotFoundError:
        return Contexts()
    except OSError as error:
        raise ContextsInvalid(f"{path}: {error.strerror}") from error
    if len(data) > FILE_SIZE_MAX:
        raise ContextsInvalid(f"{path} is larger than {FILE_SIZE_MAX} bytes")
    try:
        return _read(tomllib.loads(data.decode("utf-8")))
    except (ValueError, RecursionError, ContextRefused) as error:
        raise ContextsInvalid(f"{path}: {error}") from error


def chosen(name: str | None, environ: Mapping[str, str] = os.environ) -> NamedContext | None:
    """The context of a name, None if a test network is meant; without a name the one in use.

    `ContextNameTaken` if both have the name.
    """
    known = load(environ)
    if name is None:
        return None if known.current is None else known.get(known.current)
    if is_place(name):
        return None
    network = testnet_layout.home(environ) / name
    if composed(name) not in known.named:
        return None
    if testnet_layout.is_network(network):
        raise ContextNameTaken(
            f"{name} is a context and the test network in {network}: name that by its path"
        )
    return known.get(name)


def is_place(name: str) -> bool:
    """Is this a test network's directory, and no name?"""
    return "/" in name or testnet_layout.is_network(Path(name))


def save(contexts: Contexts, environ: Mapping[str, str] = os.environ) -> Path:
    """Write all contexts for their owner alone; the file appears whole or not at all."""
    data = to_toml(contexts).encode()
    if len(data) > FILE_SIZE_MAX:
        raise ContextRefused(f"all together are larger than {FILE_SIZE_MAX} bytes")
    directory = home(environ)
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = directory / FILE_NAME
    files.replace(path, data)
    return path


def to_toml(contexts: Contexts) -> str:
    """The file's text."""
    lines = [] if contexts.current is None else [f"{CURRENT} = {_literal(contexts.current)}"]
    for name, known in sorted(contexts.named.items()):
        lines += ["", f"[contexts.{_literal(name)}]"]
        for setting in _NAMES:
            value = getattr(known, setting)
            if value is not None:
                lines.append(f"{setting} = {_literal(value)}")
        if known.accounts:
            lines += ["", f"[contexts.{_literal(name)}.{ACCOUNTS}]"]
            named = sorted(known.accounts.items())
            lines += [f"{_literal(own)} = {_literal(account)}" for own, account in named]
    return "\n".join(lines).lstrip("\n") + "\n"


def _literal(value: object) -> str:
    # A JSON string or list of strings is also one of TOML, but for DEL.
    plain = list(value) if isinstance(value, tuple) else str(value)
    return json.dumps(plain, ensure_ascii=False).replace("\x7f", "\\u007f")


def _read(record: Mapping[str, Any]) -> Contexts:
    _known(record, (CURRENT, "contexts"), "")
    entries = record.get("contexts", {})
    current = record.get(CURRENT)
    if not isinstance(entries, dict) or len(entries) > CONTEXTS_MAX:
        raise ContextRefused(f"contexts: a table of at most {CONTEXTS_MAX}")
    named = {name: _read_one(name, entry) for name, entry in entries.items()}
    if current is not None and current not in named:
        raise ContextRefused(f"{CURRENT}: no context {current!r}")
    return Contexts(named, current)


def _read_one(name: str, entry: Any) -> NamedContext:
    where = f"contexts.{name}"
    if not isinstance(entry, dict):
        raise ContextRefused(f"{where}: expected a table")
    _known(entry, (*_NAMES, ACCOUNTS), f"{where}.")
    nodes = entry.get("nodes")
    if not isinstance(nodes, list) or any(not isinstance(url, str) for url in nodes):
        raise ContextRefused(f"{where}.nodes: expected a list of URLs")
    texts = {setting: entry[setting] for setting in _NAMES[1:] if setting in entry}
    for setting, text in texts.items():
        if not isinstance(text, str):
            raise ContextRefused(f"{where}.{setting}: expected a text")
    paths = {place: Path(texts[place]) for place in _PATHS if place in texts}
    output, lang = texts.get("output"), texts.get("lang")
    accounts = _read_accounts(entry.get(ACCOUNTS, {}), f"{where}.{ACCOUNTS}")
    read = NamedContext(tuple(nodes), output=output, lang=lang, accounts=accounts, **paths)
    check(name, read)
    return read


def _read_accounts(told: Any, where: str) -> Mapping[str, str]:
    if not isinstance(told, dict) or any(not isinstance(own, str) for own in told.values()):
        raise ContextRefused(f"{where}: expected a table of texts, hs1…")
    return told


def _known(record: Mapping[str, Any], names: tuple[str, ...], where: str) -> None:
    for name in record:
        if name not in names:
            raise ContextRefused(f"{where}{name}: unknown key{did_you_mean(name, names)}")
