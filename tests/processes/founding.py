"""A consortium founded by the handbook's own commands, in an ordinary directory; its processes."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from node.client import NodeClient
from node.testnet_genesis import free_ports
from tests.commands.command_line import ROOT, Ran, inside
from tests.processes.net import until

MEMBERS: Final = ("pudong", "xuhui", "jingan", "hongkou")
CARDS: Final = " ".join(f"{name}/{name}.card" for name in MEMBERS)
READY_S: Final = 60.0


def handbook_commands() -> list[str]:
    """The commands of the founding, in their order, without the word hushang."""
    page = (ROOT / "docs" / "operating.md").read_text("utf-8")
    part = page.split("\n## Founding a consortium\n", 1)[1].split("\n## ", 1)[0]
    return re.findall(r"^hushang (.*)$", part, re.MULTILINE)


@dataclass(slots=True)
class Founding:
    """A directory in which a consortium is founded, and its ports."""

    directory: Path
    p2p: Mapping[str, int] = field(default_factory=dict)
    api: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def at(cls, directory: Path) -> "Founding":
        """In an empty directory, with ports that are free."""
        ports = free_ports(2 * len(MEMBERS))
        half = len(MEMBERS)
        return cls(
            directory,
            dict(zip(MEMBERS, ports[:half], strict=True)),
            dict(zip(MEMBERS, ports[half:], strict=True)),
        )

    def run(self, command: str) -> Ran:
        """One command line, which must succeed; the current directory is the founding's."""
        assert Path.cwd() == self.directory
        ran = inside(*shlex.split(command))
        assert ran.code == 0, f"{command}: {ran.err}"
        return ran

    def url(self, name: str) -> str:
        """A member's API."""
        return f"http://127.0.0.1:{self.api[name]}"

    @contextmanager
    def started(self, names: Sequence[str] = MEMBERS) -> Iterator[None]:
        """The nodes of these members, ready; each in its own process, and gone at the end."""
        with ExitStack() as running:
            for name in names:
                running.enter_context(self._process(name))
            for name in names:
                client = NodeClient([self.url(name)], timeout_s=5.0)
                until(client.is_ready, f"{name} is ready", READY_S)
            yield

    @contextmanager
    def _process(self, name: str) -> Iterator[None]:
        command = [sys.executable, str(ROOT / "cli.py"), "node", "start"]
        command += ["--config", f"{name}/hushang.toml", "--api-port", str(self.api[name])]
        kept = {key: text for key, text in os.environ.items() if not key.startswith("HUSHANG_")}
        with (self.directory / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                command, cwd=self.directory, env=kept, stdout=log, stderr=log
            )
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(20.0)
            finally:
                process.kill()
                process.wait()
