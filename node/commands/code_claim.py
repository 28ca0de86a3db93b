"""`hushang code claim`: commit, reveal, and wait until the thing is one's own."""

import sys
import time
from getpass import getpass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Final

import typer

from chain.bech32m import encode_account
from chain.errors import HushangError
from commerce.codes.claiming import ClaimCommit, ClaimReveal
from commerce.codes.serials import claim_code_hash
from commerce.codes.views import CLAIMED, INACTIVE, WITHDRAWN
from commerce.registry import operation
from node import claim_file
from node.claim_file import ClaimFile
from node.client import NotFound
from node.code_text import read_code
from node.commands.code_noun import (
    GTIN,
    SERIAL,
    TREE,
    app,
    code_path,
    files_of,
    read_gtin,
    read_serial,
    show_verdict,
)
from node.commands.failures import UsageWrong
from node.commands.options import verb
from node.commands.session import Session
from node.commands.tx import read_file
from node.money_text import format_time
from node.words import said

POLL_S: Final = 1.0
# Who leads, and until when: two may have committed in one block.
_CHANGING: Final = ("claimant", "claim_until_ms")


class ClaimCodeMistyped(HushangError):
    """The hidden code is not the one of this thing; nothing was sent."""

    hint = "read it again under the cover; if it is as you typed it, report the thing as a copy"


class ClaimTooEarly(HushangError):
    """The code is not in circulation: a reveal would be refused, and would show it to everybody."""

    hint = "ask the brand: nobody should have goods with this code"


class ClaimLost(HushangError):
    """Somebody else is the thing's owner."""

    hint = "hushang code report tells its brand; keep receipt and pictures"


@verb(
    app,
    "claim",
    sends=True,
    examples=(
        "hushang code claim 06901234000016 7ZK4M2XJ0QW8R --as buyer",
        "hushang code claim 06901234000016 7ZK4M2XJ0QW8R --code-file hidden.txt --as buyer",
    ),
)
def claim(
    session: Session,
    gtin: GTIN,
    serial: SERIAL,
    code_file: Annotated[
        Path | None,
        typer.Option(help="Where the hidden code stands; - is stdin. Else you are asked for it."),
    ] = None,
    tree: TREE = None,
    no_wait: Annotated[
        bool, typer.Option("--no-wait", help="Don't wait until it is yours: it comes by itself.")
    ] = False,
    keep_in: Annotated[
        Path, typer.Option(metavar="DIR", help="Where the claim is kept until it is done.")
    ] = Path(),
) -> None:
    """Claim a thing by its hidden code: commit to it, reveal it, become its owner.

    Whoever saw the code in a transaction could take the thing; so a sealed commitment comes first,
    and the earliest one wins. It takes the whole of the chain's claim_ms (hushang parameters show),
    ten minutes where nothing else was agreed; --no-wait leaves the rest to the chain. After Ctrl-C
    the same command goes on.
    """
    known = Claimant(session, read_gtin(gtin), read_serial(serial), tree)
    path = claim_file.claim_path(keep_in, known.gtin, known.serial, known.account)
    if session.options.dry_run and not path.exists():
        # What is tried commits to another salt than the claim that will be kept.
        with TemporaryDirectory() as place:
            known.commit_and_reveal(known.kept(Path(place) / path.name, code_file))
    begun = known.kept(path, code_file)
    before = known.verdict()
    if not known.is_settled(before):
        if not known.is_leading(before):
            known.commit_and_reveal(begun)
        if no_wait:
            known.show()
            return
        known.wait(path)
    path.unlink(missing_ok=True)
    known.show()


