"""`hushang repair`: what of a stopped node's data is damaged, and what can be done about it."""

import os
import time
from collections.abc import Sequence
from functools import reduce
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from node import keystore
from node.clock import now_ms
from node.commands.failures import UsageWrong, VerificationFailed
from node.commands.options import StoreKind, noun, verb
from node.commands.own_node import CONFIG
from node.commands.session import Session
from node.config import FILE_NAME, load_config
from node.damage import NodeData, State
from node.genesis_file import load_genesis
from node.repair import Plan, examine, mend
from node.vote_words import AFTERWARDS
from node.words import said

STATES: Final = {
    State.WHOLE: said("whole"),
    State.MISSING: said("missing"),
    State.DAMAGED: said("damaged"),
    State.LEFTOVER: said("left over"),
}

app = noun("Put a node with a damaged disk back to work.", single=True)

TELL_EVERY_S: Final = 2.0


@verb(
    app,
    "repair",
    examples=(
        "hushang repair --dry-run",
        "hushang repair --config /srv/hushang/hushang.toml",
        "hushang repair --data-dir data --genesis genesis.json --node-key node.key --yes",
    ),
)
def repair(
    session: Session,
    config: CONFIG = None,
    data_dir: Annotated[Path | None, typer.Option(help="Instead of the settings'.")] = None,
    genesis: Annotated[Path | None, typer.Option(help="Instead of the settings'.")] = None,
    node_key: Annotated[Path | None, typer.Option(help="Instead of the settings'.")] = None,
    store: Annotated[StoreKind | None, typer.Option("--store", help="Instead of auto.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only tell; exit 8 if something is damaged.")
    ] = False,
) -> None:
    """Examine every part of a stopped node's data, and put right what is damaged.

    Reads the whole database against its own hashes, the journal, the evidence book and the
    snapshots. What is damaged is moved to damaged-1/ (or the next free number) in the data
    directory; nothing is deleted. At its next start the node fetches the chain from its peers. Its
    promises are kept: a node never votes on what it may have voted on before. Exit 8 if damage is
    left: with --dry-run, or where the data is nowhere else. Safe to interrupt and to repeat.

    Also --dry-run opens the database, whose engine rewrites files as a node's start would: for
    evidence work on a copy, and on a full disk or read-only medium it can't look.
    """
    data = _find_data(config, data_dir, genesis, node_key, store)
    plan = examine(data, now_ms, _Progress(session))
    record = _record(data, plan)
    if plan.intact:
        session.printer.record(record, _table(data, plan))
        session.say(_nothing_to_do(plan))
        _say_next(session, plan)
        return
    if dry_run:
        session.printer.record(record, _table(data, plan))
        raise VerificationFailed(
            said(
                "{directory}: {what}; without --dry-run it is done",
                directory=data.directory,
                what=_to_do(data.directory, plan),
            )
        )
    if not session.options.yes:
        _say_parts(session, plan)
        session.confirm(said("{what}?", what=_to_do(data.directory, plan)))
    aside = mend(data, plan)
    record["done"] = True
    record["moved_to"] = None if aside is None else str(aside)
    session.printer.record(record, _table(data, plan) | {"moved to": record["moved_to"]})
    _say_next(session, plan)


def _nothing_to_do(plan: Plan) -> str:
    """Of data in which nothing is damaged, or nothing any more, for people."""
    if not plan.missing:
        return said("nothing is damaged")
    return said("nothing left to move; missing: {parts}", parts=_joined(plan.missing))


def _say_parts(session: Session, plan: Plan) -> None:
    for part in plan.parts:
        state = STATES[part.state]
        session.say("{name}: {state}: {words}", name=part.name, state=state, words=part.words)


def _joined(words: Sequence[str]) -> str:
    return reduce(lambda one, other: said("{first} and {rest}", first=one, rest=other), words)


def _say_next(session: Session, plan: Plan) -> None:
    """What comes of it, and what to do."""
    for note in plan.notes:
        session.say(note)
    if plan.notes or not plan.intact:
        session.say("next: hushang node start")
    if plan.votes_later:
        session.say(AFTERWARDS)


def _find_data(
    config: Path | None,
    data_dir: Path | None,
    genesis: Path | None,
    node_key: Path | None,
    store: StoreKind | None,
) -> NodeData:
    """Whose data it is, from the settings or from the flags alone."""
    file = config or (Path(FILE_NAME) if Path(FILE_NAME).exists() else None)
    kind = StoreKind.AUTO if store is None else store
    if data_dir and genesis and node_key:
        return NodeData(
            data_dir, load_genesis(genesis), keystore.show_key(node_key).public_key, kind.value
        )
    if file is None:
        raise UsageWrong("name --config, or all of --data-dir, --genesis and --node-key")
    flags = {"data_dir": data_dir, "genesis": genesis, "node_key": node_key, "store": store}
    settings = load_config(file, os.environ, flags)
    return NodeData(
        settings.data_dir,
        load_genesis(settings.genesis),
        keystore.show_key(settings.node_key).public_key,
        settings.store,
        has_peers=bool(settings.peers),
        observer=settings.observer,
    )


def _to_do(directory: Path, plan: Plan) -> str:
    """What is planned, for people."""
    told = [said("move {path} aside", path=path.relative_to(directory)) for path in plan.moved]
    if plan.silence is not None:
        until = plan.silence.until
        told.insert(0, said("keep the journal, silent up to height {height}", height=until))
    return _joined(told)


def _record(data: NodeData, plan: Plan) -> dict[str, Any]:
    return {
        "directory": str(data.directory),
        "parts": [
            {"part": part.name, "state": part.state.value, "found": part.words}
            for part in plan.parts
        ],
        "silent_until": None if plan.silence is None else plan.silence.until,
        "to_move": [str(path.relative_to(data.directory)) for path in plan.moved],
        "moved_to": None,
        "done": False,
    }


def _table(data: NodeData, plan: Plan) -> dict[str, Any]:
    """As people see it: a line a part."""
    found = {
        part.name: said("{state}: {words}", state=STATES[part.state], words=part.words)
        for part in plan.parts
    }
    return {"directory": str(data.directory), **found}


class _Progress:
    """Tells on stderr how far the reading is, every few seconds."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._told_s = time.monotonic()

    def __call__(self, stage: str, done: int, total: int) -> None:
        if time.monotonic() - self._told_s < TELL_EVERY_S:
            return
        self._told_s = time.monotonic()
        if total:
            self._session.say(
                "reading {stage}: {done} of {total}", stage=stage, done=done, total=total
            )
        else:
            self._session.say("reading {stage}: {done}", stage=stage, done=done)
