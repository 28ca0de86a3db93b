"""All checks in their order: causes before what they bring about; none stops the next."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from chain.errors import HushangError
from chain.genesis import Genesis
from node import keystore
from node.client import NodeClient, NodeFailed, NodeRefused, NodeUnreachable
from node.clients.errors import AuthorityFileInvalid
from node.clock import now_ms
from node.config import NodeConfig
from node.control_client import ask_status
from node.damage import DATABASE, NodeData
from node.disk_metrics import folder_size
from node.doctor import data, identity, living, machine, ports
from node.doctor.greetings import check_greetings
from node.doctor.report import Check, Code, failed, not_checked, ok
from node.keystore import KeyFile
from node.own_api import client_of, own_url
from node.survey import ask_all
from node.words import said

RATE_BLOCKS: Final = 1000
# One certificate, in the file and as the node serves it; they differ until a changed one is read.
API_FILE: Final = "api certificate"
API_SERVED: Final = "certificate api"
DAY_MS: Final = 24 * 3600 * 1000


@dataclass(frozen=True, slots=True)
class Question:
    """What to look at. `file`: settings, None: none were named and none are here. `node`: the URL
    of an API instead of the settings' own; `others`: more nodes to compare it with.
    """

    file: Path | None
    environ: Mapping[str, str]
    node: str | None = None
    others: Sequence[tuple[str, NodeClient]] = ()
    log: Path | None = None
    backups: Path | None = None
    # The CAs that sign the nodes' certificates; None: the node's own certificate is taken for one.
    ca: Path | None = None
    has_config: bool = True


@dataclass(frozen=True, slots=True)
class Found:
    """What of the node's files could be read, for the checks that need it."""

    config: NodeConfig
    key: KeyFile | None
    genesis: Genesis | None
    # The process that serves the control socket; None: no node runs on this data.
    pid: int | None

    @property
    def data(self) -> NodeData | None:
        """Whose data it is, if that is known."""
        if self.key is None or self.genesis is None:
            return None
        config = self.config
        return NodeData(
            config.data_dir,
            self.genesis,
            self.key.public_key,
            config.store,
            has_peers=bool(config.peers),
            observer=config.observer,
        )


def examine(question: Question) -> list[Check]:
    """Everything that can be looked at from here."""
    checks: list[Check] = []
    found = _own_machine(question, checks) if question.has_config else None
    checks += _machine(found)
    status = _living(question, found, checks)
    if found is not None and status is None:
        checks += _stopped(found, question.environ)
    if question.others:
        told = [entry.told for entry in ask_all(question.others, "/v1/status")]
        statuses = [entry for entry in told if entry is not None]
        if statuses:
            checks += living.drift_between(statuses)
    return _once(checks)


def _once(checks: list[Check]) -> list[Check]:
    """Without what the node says of a certificate that its file has told as badly by itself."""
    file = next((check for check in checks if check.name == API_FILE), None)
    return [
        check
        for check in checks
        if check.name != API_SERVED or file is None or check.state is not file.state
    ]


def _own_machine(question: Question, checks: list[Check]) -> Found | None:
    """Settings, key, genesis, data: on the machine where they lie."""
    config, settings = identity.read_settings(question.file, question.environ)
    checks.append(settings)
    if config is None:
        return None
    checks += identity.risky_settings(config)
    key, of_key = identity.check_key(config.node_key, question.environ)
    genesis, of_genesis = identity.check_genesis(config.genesis)
    checks += [*of_key, *identity.check_api_certificate(config), of_genesis]
    if key is not None and genesis is not None:
        checks.append(identity.check_seat(config, genesis, key))
    checks.append(identity.check_directory(config.data_dir))
    found = Found(config, key, genesis, _running_pid(config.data_dir))
    checks += _data(found, question)
    checks += machine.check_disk(config.data_dir)
    checks += ports.check_ports(config, runs=found.pid is not None)
    return found


def _running_pid(directory: Path) -> int | None:
    try:
        return int(ask_status(directory)["pid"])
    except (HushangError, KeyError, ValueError, OSError):
        return None


