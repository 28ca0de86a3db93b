"""What the tests of real processes measured is told at the end of the run."""

from collections.abc import Callable

import pytest

_told: list[str] = []


@pytest.fixture
def tell() -> Callable[[str], None]:
    """Have a line of figures printed after the tests."""
    return _told.append


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was measured, whatever pytest captured."""
    if _told:
        terminalreporter.write_sep("-", "measured on real processes")
    for line in _told:
        terminalreporter.write_line(line)
