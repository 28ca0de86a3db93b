"""`hushang doctor`: what is wrong with a node and its machine, and what to do."""

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Final

import typer

from node.commands.options import noun, verb
from node.commands.own_node import CONFIG, settings_file
from node.commands.session import Session
from node.doctor.examine import Question, examine
from node.doctor.report import Check, State, as_data, exit_code
from node.plain_text import padded
from node.words import clauses, said, spoken, words

app = noun("Check a node and its machine: what is wrong, and what to do.", single=True)

COMPARE_TIMEOUT_S: Final = 5.0
SIGNS: Final = {
    State.OK: said("ok"),
    State.WARNING: said("WARNING"),
    State.FAILED: said("FAILED"),
    State.NOT_CHECKED: "–",
}
SIGN_SIZE: Final = max(map(len, SIGNS.values()))

COUNTS: Final[Mapping[State, Callable[[int], str]]] = {
    State.OK: lambda count: said("{count} ok", count=count),
    State.WARNING: lambda count: said("{count} warning", count=count),
    State.FAILED: lambda count: said("{count} failed", count=count),
    State.NOT_CHECKED: lambda count: said("{count} not checked", count=count),
}


@verb(
    app,
    "doctor",
    examples=(
        "hushang doctor",
        "hushang doctor --config /srv/hushang/hushang.toml",
        "hushang doctor --config /srv/hushang/hushang.toml --backups /srv/backups -o json",
        "hushang doctor --node http://10.0.0.2:26780",
    ),
)
def doctor(
    session: Session,
    config: CONFIG = None,
    log: Annotated[
        Path | None, typer.Option(help="The node's log, where the settings don't name it.")
    ] = None,
    backups: Annotated[
        Path | None, typer.Option(help="Where backups lie: the newest one's age is checked.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Leave out what is well.")] = False,
) -> None:
    """Look for what is wrong, whether the node runs or not, and say what to do about it.

    With settings, on the node's own machine: the files, the disk, the ports, the peers, the clock;
    with --node alone, what can be seen from afar. Nothing is changed but a probe file of its own,
    and no rights are needed beyond those of the node's user. Exits 0 if nothing failed, else with
    the code of the first failure: 9 settings, 5 unreachable, 8 damage, 4 rights, 1 else.
    """
    file = settings_file(config)
    named = session.options.node
    local = file is not None or named is None
    network = named or session.named or session.testnet
    clients = session.each_client(COMPARE_TIMEOUT_S) if network else ()
    question = Question(
        file=file,
        environ=os.environ,
        node=None if named is None else clients[0][0],
        others=clients if len(clients) > 1 else (),
        log=log,
        backups=backups,
        ca=session.ca,
        has_config=local,
    )
    checks = examine(question)
    show(session, checks, quiet=quiet)
    sys.exit(exit_code(checks))


def show(session: Session, checks: list[Check], *, quiet: bool) -> None:
    """The report, and its sum."""
    if not session.printer.is_table:
        session.printer.document(as_data(checks))
        return
    shown = [check for check in checks if not (quiet and check.state is State.OK)]
    session.printer.words({}, [line for check in shown for line in lines_of(check)])
    counts = {state: sum(check.state is state for check in checks) for state in State}
    session.say(clauses(COUNTS[state](count) for state, count in counts.items() if count))


def lines_of(check: Check) -> list[str]:
    """What was found in a line, and what to do about it in one below."""
    sign = padded(spoken(SIGNS[check.state]), SIGN_SIZE)
    name = words().text(check.name)
    found = said("{sign} {name}: {means}", sign=sign, name=name, means=check.means)
    return (
        [found, said("{sign} → {do}", sign=" " * SIGN_SIZE, do=check.do)] if check.do else [found]
    )
