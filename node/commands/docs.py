"""`hushang docs`: regenerate the pages of docs/ that the code itself tells."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Final

import typer

from commerce.documentation import render_transactions
from node.commands.failures import VerificationFailed
from node.commands.options import noun, verb
from node.commands.session import Session
from node.reference.api_page import render_api
from node.reference.errors_frames import CHINESE
from node.reference.errors_page import render_errors

app = noun("Regenerate the pages of docs/ that the code itself tells.", single=True)

DIRECTORY: Final = Path(__file__).resolve().parent.parent.parent / "docs"
PAGES: Final[dict[str, Callable[[], str]]] = {
    "transactions.md": render_transactions,
    "api.md": render_api,
    "errors.md": render_errors,
    "errors.zh.md": partial(render_errors, CHINESE),
}


@verb(app, "docs", examples=("hushang docs", "hushang docs --check", "hushang docs --out pages"))
def docs(
    session: Session,
    check: Annotated[
        bool, typer.Option("--check", help="Only say whether they are current: exit 0 or 8.")
    ] = False,
    out: Annotated[Path, typer.Option(help="The directory where they lie.")] = DIRECTORY,
) -> None:
    """Write transactions.md, api.md, errors.md and errors.zh.md: types, routes, codes."""
    rendered = {out / name: render() for name, render in PAGES.items()}
    stale = [page for page, text in rendered.items() if not is_current(page, text)]
    if check:
        if stale:
            names = ", ".join(str(page) for page in stale)
            raise VerificationFailed(f"not what the code says: {names}: run hushang docs")
        return
    out.mkdir(parents=True, exist_ok=True)
    for page in stale:
        page.write_text(rendered[page], "utf-8")
        session.say("wrote {page}", page=page)


def is_current(page: Path, text: str) -> bool:
    """Does the page hold just this?"""
    return page.exists() and page.read_text("utf-8") == text
