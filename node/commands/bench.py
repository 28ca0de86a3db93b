"""`hushang bench`: offered load, decided transactions a second, latency, what it costs."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Final, TypeAlias

import typer

from node.bench.accounts import check_accounts, with_crowd
from node.bench.faults import FaultPlan, check_faults, kill_before
from node.bench.measured import Measured, Ramp, Repeated
from node.bench.plan import BenchRefused, Load, Sender, check_load
from node.bench.plot import plot
from node.bench.probes import Node
from node.bench.ramp import check_overload, ramp
from node.bench.readable import readable
from node.bench.record import record_of
from node.bench.runner import Stage, own_network, run, stage_of
from node.bench.workloads import WORKLOADS, workload_of
from node.commands.failures import UsageWrong, VerificationFailed
from node.commands.options import StoreKind, StoreOption, noun, verb
from node.commands.session import Session
from node.commands.signers import KeyMissing
from node.testnet_genesis import NODES_MAX

app = noun("Offered load, decided transactions a second, latency, what it costs.", single=True)

RATE_DEFAULT: Final = 200
REPEAT_MAX: Final = 99

Found: TypeAlias = Measured | Ramp | Repeated

RATE = Annotated[
    int | None,
    typer.Option(
        help="Offer so many a second, come what may.", show_default=f"{RATE_DEFAULT}", min=1
    ),
]
IN_FLIGHT = Annotated[
    int | None, typer.Option(help="Instead: keep so many under way, as fast as it goes.")
]
RAMP = Annotated[
    bool, typer.Option("--ramp", help="Instead: rates that rise until the network saturates.")
]
OVERLOAD = Annotated[
    float | None,
    typer.Option(help="Find the most that it decides, then offer so many times that."),
]
ACCOUNTS = Annotated[
    int, typer.Option(help="Open so many further accounts first, and let them pay by turns.")
]
KILL_AT = Annotated[
    float | None, typer.Option(help="Kill -9 the primary at this second (own network only).")
]
RESTART_AT = Annotated[
    float | None, typer.Option(help="Start it again at this second (own network only).")
]
DEAD = Annotated[
    int, typer.Option(help="Kill so many members first, the primary too (own network only).")
]
PLOT = Annotated[Path | None, typer.Option("--plot", help="Draw it too: an SVG file, overwritten.")]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the command line asks for; `load` is the shape of each run."""

    load: Load
    faults: FaultPlan
    repeat: int
    accounts: int
    rises: bool
    overload: float | None

    @property
    def searches(self) -> bool:
        """Is the saturation looked for?"""
        return self.rises or self.overload is not None


@verb(
    app,
    "bench",
    examples=(
        "hushang bench --rate 500 --seconds 60 --repeat 3",
        "hushang bench --in-flight 800 -o json > run.json",
        "hushang bench --workload trade --ramp --overload 2 --plot trade.svg",
        "hushang bench --rate 300 --seconds 20 --kill-primary-at 5 --restart-at 10",
        "hushang bench -n 7 --dead 2 --in-flight 200",
        "hushang bench --accounts 100000 --in-flight 800",
        "hushang bench --context local --rate 50",
        "hushang bench --node http://10.0.0.2:26780 --key erp.key --rate 50",
    ),
)
def bench(
    session: Session,
    workload: Annotated[str, typer.Option(help=f"{', '.join(WORKLOADS)}.")] = "transfer",
    rate: RATE = None,
    in_flight: IN_FLIGHT = None,
    rises: RAMP = False,
    overload: OVERLOAD = None,
    seconds: Annotated[float, typer.Option(help="How long; of a ramp, each rate.")] = 10.0,
    repeat: Annotated[int, typer.Option(help="So often; the median run is told in full.")] = 1,
    batch: Annotated[int, typer.Option(help="At most so many in one request.")] = 100,
    accounts: ACCOUNTS = 0,
    kill_primary_at: KILL_AT = None,
    restart_at: RESTART_AT = None,
    dead: DEAD = 0,
    nodes: Annotated[int, typer.Option("-n", "--nodes", help="Nodes of a network of its own.")] = 4,
    store: StoreOption = StoreKind.AUTO,
    plot_file: PLOT = None,
) -> None:
    """Offer transactions to all nodes and measure what comes of them.

    Without --context or --node it raises a network of its own and removes it afterwards. What is
    offered is signed beforehand; a latency counts from when a transaction was due until its receipt
    was here. At the end every acknowledged id must be in the same block of every node: else exit 8.
    Ctrl-C ends a run early and prints what was measured until then.
    """
    searches = rises or overload is not None
    if rate is None and in_flight is None:
        rate = RATE_DEFAULT
    elif searches:
        raise BenchRefused(
            "--ramp and --overload find the rates themselves: no --rate, --in-flight"
        )
    load = Load(workload, seconds, batch, rate, in_flight)
    faults = FaultPlan(dead, kill_primary_at, restart_at)
    wanted = Wanted(load, faults, repeat, accounts, rises, overload)
    _check(wanted)
    _check_place(plot_file)
    if session.options.context is None and session.options.node is None:
        measured = _on_own_network(session, wanted, nodes, store.value)
    else:
        if faults != FaultPlan():
            raise BenchRefused("the bench kills nodes of a network of its own only")
        stage = with_crowd(_stage(session), accounts, session.say)
        measured = _search(session, stage, wanted)
    _tell(session, measured, plot_file)


