"""The simulator's account at the end of a test run: what its seeds went through."""

import pytest

ACCOUNT = pytest.StashKey[list[str]]()


def pytest_configure(config: pytest.Config) -> None:
    """Begin with an empty account."""
    config.stash[ACCOUNT] = []


@pytest.fixture(scope="session")
def account(pytestconfig: pytest.Config) -> list[str]:
    """Lines to print at the end of the run."""
    return pytestconfig.stash.setdefault(ACCOUNT, [])


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print the account, if there is one."""
    lines = config.stash.get(ACCOUNT, [])
    if lines:
        terminalreporter.write_sep("-", "simulated")
        for line in lines:
            terminalreporter.write_line(line)
