"""The node process: open what a node is made of, run it, close it, and say why it ended.

Exit codes: 0 stopped by a signal, 9 bad configuration, 1 anything that must not go on (storage,
divergence): the last log line names it.
"""

import asyncio
import gc
import logging
import os
import random
import secrets
import signal
from collections.abc import Callable, Coroutine, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

from chain.crypto import PrivateKey
from chain.errors import HushangError
from chain.genesis import Genesis
from chain.ledger import Ledger
from chain.pruning import DAY_MS, Keep
from chain.store import TornLog, open_store
from chain.store_contract import StorageError, StoreOfAnotherChain
from chain.upgrades import SoftwareOutdated
from commerce.registry import Registry
from node import logs
from node.api.certificate import CertificateUnusable
from node.api.epcis.desk import DeskSettings, EpcisDesk, open_desk
from node.api.server import ApiServer
from node.api.settings import ApiSettings
from node.clock import now_ms
from node.config import ConfigInvalid, NodeConfig
from node.control import ControlServer
from node.control_socket import ControlSocketUnusable
from node.descriptors import connections_within, raise_limit
from node.evidence_book import FILE_NAME, EvidenceBook
from node.genesis_file import GenesisFileInvalid, load_genesis
from node.heartbeat import EXTEND_S, beat, status_words
from node.joining import FarBehind, Joiner
from node.joining_hall import Hall
from node.journal import journal_owner
from node.journal_loss import open_journal
from node.keystore import (
    KeyFileMalformed,
    KeyFileMissing,
    KeyFileTooOpen,
    KeyFileUnreadable,
    PassphraseMissing,
    PassphraseWrong,
    find_passphrase,
    load_key,
)
from node.membership import Admitted, Membership, NodeKeyUnknown, require_seat
from node.metrics import NodeMetrics
from node.node import AddressUnusable, Node, NodeSetup
from node.notify import Notifier
from node.owner_only import owner_only
from node.peer_network import make_network
from node.pruner import PrunePolicy
from node.reload import Settings
from node.snapshot_files import FOLDER_NAME
from node.snapshots import SnapshotSettings
from node.sync import HistoryGone
from p2p.handler import Handler
from p2p.network import Network
from p2p.tls import NodeIdentity

logger = logging.getLogger(__name__)

E = TypeVar("E", bound=BaseException)

EXIT_OK = 0
EXIT_FAILED = 1
EXIT_CONFIG = 9
# New containers between two looks at the youngest; the default is 700.
YOUNG_OBJECTS_MAX = 25_000


CONFIG_ERRORS = (
    ConfigInvalid,
    GenesisFileInvalid,
    NodeKeyUnknown,
    KeyFileMalformed,
    KeyFileMissing,
    KeyFileTooOpen,
    KeyFileUnreadable,
    PassphraseMissing,
    PassphraseWrong,
    SoftwareOutdated,
    CertificateUnusable,
    StoreOfAnotherChain,
)


def run_node(config: NodeConfig, read: Callable[[], NodeConfig] | None = None) -> int:
    """Run a node until SIGTERM or SIGINT; returns the process's exit code.

    `read` looks again where `config` came from, whenever the operator asks for it.
    """
    notifier = Notifier.of(os.environ, os.getpid())
    code = EXIT_OK
    try:
        with owner_only():
            logs.configure(config.log_level, config.log_file, config.log_format)
            _run(_main(Settings(config, read or (lambda: config)), notifier))
    except* CONFIG_ERRORS as group:
        code = _report(group, EXIT_CONFIG)
    except* HushangError as group:
        code = _report(group, EXIT_FAILED)
    notifier.stopping()
    return code


def _tune_collector() -> None:
    """Fewer looks for cycles, and none at what lives as long as the process.

    A transaction is some forty objects that wait a moment and die without a cycle; by its defaults
    the collector took 8 % of a busy node's time. Call it when everything is assembled.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS_MAX, 20, 20)


def _run(main: Coroutine[Any, Any, None]) -> None:
    """On uvloop where it can be imported, else on asyncio's own loop."""
    try:
        import uvloop  # noqa: PLC0415 - an extra
    except ImportError:
        asyncio.run(main)
    else:
        uvloop.run(main)


