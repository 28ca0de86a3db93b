"""The systemd unit of a node, by its settings: who runs it, what it may write, its passphrase."""

import os
import pwd
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from string import Template
from typing import Final

from chain.errors import HushangError
from node.config import NodeConfig
from node.words import said

TEMPLATE: Final = "hushang.service"
CREDENTIAL: Final = "passphrase"
# systemd splits at spaces, and % and $ mean something to it.
FORBIDDEN: Final = frozenset("%$\"'\\\n\t ")
# Of one class of a file's mode.
_READ: Final = 4
_WRITE: Final = 2
_SEARCH: Final = 1
HOMES: Final = ("/home", "/root", "/run/user")


class UnitUnusable(HushangError):
    """No unit can be made of these settings."""

    hint = "use paths without spaces, quotes, % and $"


@dataclass(frozen=True, slots=True)
class UnitWish:
    """What the operator wants. `passphrase`: the file that opens the node's key; None: plain."""

    config_file: Path
    user: str
    passphrase: Path | None


def unit_text(wish: UnitWish, config: NodeConfig) -> str:
    """The unit. Raises `UnitUnusable`."""
    file = wish.config_file.resolve()
    writable = writable_paths(config)
    paths = [file, *writable, *([] if wish.passphrase is None else [wish.passphrase])]
    for text in (*map(str, paths), wish.user, sys.executable):
        if not text or FORBIDDEN & set(text):
            raise UnitUnusable(f"{text!r} can't stand in a unit")
    credential = "# The key of the node is plain: no passphrase is needed."
    if wish.passphrase is not None:
        # Read by the manager as root, and shown to this service alone; never in its environment.
        credential = (
            f"LoadCredential={CREDENTIAL}:{wish.passphrase.resolve()}\n"
            f"Environment=HUSHANG_PASSPHRASE_FILE=%d/{CREDENTIAL}"
        )
    template = resources.files("node.deploy").joinpath(TEMPLATE).read_text("utf-8")
    return Template(template).substitute(
        HUSHANG=own_command(),
        CONFIG=str(file),
        USER=wish.user,
        DIRECTORY=str(file.parent),
        WRITABLE=" ".join(map(str, writable)),
        PROTECT_HOME="read-only" if _is_at_home(file, *writable) else "true",
        PASSPHRASE=credential,
    )


def unit_obstacles(wish: UnitWish, config: NodeConfig) -> Iterator[str]:
    """Why the unit would not start here, one after the other, each with what to do."""
    try:
        user = pwd.getpwnam(wish.user)
    except KeyError:
        yield said("there is no user {user} here: useradd --system {user}", user=wish.user)
        return
    if user.pw_uid == 0:
        return
    groups = frozenset(os.getgrouplist(wish.user, user.pw_gid))
    software = Path(own_command())
    for file in (software, wish.config_file, config.node_key, config.genesis):
        if not _reaches(file.resolve(), user.pw_uid, groups, _READ):
            yield said(
                "{user} can't read {file}: give it, and its folders, to that user",
                user=wish.user,
                file=file.resolve(),
            )
    for path in writable_paths(config):
        if not _reaches(path, user.pw_uid, groups, _READ | _WRITE | _SEARCH):
            do = f"install -d -o {wish.user} -m 700 {path}"
            yield said(
                "{path} is not there, or not {user}'s: {do}", path=path, user=wish.user, do=do
            )


def _reaches(path: Path, uid: int, groups: frozenset[int], wanted: int) -> bool:
    """May this user do so with a file, by the modes of it and of every folder above it?"""
    try:
        above = all(_may(folder, uid, groups, _SEARCH) for folder in path.parents)
        return above and _may(path, uid, groups, wanted)
    except OSError:
        return False


def _may(path: Path, uid: int, groups: frozenset[int], wanted: int) -> bool:
    found = path.stat()
    if found.st_uid == uid:
        granted = found.st_mode >> 6
    elif found.st_gid in groups:
        granted = found.st_mode >> 3
    else:
        granted = found.st_mode
    return granted & wanted == wanted


def own_command() -> str:
    """The `hushang` beside the interpreter that runs this."""
    return str(Path(sys.executable).with_name("hushang"))


def writable_paths(config: NodeConfig) -> Sequence[Path]:
    """Every directory that the node writes to; they must exist when it is started."""
    named = [config.data_dir, config.archive_dir]
    named += [None if config.log_file is None else config.log_file.parent]
    whole = [path.resolve() for path in named if path is not None]
    return sorted(set(whole))


def _is_at_home(*paths: Path) -> bool:
    return any(str(path).startswith(home + "/") for path in paths for home in HOMES)
