"""The bundle: what is packed and why, made of files and answers that may all be missing.

Never in it: keys, tokens, passphrases, the journal's or the database's contents, private data.
"""

import hashlib
import io
import json
import os
import platform
import tarfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from chain.errors import HushangError
from node.client import NodeClient, NodeFailed, NodeRefused, NodeUnreachable
from node.clients.errors import AuthorityFileInvalid
from node.config import NodeConfig
from node.doctor.examine import Question, examine, log_of
from node.doctor.identity import check_genesis, read_settings
from node.doctor.report import as_data
from node.own_api import client_of, own_url
from node.support.redaction import Redactor, known_secrets
from node.words import said

FOLDER: Final = "hushang-support"
MANIFEST: Final = "MANIFEST.json"
MIB: Final = 1024 * 1024
FILES_MAX: Final = 10_000
KEY_FILES_MAX: Final = 256
NEVER: Final = (
    said("keys, tokens, passphrases"),
    said("contents of the journal, the database, the evidence book, the webhooks' book"),
    said("private data of consumers and traders"),
)


class BundleExists(HushangError):
    """There is such a file already."""

    hint = "name another file, or --force"


class BundleUnwritable(HushangError):
    """The bundle can't be written there."""

    hint = "name a directory that you may write to"


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of the bundle, and why it is there."""

    name: str
    why: str
    data: bytes

    def told(self) -> dict[str, Any]:
        """As the manifest tells of it."""
        digest = hashlib.sha256(self.data).hexdigest()
        return {"name": self.name, "why": self.why, "size": len(self.data), "sha256": digest}


@dataclass(frozen=True, slots=True)
class Bundle:
    """What is packed, and how many secrets were taken out of it."""

    entries: Sequence[Entry]
    redactions: int
    made_ms: int

    def manifest(self) -> dict[str, Any]:
        """What lies in it, file by file."""
        return {
            "made_ms": self.made_ms,
            "files": [entry.told() for entry in self.entries],
            "secrets_redacted": self.redactions,
            "never_in_it": list(NEVER),
        }


def gather(question: Question, log_size_max: int, made_ms: int) -> Bundle:
    """Everything, redacted; what isn't to be had is told in its place."""
    config, settings = read_settings(question.file, question.environ)
    redactor = Redactor(_secrets(question, config))
    sources = [
        ("versions.json", said("which software, Python and system"), _versions),
        (
            "settings.json",
            said("how the node is set up"),
            lambda: _settings(config, settings.means),
        ),
        ("doctor.json", said("what hushang doctor finds"), lambda: as_data(examine(question))),
        *_answers(question, config),
    ]
    entries = [Entry(name, why, _json(source())) for name, why, source in sources]
    if config is not None:
        entries += _own_files(config, question, log_size_max)
    cleaned = [
        replace(entry, data=redactor.clean(entry.data.decode("utf-8", "replace")).encode())
        for entry in entries
    ]
    return Bundle(cleaned, redactor.count, made_ms)


def _secrets(question: Question, config: NodeConfig | None) -> tuple[str, ...]:
    """All key and token files that lie beside the settings or are named by them."""
    folders = [question.file.resolve().parent] if question.file is not None else []
    keys: list[Path] = []
    tokens: list[Path] = []
    if config is not None:
        folders += [config.data_dir, config.node_key.parent]
        keys.append(config.node_key)
        tokens.append(config.tokens_file)
        tokens += [path for path in (config.submit_tokens,) if path is not None]
    for folder in dict.fromkeys(folders):
        keys += sorted(folder.glob("*.key"))[:KEY_FILES_MAX]
    return known_secrets(keys, tokens, question.environ)


def _versions() -> Any:
    system = platform.uname()
    return {
        "software": "hushang",
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "system": system.system,
        "release": system.release,
        "machine": system.machine,
        "cpus": os.cpu_count(),
    }


def _settings(config: NodeConfig | None, words: str) -> Any:
    return {"unreadable": words} if config is None else json.loads(config.model_dump_json())


