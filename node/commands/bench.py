"""`hushang bench`: offered load, decided transactions a second, latency."""

from pathlib import Path
from typing import Annotated

import typer

from node.bench.plan import Load, Sender, check_load
from node.bench.probes import Node
from node.bench.report import readable, report
from node.bench.runner import Stage, own_network, run, stage_of
from node.bench.workloads import workload_of
from node.commands.failures import UsageWrong, VerificationFailed
from node.commands.options import noun, verb
from node.commands.session import KeyMissing, Session
from node.testnet_genesis import NODES_MAX

app = noun("Offered load, decided transactions a second, latency.", single=True)

RATE_DEFAULT = 200


@verb(
    app,
    "bench",
    examples=(
        "hushang bench --rate 200 --seconds 10",
        "hushang bench --in-flight 1000 -o json",
        "hushang bench --workload provenance --in-flight 16",
        "hushang bench --context local --rate 50",
        "hushang bench --node http://10.0.0.2:26780 --key erp.key --rate 50",
    ),
)
def bench(
    session: Session,
    workload: Annotated[str, typer.Option(help="transfer or provenance.")] = "transfer",
    rate: Annotated[
        int | None, typer.Option(help="Offer so many transactions a second, come what may.")
    ] = None,
    in_flight: Annotated[
        int | None, typer.Option(help="Instead: keep so many under way, as fast as it goes.")
    ] = None,
    seconds: Annotated[float, typer.Option(help="How long.")] = 10.0,
    batch: Annotated[int, typer.Option(help="At most so many in one request.")] = 100,
    nodes: Annotated[int, typer.Option("-n", "--nodes", help="Nodes of a network of its own.")] = 4,
    store: Annotated[str, typer.Option(help="auto, leveldb, sqlite or memory.")] = "auto",
) -> None:
    """Offer transactions to all nodes and measure what comes of them.

    Without --context or --node it raises a network of its own and removes it afterwards. They are
    signed beforehand; a latency counts from when a transaction was due until its receipt was here.
    At the end every acknowledged id must be in the same block of every node: else exit 8.
    """
    if rate is None and in_flight is None:
        rate = RATE_DEFAULT
    load = Load(workload, seconds, batch, rate, in_flight)
    workload_of(workload)
    check_load(load)
    if session.options.context is None and session.options.node is None:
        if not 1 <= nodes <= NODES_MAX:
            raise UsageWrong(f"-n: 1 to {NODES_MAX} nodes")
        with own_network(nodes, store, session.say) as network:
            measured = run(stage_of(network), load, session.say)
    else:
        measured = run(_stage(session), load, session.say)
    record = report(measured)
    session.printer.record(record, readable(record))
    if not measured.agreement.holds:
        raise VerificationFailed("the nodes do not agree on what was acknowledged")


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
        senders={"": Sender(own, Path(key_file).resolve())},
        accounts=[own, *(account for account in members if account != own)],
        symbol=session.genesis.assets[0].symbol,
    )
