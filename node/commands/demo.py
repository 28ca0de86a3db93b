"""`hushang demo`: four nodes agree on one real trade, told in plain words."""

import json
import time
from pathlib import Path
from typing import Annotated

import typer

from node.commands.failures import UsageWrong
from node.commands.options import Output, StoreKind, StoreOption, noun, verb
from node.commands.session import Session
from node.demo.play import NODES_MIN, Wish, play
from node.demo.story import Step, as_json, as_text

app = noun("Four nodes agree on one real trade, told in plain words.", single=True)


@verb(
    app,
    "demo",
    examples=("hushang demo", "hushang demo -o json", "hushang demo --dir ./demo --keep"),
)
def demo(
    session: Session,
    nodes: Annotated[int, typer.Option("-n", "--nodes", help="How many members.")] = 4,
    store: StoreOption = StoreKind.AUTO,
    directory: Annotated[
        Path | None, typer.Option("--dir", help="Keep the data here; default: removed at the end.")
    ] = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave the network running at the end.")
    ] = False,
) -> None:
    """Raise a network of real processes and play one trade on it, step by step.

    Every height, id and amount that is told is checked on another node's API before it is told;
    with -o json each step carries these checks as claims: path, JSON pointer, value.
    """
    if nodes < NODES_MIN:
        raise UsageWrong(f"-n: at least {NODES_MIN}, so that one can be killed")
    began = time.monotonic()
    printer = session.printer

    def tell(step: Step) -> None:
        if printer.is_table:
            print(as_text(step), end="\n\n", flush=True)
        elif printer.output is Output.NDJSON:
            print(json.dumps(as_json(step), ensure_ascii=False), flush=True)

    record = play(Wish(nodes, store.value, directory, keep), tell, session.say)
    if printer.output is Output.JSON:
        printer.document(record)
    elif printer.is_table:
        took_s = time.monotonic() - began
        print(f"Everything told was checked on another node. It took {took_s:.0f} s.")
