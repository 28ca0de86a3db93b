"""The settings of one node: flag > HUSHANG_* > hushang.toml > default.

Only what may differ from node to node without a vote; what the chain agrees on stands in the
genesis. Paths in the file are relative to the file, those of flags and variables to the current
directory. An unknown key or variable is an error that suggests the right one.
"""

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, Field, ValidationError, field_validator, model_validator
from pydantic_core import PydanticCustomError

from chain.errors import HushangError
from chain.pruning import KEEP_BLOCKS, KEEP_DAYS
from node.clients import files
from node.gateway.tokens import FILE_NAME as TOKENS
from node.validation import Form, complaints, did_you_mean

FILE_NAME: Final = "hushang.toml"
FILE_SIZE_MAX: Final = 1024 * 1024
PREFIX: Final = "HUSHANG_"
# Variables with this prefix that other parts read: the command line and the key files.
OTHER_VARIABLES: Final = frozenset(
    f"{PREFIX}{name}"
    for name in (
        "CA",
        "CONFIG",
        "CONFIG_HOME",
        "CONTEXT",
        "DEBUG",
        "HOME",
        "KEY",
        "LANG",
        "NODE",
        "OUTPUT",
        "AS",
        "PASSPHRASE_FILE",
    )
)


def _network(text: str) -> str:
    """An address, or a network like 10.0.0.0/8."""
    try:
        ip_network(text)
    except ValueError as error:
        raise PydanticCustomError("network", "{told}", {"told": str(error)}) from None
    return text


Port = Annotated[int, Field(ge=0, le=65535)]
# A name or an address: no URL, and no pattern, which would match nothing.
Host = Annotated[str, Field(pattern=r"^[^\s/*?#@]{1,253}$")]
Origin = Annotated[str, Field(pattern=r"^https?://[^\s/*?#]{1,245}$")]
MemberName = Annotated[str, Field(min_length=1, max_length=64)]
Network = Annotated[str, AfterValidator(_network), Field(max_length=64)]
KeyHex = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class ConfigInvalid(HushangError):
    """A setting is missing, unknown or not of its kind."""

    hint = "put that setting right; hushang node init --dir NEW writes a whole file to compare with"


class PeerAddress(Form):
    """Where another member's node listens. The chain knows its key by the member's name.

    `node_key` says which of a member's several nodes this is, and admits a node that this node's
    chain doesn't know yet.
    """

    name: MemberName
    host: Host
    port: Annotated[int, Field(ge=1, le=65535)]
    node_key: KeyHex | None = None