def _report(group: BaseExceptionGroup[HushangError], code: int) -> int:
    error = _first_of(group)
    hint = f" ({error.hint})" if error.hint else ""
    told = {"event": "node_failed", "code": error.code}
    logger.critical("stopped: %s: %s%s", error.code, error, hint, extra=told)
    return code


def _first_of(group: BaseExceptionGroup[E]) -> E:
    first = group.exceptions[0]
    return _first_of(first) if isinstance(first, BaseExceptionGroup) else first


def _tell_torn(torn: TornLog) -> None:
    logger.warning("after a power cut: %s", torn.words, extra={"event": "power_cut_mended"})


async def _main(settings: Settings, notifier: Notifier) -> None:
    """Join if need be, and run the node; once more whenever only a snapshot leads further."""
    config = settings.config
    genesis = load_genesis(config.genesis)
    key = load_key(config.node_key, find_passphrase)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if not os.isatty(0):
        # Of a terminal SIGHUP says that it is gone, and a node started there goes with it.
        loop.add_signal_handler(signal.SIGHUP, settings.on_hangup)

    def network(nodes: Sequence[Admitted], handler: Handler) -> Network:
        identity, listen = NodeIdentity(config.name, key.seed), (config.p2p_host, config.p2p_port)
        return make_network(identity, genesis.hash(), listen, random.random, nodes, handler)

    hall = Hall(config, _api_settings(config), genesis, key.public_key, notifier)
    joiner = Joiner(config, genesis, key.public_key, network, hall.enter)
    await _join(stop, joiner.at_start())
    while not stop.is_set():
        notifier.starting("opening the database", EXTEND_S)
        behind = await _run_once(_open_and_serve(settings, genesis, key, joiner, stop, notifier))
        if behind is not None:
            await _join(stop, joiner.instead_of(behind))


async def _join(stop: asyncio.Event, joining: Coroutine[Any, Any, None]) -> None:
    await _until(stop, joining)
    if stop.is_set():
        told = {"event": "node_stopped"}
        logger.info("stopped by a signal while joining; the next start goes on", extra=told)


async def _run_once(serving: Coroutine[Any, Any, None]) -> FarBehind | HistoryGone | None:
    """Serve until the node is stopped, or until it can't catch up by blocks: why."""
    behind: list[FarBehind | HistoryGone] = []
    try:
        await serving
    except* (FarBehind, HistoryGone) as group:
        behind.append(_first_of(group))
    return behind[0] if behind else None


async def _open_and_serve(
    settings: Settings,
    genesis: Genesis,
    key: PrivateKey,
    joiner: Joiner,
    stop: asyncio.Event,
    notifier: Notifier,
) -> None:
    config = settings.config
    folder = config.data_dir / "db"
    with closing(open_store(folder, kind=config.store, mended=_tell_torn)) as store:
        level = logging.WARNING if store.kind == "sqlite" else logging.INFO
        logger.log(level, "store: %s in %s", store.kind, config.data_dir)
        ledger = Ledger(store, genesis, Registry())
        if not config.observer:
            require_seat(ledger, key.public_key, config.name)
        owner = journal_owner(ledger.chain.genesis_hash, key.public_key)
        folder = Path(config.data_dir) / "journal"
        others_can_tell = ledger.chain.committee.f > 0 or config.observer
        with closing(open_journal(folder, owner, others_can_tell=others_can_tell)) as journal:
            metrics = NodeMetrics(config.data_dir)
            setup = NodeSetup(
                name=config.name,
                key=key,
                membership=Membership(ledger, config.peers),
                listen=(config.p2p_host, config.p2p_port),
                ledger=ledger,
                journal=journal,
                evidence=EvidenceBook(
                    Path(config.data_dir) / FILE_NAME, ledger.chain.genesis_hash, now_ms
                ),
                nonce=secrets.randbits(64),
                jitter=random.random,
                block_written=metrics.chain.block_written,
                may_join=joiner.may_join and ledger.tip.height == 0,
                snapshots=SnapshotSettings(
                    config.data_dir / FOLDER_NAME, config.snapshot_interval_ms
                ),
                prune=_prune_policy(config),
            )
            await _serve(Node(setup), metrics, settings, stop, notifier)


def _prune_policy(config: NodeConfig) -> PrunePolicy | None:
    if not config.prune:
        return None
    return PrunePolicy(Keep(config.keep_blocks, config.keep_days * DAY_MS), config.archive_dir)


