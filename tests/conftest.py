"""What all tests share: the optional outside data, and an account of every skipped test."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

# Documents that nobody of the project wrote lie beside the checkout, or not (a user's clone).
SHARED_DATA = Path(__file__).parent.parent.parent / "shared" / "data"


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


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say at the end how many tests were skipped, and why: a skip nobody sees protects nothing."""
    reasons = skip_reasons(terminalreporter.stats.get("skipped", []))
    terminalreporter.write_sep("-", f"{reasons.total()} tests skipped")
    for reason, count in sorted(reasons.items()):
        terminalreporter.write_line(f"{count:5} × {reason}")