class Claimant:
    """One account's claim of one thing."""

    def __init__(self, session: Session, gtin: str, serial: str, tree: Path | None) -> None:
        self.session = session
        self.gtin = gtin
        self.serial = serial
        self.member = None if tree is None else files_of(tree, gtin).member(serial)
        self.account = session.signer.account

    def kept(self, path: Path, code_file: Path | None) -> ClaimFile:
        """The claim that was begun, or a new one, whose code is this thing's."""
        if path.exists():
            self.session.say("going on with {path}", path=path)
            return claim_file.load(path, self.gtin, self.serial, self.account)
        code = read_code(_typed(code_file))
        told = self.verdict()
        if told is not None and told["verdict"] in (INACTIVE, WITHDRAWN):
            raise ClaimTooEarly(f"{self.gtin} {self.serial} is {told['verdict']}")
        known_hash = self.member.claim_hash.hex() if told is None and self.member else ""
        if claim_code_hash(code).hex() != (told["claim_hash"] if told else known_hash):
            raise ClaimCodeMistyped("not the hidden code of this thing")
        return claim_file.begin(path, self.gtin, self.serial, self.account, code)

    def verdict(self) -> dict[str, Any] | None:
        """What the chain says of it now; None if it doesn't know it and its leaf is shown."""
        try:
            answer = self.session.client.get(code_path(self.gtin, self.serial))
        except NotFound as error:
            if self.member is None:
                error.told_hint = "give its batch's public files too: --tree DIR"
                raise
            return None
        told: dict[str, Any] = answer["code"]
        return told

    def is_settled(self, told: dict[str, Any] | None) -> bool:
        """Is it the claimant's? `ClaimLost` if it is another's."""
        if told is None or told["verdict"] != CLAIMED:
            return False
        if told["owner"] != encode_account(self.account):
            raise ClaimLost(f"{self.gtin} {self.serial} is {told['owner']}'s")
        return True

    def is_leading(self, told: dict[str, Any] | None) -> bool:
        """Was this claimant's commitment revealed, and none before it?"""
        return told is not None and told["claimant"] == encode_account(self.account)

    def commit_and_reveal(self, begun: ClaimFile) -> None:
        """Both, of which an earlier try may have done the first."""
        session = self.session
        if not self._is_committed(begun):
            commit = operation("code.claim_commit", ClaimCommit(begun.commitment))
            session.submit(session.signed(commit), brings=None)
            session.say("committed; nobody knows to what")
        reveal = ClaimReveal(self.gtin, self.serial, begun.code, begun.salt, self.member)
        session.submit(session.signed(operation("code.claim_reveal", reveal)), brings=None)
        session.say("revealed")

    def _is_committed(self, begun: ClaimFile) -> bool:
        path = f"/v1/accounts/{encode_account(self.account)}/claim-commits"
        commits = self.session.client.get(path)["commits"]
        return any(commit["commitment"] == begun.commitment.hex() for commit in commits)

    def wait(self, path: Path) -> None:
        """Until the clock has made it the claimant's."""
        told = self.verdict()
        while not self.is_settled(told):
            if told is None or not self.is_leading(told):
                raise ClaimLost("somebody committed to this code before")
            if told["claim_until_ms"] is not None:
                until = format_time(told["claim_until_ms"])
                self.session.say(
                    said("yours at {until}, unless somebody committed before", until=until)
                )
            told = self._after(told, path)

    def _after(self, told: dict[str, Any], path: Path) -> dict[str, Any] | None:
        """The next thing that the chain says."""
        try:
            while True:
                time.sleep(POLL_S)
                now = self.verdict()
                if now is None or any(now[name] != told[name] for name in _CHANGING):
                    return now
        except KeyboardInterrupt:
            self.session.say(
                said("it becomes yours by itself; {path} is kept until you ask again", path=path)
            )
            raise

    def show(self) -> None:
        """The verdict."""
        show_verdict(self.session, self.gtin, self.serial)


def _typed(code_file: Path | None) -> str:
    """The hidden code: of a file, of stdin, or typed unseen; never an argument."""
    if code_file is not None:
        return read_file(code_file).decode("utf-8", "replace")
    if not sys.stdin.isatty():
        raise UsageWrong("give --code-file FILE, or - for stdin")
    return getpass("Hidden code: ")