def _api_settings(config: NodeConfig) -> ApiSettings:
    connections = connections_within(raise_limit(), config.api_connections_max)
    return ApiSettings(
        host=config.api_host,
        port=config.api_port,
        hosts=config.api_hosts,
        origins=config.api_origins,
        proxies=config.api_proxies,
        connections_max=connections,
        connections_per_address_max=max(1, connections // 2),
        query_rate_max=config.query_rate_max,
        submit_tokens=config.submit_tokens,
        submit_tokens_for=config.submit_tokens_for,
        certificate=config.api_certificate,
        key=config.api_key,
    )


async def _serve(
    node: Node,
    metrics: NodeMetrics,
    settings: Settings,
    stop: asyncio.Event,
    notifier: Notifier,
) -> None:
    """Run node and API until a signal comes or one of them fails."""
    config = settings.config
    broken: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def fatal(error: StorageError) -> None:
        if not broken.done():
            broken.set_exception(error)

    places = DeskSettings(
        config.data_dir, config.tokens_file, config.webhook_networks, config.webhook_ca
    )
    desk = open_desk(node, now_ms, places)
    api = ApiServer(node, metrics, _api_settings(config), desk, fatal)
    control = ControlServer(
        config.data_dir, node, fatal, node.make_snapshot, lambda: settings.reload().record()
    )

    def renewed(config: NodeConfig) -> None:
        _renew(config, node, desk, notifier, fatal)

    async def started() -> None:
        await _open_doors(node, api, control)
        notifier.ready(status_words(node.status()))

    try:
        with settings.followed(renewed):
            beating = beat(node, notifier, metrics.pulse)
            together = _together(node.run(started), desk.courier.run(), beating, api.watch())
            await _until(stop, together, broken)
    finally:
        if stop.is_set():
            notifier.stopping()
        await control.stop()
        await api.stop()
    height = node.ledger.tip.height
    told = {"event": "node_stopped", "height": height}
    logger.info("stopped by a signal at height %s", height, extra=told)


def _renew(
    config: NodeConfig,
    node: Node,
    desk: EpcisDesk,
    notifier: Notifier,
    fatal: Callable[[StorageError], None],
) -> None:
    """Put into force what may change while the node runs."""
    notifier.reloading()
    logs.set_level(config.log_level)
    desk.places.renew(config.webhook_networks)
    try:
        node.set_peers(config.peers)
    except StorageError as error:
        # The members are read of the store; who asked for it by a signal hears of no refusal.
        fatal(error)
        raise
    notifier.ready(status_words(node.status()))


async def _open_doors(node: Node, api: ApiServer, control: ControlServer) -> None:
    """API and control socket: from now on everybody may ask."""
    try:
        port = await api.start()
    except OSError as error:
        raise AddressUnusable(f"api: {error}") from error
    try:
        await control.start()
    except ControlSocketUnusable as error:
        # It can do all that members rely on; its operator can't ask it for backups.
        told: dict[str, object] = {"event": "control_socket_missing", "code": error.code}
        logger.warning("no control socket: %s (%s)", error, error.hint, extra=told)
    _tune_collector()
    name, height = node.status().name, node.ledger.tip.height
    told = {"event": "node_started", "height": height, "port": port}
    logger.info("%s at height %s; api on port %s", name, height, port, extra=told)


async def _together(*parts: Coroutine[Any, Any, None]) -> None:
    """Run parts that are of no use without one another."""
    async with asyncio.TaskGroup() as group:
        for part in parts:
            group.create_task(part)


async def _until(
    stop: asyncio.Event,
    run: Coroutine[Any, Any, None],
    broken: asyncio.Future[None] | None = None,
) -> None:
    """Run to the end or until `stop` is set; what fails in `run` or is `broken` is raised."""
    async with asyncio.TaskGroup() as group:
        running = group.create_task(run, name="node")
        stopping = group.create_task(stop.wait(), name="stop")
        awaited: list[asyncio.Future[Any]] = [running, stopping]
        if broken is not None:
            awaited.append(broken)
        await asyncio.wait(awaited, return_when=asyncio.FIRST_COMPLETED)
        running.cancel()
        stopping.cancel()
        if broken is not None and broken.done():
            broken.result()
