"""`hushang docs`: regenerate docs/transactions.md."""

from pathlib import Path
from typing import Annotated

import typer

from commerce.documentation import render_transactions
from node.commands.failures import VerificationFailed
from node.commands.options import noun, verb
from node.commands.session import Session

app = noun("Regenerate docs/transactions.md.", single=True)

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "transactions.md"


@verb(app, "docs", examples=("hushang docs", "hushang docs --check", "hushang docs --out page.md"))
def docs(
    session: Session,
    check: Annotated[
        bool, typer.Option("--check", help="Only say whether the page is current: exit 0 or 8.")
    ] = False,
    out: Annotated[Path, typer.Option(help="Where the page lies.")] = PAGE,
) -> None:
    """Write docs/transactions.md from the registry of transaction types."""
    page = render_transactions()
    if not check:
        out.write_text(page, "utf-8")
        session.say(f"wrote {out}")
    elif not out.exists() or out.read_text("utf-8") != page:
        raise VerificationFailed(f"{out} is not what the registry says: run hushang docs")