class NodeConfig(Form):
    """One node's settings. Port 0 lets the system choose one."""

    name: MemberName
    data_dir: Path
    genesis: Path
    node_key: Path
    p2p_host: Host = "127.0.0.1"
    p2p_port: Port = 26700
    api_host: Host = "127.0.0.1"
    api_port: Port = 26780
    # Names besides localhost and IP addresses under which the API may be asked (DNS rebinding).
    api_hosts: Annotated[tuple[Host, ...], Field(max_length=64)] = ()
    # With both the API speaks HTTPS: a PEM chain, the server's certificate first, and its key, mode
    # 0600. Files that change are taken within a minute, without a restart.
    api_certificate: Path | None = None
    api_key: Path | None = None
    # Origins of web pages, besides this node's own, that may call the API.
    api_origins: Annotated[tuple[Origin, ...], Field(max_length=64)] = ()
    # Connections to the API at once, half of them of one address; fewer where the system's limit on
    # open files asks for it.
    api_connections_max: Annotated[int, Field(ge=4, le=100_000)] = 512
    # Networks of reverse proxies before the API: who asks is told by their X-Forwarded-For.
    api_proxies: Annotated[tuple[Network, ...], Field(max_length=64)] = ()
    # What one client address may read a second; unset: 100, without a bound for this machine.
    query_rate_max: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    # Tokens of who may submit batches, or `all` transactions; unset: everybody may.
    submit_tokens: Path | None = None
    submit_tokens_for: Literal["batch", "all"] = "batch"
    peers: Annotated[tuple[PeerAddress, ...], Field(max_length=256)] = ()
    # May run while its key is in no committee: it follows the chain, and votes once it has a seat.
    observer: bool = False
    # A snapshot of the first block of each such period (block time, ms); 0: only by command.
    snapshot_interval_ms: Annotated[int, Field(ge=0, le=2**48)] = 3_600_000
    store: Literal["auto", "leveldb", "sqlite", "memory"] = "auto"
    # Old blocks leave when they are neither among the newest `keep_blocks` nor younger than
    # `keep_days` (block time; e-commerce law art. 31: three years); filed in `archive_dir` first.
    prune: bool = True
    keep_days: Annotated[int, Field(ge=1, le=100_000)] = KEEP_DAYS
    keep_blocks: Annotated[int, Field(ge=1_024, le=2**48)] = KEEP_BLOCKS
    archive_dir: Path | None = None
    # How a node that is new, or behind what its peers still have, gets there: `auto` takes a
    # snapshot that leads far enough, else replays the blocks; `snapshot` waits for one.
    join: Literal["auto", "snapshot", "replay"] = "auto"
    # Who may capture by REST (`hushang capture-token`); None: capture-tokens.json in `data_dir`.
    capture_tokens: Path | None = None
    # Networks besides the internet that webhooks of subscriptions may lead to.
    webhook_networks: Annotated[tuple[Network, ...], Field(max_length=64)] = ()
    # A PEM file of CAs, besides the system's, whose certificates webhooks may have.
    webhook_ca: Path | None = None
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_file: Path | None = None
    # One JSON object a line; a line for people; or one for the systemd journal, with its priority.
    log_format: Literal["json", "text", "journald"] = "json"

    @property
    def tokens_file(self) -> Path:
        """Where the tokens of captures by REST lie."""
        return self.capture_tokens or self.data_dir / TOKENS

    @model_validator(mode="after")
    def _serve_with_both_or_none(self) -> Self:
        if (self.api_certificate is None) != (self.api_key is None):
            words = "api_certificate and api_key: both, or none"
            raise PydanticCustomError("api_certificate_alone", words)
        return self

    @field_validator("peers")
    @classmethod
    def _know_each_peer_once(cls, peers: tuple[PeerAddress, ...]) -> tuple[PeerAddress, ...]:
        named = [peer.node_key or peer.name for peer in peers]
        for name in named:
            if named.count(name) > 1:
                words = "{name} stands twice; several nodes of one member are told by node_key"
                raise PydanticCustomError("peer_repeated", words, {"name": name})
        return peers


_PEERS_HEAD: Final = "[[peers]]"
# Nothing but peers may follow: a table takes all keys below it.
_PEERS_BEGIN: Final = re.compile(r"^[ \t]*\[\[[ \t]*peers[ \t]*\]\]", re.MULTILINE)
_LISTS: Final = ("api_hosts", "api_origins", "webhook_networks", "api_proxies")
_PATHS: Final = (
    *("data_dir", "genesis", "node_key", "log_file", "archive_dir"),
    *("capture_tokens", "submit_tokens"),
    *("api_certificate", "api_key", "webhook_ca"),
)


def load_config(
    file: Path | None, environ: Mapping[str, str], flags: Mapping[str, Any]
) -> NodeConfig:
    """The settings from all three places; a flag that is None was not given."""
    settings = _read_file(file) if file is not None else {}
    settings |= _read_variables(environ)
    settings |= {name: value for name, value in flags.items() if value is not None}
    try:
        return NodeConfig.model_validate(settings)
    except ValidationError as error:
        raise ConfigInvalid(_placed(complaints(error), file, environ, flags)) from None