def _data(found: Found, question: Question) -> Iterator[Check]:
    lines = data.log_tail(question.log or log_of(found.config, question.file))
    yield data.check_last_run(lines, runs=found.pid is not None)
    if found.data is None:
        yield not_checked(
            "journal", said("without key and genesis it isn't known whose it should be")
        )
    else:
        yield data.check_journal(found.data)
        yield data.check_database(found.data)
        yield data.check_leftovers(found.data)
    yield data.check_backups(question.backups, found.config.data_dir, now_ms())


def log_of(config: NodeConfig, file: Path | None) -> Path:
    """Where the node's log probably is: as the settings say, or a test network's beside them."""
    return config.log_file or (file or Path("hushang.toml")).parent / "node.log"


def _machine(found: Found | None) -> Iterator[Check]:
    yield machine.check_memory()
    yield machine.check_open_files(None if found is None else found.pid)
    yield machine.check_clock_source()
    yield from machine.check_software()


def _living(question: Question, found: Found | None, checks: list[Check]) -> Any:
    """By the node's API; its status, None if it doesn't answer."""
    url = question.node or (None if found is None else own_url(found.config))
    if url is None:
        checks.append(not_checked("node", said("no URL is known"), "hushang doctor --node URL"))
        return None
    try:
        client = client_of(url, question.ca, None if found is None else found.config)
        status = client.get("/v1/status")
        place = client.get("/v1/consensus") if status.get("joining") is None else None
    except (NodeUnreachable, NodeRefused, NodeFailed, AuthorityFileInvalid) as error:
        checks.append(_silent(url, error, question, found))
        return None
    genesis = None if found is None else found.genesis
    checks += living.check_status(status, genesis)
    if place is not None:
        checks += living.check_consensus(place, genesis)
        if found is not None:
            checks.append(_growth(client, status, found.config))
    return status


def _silent(url: str, error: HushangError, question: Question, found: Found | None) -> Check:
    if question.node is None and found is not None:
        if found.pid is None:
            words = said("no node runs on {data_dir}", data_dir=found.config.data_dir)
            return not_checked("node", words, "hushang node start --config FILE")
        if url.startswith("https:"):
            # Its certificate is for the name that clients know, not for this machine's own.
            do = said("--node https://NAME:PORT, NAME as in the certificate, and --ca FILE")
            return not_checked("node", said("it runs; {url}: {error}", url=url, error=error), do)
    do = said("is it running, and is this its address? Look at the firewall")
    return failed("node", said("{url}: {error}", url=url, error=error), do, Code.UNREACHABLE)


def _growth(client: NodeClient, status: Mapping[str, Any], config: NodeConfig) -> Check:
    """By the newest blocks' times and the size that all of them take."""
    height, first = int(status["height"]), int(status["first_block"])
    start = max(first, height - RATE_BLOCKS)
    if height <= start:
        return living.growth(0.0, 0, 0, 0)
    try:
        times = [
            int(client.get(f"/v1/headers/{at}")["header"]["time_ms"]) for at in (start, height)
        ]
    except (NodeUnreachable, NodeRefused, NodeFailed) as error:
        return not_checked("growth", str(error))
    passed_ms = max(1, now_ms() - times[0])
    rate = (height - start) * DAY_MS / passed_ms
    free = machine.free_bytes(config.data_dir)
    return living.growth(rate, folder_size(config.data_dir / DATABASE), height - first + 1, free)


def _stopped(found: Found, environ: Mapping[str, str]) -> Iterator[Check]:
    """What only a stopped node's machine can try: to greet the peers itself."""
    if found.pid is not None:
        yield not_checked(
            "peers", said("the node runs and its API doesn't answer: it isn't disturbed")
        )
        return
    if found.key is None or found.genesis is None:
        yield not_checked("peers", said("without key and genesis no peer can be greeted"))
        return
    if found.key.sealed and not environ.get(keystore.FILE_VARIABLE):
        words = said("the key is sealed: no peer can be greeted without its passphrase")
        yield not_checked("peers", words, said("set {variable}", variable=keystore.FILE_VARIABLE))
        return
    try:
        key = keystore.load_key(
            found.config.node_key, lambda path: keystore.find_passphrase(path, environ)
        )
    except HushangError as error:
        yield not_checked("peers", str(error), error.hint)
        return
    if not found.config.peers:
        yield ok("peers", said("none are named"))
        return
    yield from check_greetings(found.config, found.genesis, key)
