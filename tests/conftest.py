"""What all tests share: the optional outside data, figures told at the end, every skip counted."""

import os
import re
import signal
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from node import testnet_genesis, words
from node.words import LOCALES
from tests.ports import share
from tests.schedule import SharedThenAlone

# Documents that nobody of the project wrote lie beside the checkout, or not (a user's clone).
SHARED_DATA = Path(__file__).parent.parent.parent / "shared" / "data"
# Lines of figures are properties of the test that tells them, so that they come from every worker.
# Variables that change what a command says, and how it looks.
OF_COMMANDS = re.compile("HUSHANG_").match
OF_TERMINALS = ("FORCE_COLOR", "NO_COLOR", "COLUMNS", "LINES")
FIGURES = ("simulated", "measured on real processes")

# How long an example takes depends on what runs beside it.
settings.register_profile(
    "patient",
    parent=settings.default,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("patient")


@pytest.fixture(scope="session", autouse=True)
def _own_contexts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test sees, or changes, what whoever runs it has in use (`node.contexts`)."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("config")))
        yield


@pytest.fixture(scope="session", autouse=True)
def _own_variables() -> Iterator[None]:
    """Nor their language, their terminal, and what they have set for commands and nodes."""
    with pytest.MonkeyPatch.context() as patch:
        for name in (*filter(OF_COMMANDS, os.environ), *LOCALES, *OF_TERMINALS):
            patch.delenv(name, raising=False)
        patch.setenv("LANG", "C.UTF-8")
        yield


@pytest.fixture(autouse=True)
def _english_again() -> Iterator[None]:
    """What one test has a command say in Chinese, the next one's functions say in English."""
    yield
    words.use(words.ENGLISH)


@pytest.fixture(scope="session", autouse=True)
def _own_ports() -> Iterator[None]:
    """Test networks that two workers make at the same moment never draw the same port."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(testnet_genesis, "PORTS", share(testnet_genesis.PORTS))
        yield


@pytest.fixture(scope="session", autouse=True)
def _interruptible() -> None:
    """A shell starts what runs in its background deaf to Ctrl-C, and so would be every command."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def shared_data() -> Callable[[str], Path]:
    """`shared_data("epcis/JSON")` is that folder of the outside data; skips where it is missing.

    What such a test protects must also be covered by a fixture of the project's own.
    """

    def folder(name: str) -> Path:
        path = SHARED_DATA / name
        if not path.exists():
            pytest.skip(f"outside data ../shared/data/{name} is not here")
        return path

    return folder


def skip_reasons(reports: list[pytest.TestReport | pytest.CollectReport]) -> Counter[str]:
    """How often each reason was given; a skip's `longrepr` is (file, line, reason)."""
    return Counter(
        report.longrepr[2].removeprefix("Skipped: ")
        for report in reports
        if isinstance(report.longrepr, tuple)
    )


def figures(reports: Iterable[object]) -> dict[str, list[str]]:
    """What tests told under each heading; the last of a test's reports has all that it told."""
    told: dict[str, list[str]] = {heading: [] for heading in FIGURES}
    for report in reports:
        if isinstance(report, pytest.TestReport) and report.when == "teardown":
            for heading, line in report.user_properties:
                told[heading].append(str(line))
    return told


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the figures, and how many tests were skipped, and why: such a test protects nothing."""
    reports = [report for reports in terminalreporter.stats.values() for report in reports]
    for heading, lines in figures(reports).items():
        if lines:
            terminalreporter.write_sep("-", heading)
        for line in lines:
            terminalreporter.write_line(line)
    reasons = skip_reasons(terminalreporter.stats.get("skipped", []))
    terminalreporter.write_sep("-", f"{reasons.total()} tests skipped")
    for reason, count in sorted(reasons.items()):
        terminalreporter.write_line(f"{count:5} × {reason}")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config) -> SharedThenAlone:
    """Where several workers share the tests."""
    return SharedThenAlone(len(config.getoption("tx")))
