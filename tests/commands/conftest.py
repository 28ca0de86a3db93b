"""One running test network for all tests of commands."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from node import testnet
from node.client import Outcome
from node.commands.session import Session
from node.testnet_genesis import Plan
from node.testnet_layout import LocalNetwork
from tests.commands.command_line import Ran, inside


@dataclass(frozen=True)
class Shop:
    """A network and short words for using it."""

    network: LocalNetwork

    def run(self, *words: str) -> Ran:
        """One command line on this network."""
        return inside("--context", str(self.network.directory), *words)

    def ok(self, *words: str) -> Ran:
        """As `run`, with JSON and no error."""
        ran = self.run("-o", "json", *words)
        assert ran.code == 0, ran.err
        return ran

    def refused(self, *words: str) -> tuple[int, str]:
        """Exit code and code of a command line that fails."""
        ran = self.run("-o", "json", *words)
        assert ran.code != 0, ran.out
        return ran.code, ran.error["code"]

    def balance(self, name: str) -> int:
        """What somebody has, in fen."""
        found = self.ok("account", "balances", name).json
        return int(next(e["available_minor"] for e in found if e["symbol"] == "CNY"))


@pytest.fixture(scope="package")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Four nodes, funded; gone afterwards."""
    place = tmp_path_factory.mktemp("shop") / "net"
    network = testnet.up(Plan(place, "shop", 4), lambda _: None)
    try:
        yield Shop(network)
    finally:
        testnet.reset(network)


@pytest.fixture(autouse=True)
def _what_a_command_prints_of_its_transaction_is_told_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else --field would refuse a name that there is, and send nothing."""
    before, report = Session.before_sending, Session.report
    told: set[str] = set()

    def noted(session: Session, brings: Iterable[str] | None) -> None:
        names = None if brings is None else tuple(brings)
        told.update(names or ())
        before(session, names)

    def checked(session: Session, outcome: Outcome, ids: Mapping[str, Any]) -> None:
        assert set(ids) <= told, ids
        report(session, outcome, ids)

    monkeypatch.setattr(Session, "before_sending", noted)
    monkeypatch.setattr(Session, "report", checked)