def _check_place(file: Path | None) -> None:
    """Refuse a file that can't be written before anything is measured."""
    if file is not None and (file.is_dir() or not file.absolute().parent.is_dir()):
        raise UsageWrong(f"--plot: {file} is a directory, or its directory is missing")
    if file is not None and file.suffix.lower() != ".svg":
        raise UsageWrong(f"--plot: {file}: plots are SVG files; name it so")


def _check(wanted: Wanted) -> None:
    """Refuse what can't be measured before anything is started."""
    workload_of(wanted.load.workload)
    check_load(wanted.load)
    check_overload(wanted.overload)
    check_accounts(wanted.accounts)
    if not 1 <= wanted.repeat <= REPEAT_MAX:
        raise BenchRefused(f"--repeat: 1 to {REPEAT_MAX}")
    if wanted.searches and wanted.repeat > 1:
        raise BenchRefused("--ramp and --overload are many runs already: no --repeat")
    if wanted.faults.kill_primary_at_s is not None and (wanted.searches or wanted.repeat > 1):
        raise BenchRefused("--kill-primary-at is for a single run")


def _on_own_network(session: Session, wanted: Wanted, nodes: int, store: str) -> Found:
    """On a network that is gone afterwards."""
    if not 1 <= nodes <= NODES_MAX:
        raise UsageWrong(f"-n: 1 to {NODES_MAX} nodes")
    check_faults(wanted.faults, nodes, wanted.load.seconds)
    with own_network(nodes, store, session.say) as network:
        # Accounts are opened while all live.
        whole = with_crowd(stage_of(network), wanted.accounts, session.say)
        dead = kill_before(network, wanted.faults.dead, session.say)
        stage = replace(stage_of(network, dead=dead), crowd=whole.crowd)
        return _search(session, stage, wanted)


def _search(session: Session, stage: Stage, wanted: Wanted) -> Found:
    """One run, several of the same, or a search for saturation."""

    def measure(load: Load) -> Measured:
        return run(stage, load, session.say, wanted.faults)

    if wanted.searches:
        operations = workload_of(wanted.load.workload).operations_per_transaction
        return ramp(
            measure,
            wanted.load,
            session.say,
            operations,
            steps=wanted.rises,
            overload=wanted.overload,
        )
    runs: list[Measured] = []
    while len(runs) < wanted.repeat and not (runs and runs[-1].interrupted):
        if wanted.repeat > 1:
            session.say("run {count} of {repeat}", count=len(runs) + 1, repeat=wanted.repeat)
        runs.append(measure(wanted.load))
    return runs[0] if wanted.repeat == 1 else Repeated(runs)


def _tell(session: Session, found: Found, plot_file: Path | None) -> None:
    """Print what was measured; then say by the exit code if it must not be believed or is cut."""
    record = record_of(found)
    session.printer.record(record, readable(record))
    if plot_file is not None:
        plot_file.write_text(plot(record), "utf-8")
        session.say("plot: {plot_file}", plot_file=plot_file)
    runs = [found] if isinstance(found, Measured) else found.runs
    if not all(one.agreement.holds for one in runs):
        raise VerificationFailed("the nodes do not agree on what was acknowledged")
    if runs[-1].interrupted:
        raise KeyboardInterrupt


def _stage(session: Session) -> Stage:
    """The running network that the command names."""
    named, key_file = session.options.node, session.options.key
    if named is None or "://" not in named:
        return stage_of(session.require_testnet(), [] if named is None else [named])
    if key_file is None:
        raise KeyMissing("a network that is not a test network's needs --key to sign with")
    own = session.signer.account
    members = [member.policy.account_id() for member in session.genesis.members]
    return Stage(
        nodes=[Node(str(session.client.get("/v1/status")["name"]), named)],
        genesis_hash=session.genesis.hash(),
        senders=[Sender(own, Path(key_file).resolve())],
        accounts=[own, *(account for account in members if account != own)],
        symbol=session.genesis.assets[0].symbol,
        members=len(session.client.get("/v1/committee")["members"]),
    )