def _answers(
    question: Question, config: NodeConfig | None
) -> Iterator[tuple[str, str, Callable[[], Any]]]:
    """What the node says, if it runs; its metrics as text in JSON, so that one form serves all."""
    client = _client(question, config)
    for name, path, why in (
        ("status.json", "/v1/status", said("where the node stands, and its peers")),
        ("consensus.json", "/v1/consensus", said("what the next decision waits for")),
        ("committee.json", "/v1/committee", said("who votes")),
        ("genesis-hash.json", "/v1/genesis", said("which chain it is, by its genesis hash")),
        ("metrics.json", "/metrics", said("its counters and gauges")),
    ):
        yield name, why, _asking(client, path, config)


def _client(question: Question, config: NodeConfig | None) -> NodeClient | None:
    url = question.node or (None if config is None else own_url(config))
    try:
        return None if url is None else client_of(url, question.ca, config)
    except AuthorityFileInvalid:
        # Doctor's report, which is in the bundle too, says what is wrong with it.
        return None


def _asking(client: NodeClient | None, path: str, config: NodeConfig | None) -> Callable[[], Any]:
    def ask() -> Any:
        if path == "/v1/genesis" and config is not None:
            genesis, words = check_genesis(config.genesis)
            return {"genesis_hash": genesis.hash().hex() if genesis else None, "is": words.means}
        if client is None:
            return {"unreachable": "no URL or certificate to ask the node by"}
        try:
            if path == "/metrics":
                return {"text": client.text(path)}
            told = client.get(path)
        except (NodeUnreachable, NodeRefused, NodeFailed) as error:
            return {"unreachable": f"{error.code}: {error}"}
        return {"genesis_hash": told["hash"]} if path == "/v1/genesis" else told

    return ask


def _own_files(config: NodeConfig, question: Question, log_size_max: int) -> Iterator[Entry]:
    log = question.log or log_of(config, question.file)
    yield Entry(
        "log.txt", said("the last words of {file}", file=log.name), _tail(log, log_size_max)
    )
    sizes = _json(list(_sizes(config.data_dir)))
    yield Entry(
        "data-sizes.json", said("names and sizes of the data files, nothing of them"), sizes
    )
    limits = _read(Path("/proc/self/limits")) + _read(Path("/proc/meminfo"))
    yield Entry(
        "limits.txt", said("limits of this shell's processes, memory of the machine"), limits
    )


def _tail(file: Path, size_max: int) -> bytes:
    try:
        with file.open("rb") as stream:
            size = file.stat().st_size
            stream.seek(max(0, size - size_max))
            data = stream.read(size_max)
    except OSError as error:
        return f"no log: {error.strerror}; under systemd: journalctl -u hushang\n".encode()
    # Not from the middle of a line: half a secret keeps its shape no more.
    return data if size <= size_max else data.partition(b"\n")[2]


def _sizes(directory: Path) -> Iterator[Mapping[str, Any]]:
    for number, path in enumerate(sorted(directory.rglob("*"))):
        if number >= FILES_MAX:
            return
        try:
            found = path.lstat()
        except OSError:
            continue
        mode = oct(found.st_mode & 0o7777)
        name = path.relative_to(directory).as_posix()
        yield {"name": name, "size": found.st_size, "mode": mode}


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _json(value: Any) -> bytes:
    return json.dumps(value, indent=1, ensure_ascii=False).encode() + b"\n"


def write(bundle: Bundle, file: Path, *, force: bool) -> int:
    """Write the archive, its owner's alone; it appears whole or not at all. Its size."""
    if file.exists() and not force:
        raise BundleExists(f"{file}")
    data = _archive(bundle)
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
        draft.replace(file)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise BundleUnwritable(f"{file}: {error.strerror}") from error
    return len(data)


def _archive(bundle: Bundle) -> bytes:
    stream = io.BytesIO()
    manifest = Entry(MANIFEST, "what lies here", _json(bundle.manifest()))
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for entry in (manifest, *bundle.entries):
            info = tarfile.TarInfo(f"{FOLDER}/{entry.name}")
            info.size, info.mode, info.mtime = len(entry.data), 0o600, bundle.made_ms // 1000
            archive.addfile(info, io.BytesIO(entry.data))
    return stream.getvalue()
