"""Who the node is by its files: settings, key, genesis, and whether its data is its own."""

import os
import stat
from collections.abc import Iterator, Mapping
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Final

from chain.errors import HushangError
from chain.genesis import Genesis
from node import keystore
from node.api.certificate import ApiCertificate, end_words, limit_passed
from node.clock import now_ms
from node.config import ConfigInvalid, NodeConfig, load_config
from node.doctor.living import RENEW
from node.doctor.report import Check, Code, failed, not_checked, ok, warning
from node.genesis_file import GenesisFileInvalid, load_genesis
from node.keystore import KeyFile
from node.strict_json import JsonRefused
from node.words import clauses, listed, said, series

# Networks as large as this let webhooks reach nearly everything.
WIDE_PREFIX_MAX: Final = 8
NAME_FILE: Final = said("hushang doctor --config FILE, or put the variable right")


def read_settings(file: Path | None, environ: Mapping[str, str]) -> tuple[NodeConfig | None, Check]:
    """The settings, if they are valid; unknown keys are named with what was meant."""
    try:
        config = load_config(file, environ, {})
    except ConfigInvalid as error:
        do = (
            said("edit {file}: every setting stands in docs/operating.md", file=file)
            if file
            else NAME_FILE
        )
        nowhere = said("no settings file was named and there is none here")
        means = str(error) if file else series((str(error), nowhere))
        return None, failed("settings", means, do, Code.BAD_CONFIG)
    return config, ok(
        "settings", said("{file}: valid, no unknown keys", file=file or said("variables"))
    )


def risky_settings(config: NodeConfig) -> Iterator[Check]:
    """What is allowed and yet seldom meant: each a warning of its own."""
    if config.store == "memory":
        do = 'store = "auto"'
        yield warning("setting store", said("memory: the chain is gone when the node ends"), do)
    if config.log_level == "debug":
        yield warning("setting log_level", said("debug fills disks"), 'log_level = "info"')
    if not is_loopback(config.api_host) and config.api_certificate is None:
        words = said("the API listens on {api_host} without TLS", api_host=config.api_host)
        yield warning(
            "setting api_host",
            words,
            said("set api_certificate and api_key, or use loopback"),
        )
    outside = [peer.name for peer in config.peers if not is_loopback(peer.host)]
    if is_loopback(config.p2p_host) and outside:
        words = said(
            "peers are on other machines ({names}) and none can reach this",
            names=listed(outside[:3]),
        )
        do = said("listen where they can: p2p_host")
        yield warning(
            "setting p2p_host",
            said("{p2p_host} is this machine: {words}", p2p_host=config.p2p_host, words=words),
            do,
        )
    wide = [text for text in config.webhook_networks if _is_wide(text)]
    if wide:
        words = said(
            "webhooks may reach {wide}: whoever subscribes makes this node call there",
            wide=listed(wide),
        )
        yield warning("setting webhook_networks", words, said("name the receivers' networks only"))
    if not config.peers:
        words = said("no peers: this node dials nobody and waits to be dialled")
        yield warning("setting peers", words, said("name the other members' nodes under [[peers]]"))


def is_loopback(host: str) -> bool:
    """Is it this machine alone? A name is none unless it is localhost."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def _is_wide(text: str) -> bool:
    found = ip_network(text)
    return found.prefixlen < WIDE_PREFIX_MAX if found.version == 4 else found.prefixlen < 16  # noqa: PLR2004 - of IP


def check_key(path: Path, environ: Mapping[str, str]) -> tuple[KeyFile | None, list[Check]]:
    """Is the key file whole, its owner's alone, and can a sealed one be opened unattended?"""
    do = said("hushang keys show FILE tells more; restore it from your copy")
    try:
        found = keystore.show_key(path)
    except keystore.KeyFileTooOpen as error:
        words = said("chmod 600 {path}, and think about who may have read it", path=path)
        return None, [failed("key file", str(error), words, Code.NOT_AUTHORISED)]
    except keystore.KeyFileUnreadable as error:
        return None, [failed("key file", str(error), error.hint, Code.NOT_AUTHORISED)]
    except keystore.KeyFileMissing as error:
        return None, [failed("key file", str(error), do, Code.NOT_FOUND)]
    except (HushangError, JsonRefused) as error:
        return None, [failed("key file", str(error), do, Code.BAD_CONFIG)]
    words = said("{path}: key {key}, mode 0600", path=path, key=found.public_key.hex()[:16])
    seal = said("sealed") if found.sealed else said("not sealed")
    checks = [ok("key file", clauses((words, seal)))]
    checks.append(_check_passphrase(found, environ))
    return found, checks


