"""`hushang verify`: a saved proof, checked offline; its plain form never comes here (`cli`)."""

from pathlib import Path
from typing import Annotated

import typer

from node.commands.options import noun, verb
from node.commands.session import Session
from node.proof_file import Question, answer, checked

app = noun("Check a proof offline, trusting nothing but the genesis.", single=True)


@verb(
    app,
    "verify",
    examples=(
        "hushang verify order.hsproof --genesis genesis.json",
        "hushang verify recall.hsproof --genesis genesis.json --max-age 10min",
        "hushang verify order.hsproof --genesis genesis.json -o json",
        "hushang verify - --genesis genesis.json < order.hsproof",
    ),
)
def verify(
    session: Session,
    bundle: Annotated[str, typer.Argument(metavar="BUNDLE", help="The proof; - standard input.")],
    genesis: Annotated[
        Path,
        typer.Option(help="genesis.json, the JSON of GET /v1/genesis, or the canonical bytes."),
    ],
    genesis_hash: Annotated[
        str | None, typer.Option(metavar="HEX", help="The hash that the genesis must have.")
    ] = None,
    trusted: Annotated[
        str | None,
        typer.Option(metavar="HEIGHT:DIGEST", help="A header you trust: a bundle may start there."),
    ] = None,
    max_age: Annotated[
        str | None,
        typer.Option(help="How old it may be, 10min or 2h: needs a young header or f+1 members."),
    ] = None,
) -> None:
    """Say what a proof bundle proves, since when and by whose signatures; exit 8 if it doesn't.

    Asks no node. A key can be proven absent too. What a proof tells was so at its newest header's
    time; with --max-age it must be that fresh.
    """
    output = session.options.output
    question = Question(
        bundle,
        str(genesis),
        genesis_hash,
        trusted,
        max_age,
        None if output is None else output.value,
    )
    if session.options.field is None:
        answer(question)
    else:
        session.printer.document(checked(question).as_json())
