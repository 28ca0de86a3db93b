"""A transaction on its way: its bytes stay in a file until it is told what became of it.

The same command again would be a second transaction. So whatever ends this one, a signal or a power
cut too, what it sent can be handed in once more.
"""

import shlex
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Final

import typer

from chain.errors import HushangError
from chain.transaction import SignedTransaction
from node.client import OutcomeUnknown
from node.commands.options import Options
from node.commands.surroundings import Surroundings
from node.words import said, words

# What ends a command from outside: `timeout`, a service's stop, a terminal that closes.
ENDINGS: Final = (signal.SIGTERM, signal.SIGHUP)
# What ends a command that has said what it has to say, or is about to.
TOLD: Final = (HushangError, typer.Exit)


class Sending:
    """One transaction's file; `file`: where it came from, which then stays as it is."""

    def __init__(
        self,
        signed: SignedTransaction,
        file: Path | None,
        private: Mapping[str, str],
        options: Options,
    ) -> None:
        # It knows every operation there is: only what sends pays for that.
        files = import_module("node.transaction_file")
        own = files.TransactionFile(signed.content, signed.signatures)
        self.id: str = own.id
        self._private, self._options = private, options
        self._own: Path | None = None
        self._file = file
        self.failure: OSError | None = None
        if file is None:
            try:
                self._own = self._file = files.keep(own, Path.cwd())
            except OSError as error:
                # Told only where it would have helped.
                self.failure = error

    def forget(self) -> None:
        """It is known what became of it."""
        if self._own is not None:
            self._own.unlink(missing_ok=True)

    def end(self, error: object, around: Surroundings) -> None:
        """The command ended, with this error or with none: it told the outcome, or it is told now
        where the bytes are.
        """
        if error is None or isinstance(error, TOLD):
            self.forget()
            return
        around.say("ended before it could tell what became of the transaction")
        self.tell(around)

    def tell(self, around: Surroundings) -> None:
        """For people: what it is known by, and how to go on with the file."""
        self.tell_unkept(around)
        unknown = self.unknown("")
        for name, value in unknown.details.items():
            around.say("{name}: {value}", name=words().heading(name), value=value)
        around.printer.say(unknown.told_hint)

    def tell_unkept(self, around: Surroundings) -> None:
        """For people: that there is no file, where there is none."""
        if self.failure is not None:
            strerror = self.failure.strerror
            around.say("the transaction could not be kept: {strerror}", strerror=strerror)

    def unknown(self, message: str) -> OutcomeUnknown:
        """The error that says how to go on with the file."""
        error = OutcomeUnknown(message, self.id)
        if self._file is None:
            error.details |= self._private
            return error
        place = str(self._file)
        error.details |= {"file": place, **self._private}
        where = "".join(
            f" {flag} {shlex.quote(value)}"
            for flag, value in (
                ("--context", self._options.context),
                ("--node", self._options.node),
            )
            if value is not None
        )
        again = f"hushang tx submit {shlex.quote(place)}{where}"
        error.told_hint = said(
            "{again} is safe to repeat; the same command would be a second transaction",
            again=again,
        )
        return error


@contextmanager
def signals_interrupt() -> Iterator[None]:
    """Whatever ends the command does it as Ctrl-C does, so that it can say what it leaves."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    # What is ignored stays so, as under nohup.
    taken = [one for one in ENDINGS if signal.getsignal(one) is signal.SIG_DFL]
    for number in taken:
        signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number in taken:
            signal.signal(number, signal.SIG_DFL)