def _check_passphrase(found: KeyFile, environ: Mapping[str, str]) -> Check:
    if not found.sealed:
        words = said("the key is not sealed: whoever copies the file has it")
        return warning(
            "passphrase",
            words,
            said("keep it on an encrypted disk; the next one can be made sealed"),
        )
    named = environ.get(keystore.FILE_VARIABLE)
    if not named:
        words = said(
            "{variable} isn't set here: only a terminal can start the node",
            variable=keystore.FILE_VARIABLE,
        )
        do = said("set {variable} in the node's unit", variable=keystore.FILE_VARIABLE)
        return not_checked("passphrase", words, do)
    try:
        keystore.load_key(found.path, lambda path: keystore.find_passphrase(path, environ))
    except HushangError as error:
        return failed("passphrase", str(error), error.hint, Code.NOT_AUTHORISED)
    return ok("passphrase", said("{named} opens the key", named=named))


def check_api_certificate(config: NodeConfig) -> Iterator[Check]:
    """Can the API show what the settings name? A running node tells when it ends."""
    if config.api_certificate is None or config.api_key is None:
        return
    try:
        state = ApiCertificate(config.api_certificate, config.api_key, now_ms).state()
    except HushangError as error:
        yield failed("api certificate", str(error), error.hint, Code.BAD_CONFIG)
        return
    dates = state.start_ms, state.end_ms, now_ms()
    words = said("for {names}; it {ends}", names=listed(state.names), ends=end_words(*dates))
    limit = limit_passed(*dates)
    if limit is None:
        yield ok("api certificate", words)
    elif limit > 0:
        yield warning("api certificate", words, RENEW)
    else:
        yield failed("api certificate", words, RENEW, Code.BAD_CONFIG)


def check_genesis(path: Path) -> tuple[Genesis | None, Check]:
    """Is the genesis readable, and which chain is it of?"""
    try:
        genesis = load_genesis(path)
    except GenesisFileInvalid as error:
        do = said("take it from another member, and compare the hash with what they tell you")
        return None, failed("genesis", str(error), do, Code.BAD_CONFIG)
    words = said(
        "chain {chain_id}, genesis hash {hash}",
        chain_id=genesis.chain_id,
        hash=genesis.hash().hex(),
    )
    return genesis, ok("genesis", words)


def check_seat(config: NodeConfig, genesis: Genesis, key: KeyFile) -> Check:
    """Do the name and the key of the settings belong together?"""
    by_key = {member.node_key: member.name for member in genesis.members}
    own = by_key.get(key.public_key)
    if own == config.name:
        return ok("identity", said("{name} is a founder with this key", name=config.name))
    if own is not None:
        words = said(
            "the key is {own}'s in the genesis, the settings say {name}", own=own, name=config.name
        )
        return failed(
            "identity", words, said("use each member's own key and name"), Code.BAD_CONFIG
        )
    if config.observer:
        return ok("identity", said("{name} observes: its key is no founder's", name=config.name))
    words = said(
        "the key of {name} is no founder's: it needs a seat, or observer = true", name=config.name
    )
    return not_checked("identity", words, said("hushang committee show tells who has a seat"))


def check_directory(directory: Path) -> Check:
    """May this user, and nobody else, write to the data directory?"""
    if not directory.exists():
        return ok(
            "data directory",
            said("{directory} doesn't exist yet: the first start makes it", directory=directory),
        )
    mode = directory.stat().st_mode
    if not stat.S_ISDIR(mode):
        words = said("{directory} is no directory", directory=directory)
        return failed("data directory", words, said("name another data_dir"), Code.BAD_CONFIG)
    if not os.access(directory, os.W_OK | os.X_OK):
        do = said(
            "chown {directory} to the node's user, or run doctor as that user", directory=directory
        )
        return failed(
            "data directory",
            said("{directory} can't be written by this user", directory=directory),
            do,
        )
    if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
        words = said("everybody may write to {directory}", directory=directory)
        return failed(
            "data directory",
            words,
            said("chmod o-w {directory}", directory=directory),
            Code.BAD_CONFIG,
        )
    return ok("data directory", said("{directory}: this user can write there", directory=directory))