def _placed(
    wrong: Sequence[str], file: Path | None, environ: Mapping[str, str], flags: Mapping[str, Any]
) -> str:
    """What is wrong, each with where it was set; what nobody set is lacking in the file."""
    told: list[str] = []
    in_file: list[str] = []
    for line in wrong:
        name = line.partition(":")[0].partition(".")[0]
        rest, variable = line.removeprefix(name), f"{PREFIX}{name.upper()}"
        if flags.get(name) is not None:
            told.append(f"--{name.replace('_', '-')}{rest}")
        elif variable in environ:
            told.append(f"{variable}{rest}")
        else:
            in_file.append(line)
    if in_file:
        place = file or f"no {FILE_NAME} here, and no --config"
        told.insert(0, f"{place}: " + "; ".join(in_file))
    return "; ".join(told)


def to_toml(config: NodeConfig) -> str:
    """The text of a hushang.toml with these settings, peers last."""
    settings = config.model_dump(mode="json", exclude_none=True)
    peers = settings.pop("peers")
    # A JSON string, integer or list of strings is also one of TOML.
    lines = [f"{name} = {_literal(value)}" for name, value in settings.items()]
    return "\n".join(lines) + "\n" + _peers_toml(peers)


def with_peers(text: str, peers: Sequence[PeerAddress]) -> str:
    """The text of a hushang.toml with these peers in the place of its own; the rest stays."""
    begin = _PEERS_BEGIN.search(text)
    head = text if begin is None else text[: begin.start()]
    records = [peer.model_dump(mode="json", exclude_none=True) for peer in peers]
    return head.rstrip("\n") + "\n" + _peers_toml(records)


def _peers_toml(peers: Sequence[Mapping[str, Any]]) -> str:
    lines: list[str] = []
    for peer in peers:
        lines += ["", _PEERS_HEAD]
        lines += [f"{name} = {_literal(value)}" for name, value in peer.items()]
    return "".join(f"{line}\n" for line in lines)


def _literal(value: str | int | list[str]) -> str:
    # The one character that JSON leaves as it is and TOML doesn't.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _read_file(file: Path) -> dict[str, Any]:
    data = files.read(file, FILE_SIZE_MAX, ConfigInvalid)
    try:
        settings = tomllib.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        # No UTF-8, no TOML, a number of 5,000 digits, or lists in lists in lists.
        raise ConfigInvalid(f"{file}: {error}") from error
    for name in _PATHS:
        if isinstance(settings.get(name), str):
            settings[name] = file.resolve().parent / settings[name]
    return settings


def _read_variables(environ: Mapping[str, str]) -> dict[str, Any]:
    known = {f"{PREFIX}{name.upper()}": name for name in NodeConfig.model_fields}
    settings: dict[str, Any] = {}
    for variable in sorted(environ):
        if not variable.startswith(PREFIX) or variable in OTHER_VARIABLES:
            continue
        if variable not in known:
            hint = did_you_mean(variable, [*known, *OTHER_VARIABLES])
            raise ConfigInvalid(f"{variable}: unknown variable{hint}")
        name, text = known[variable], environ[variable]
        settings[name] = _value(name, variable, text)
    return settings


def _value(name: str, variable: str, text: str) -> object:
    """A variable's text as the setting takes it; lists are separated by commas."""
    if name == "peers":
        return _peers(variable, text)
    if name in _LISTS:
        return [entry.strip() for entry in text.split(",") if entry.strip()]
    return text


def _peers(variable: str, text: str) -> list[dict[str, str]]:
    """`xuhui=10.0.0.2:26700,jingan=[::1]:26700`."""
    peers = []
    for entry in filter(None, text.split(",")):
        name, equals, address = entry.partition("=")
        host, colon, port = address.rpartition(":")
        if not (equals and colon):
            raise ConfigInvalid(f"{variable}: {entry!r} is not NAME=HOST:PORT")
        peers.append({"name": name.strip(), "host": host.strip("[]"), "port": port})
    return peers
