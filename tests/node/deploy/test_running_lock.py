"""What a container installs is what is locked, without the tools of the tests."""

from tests.node.deploy.running_lock import FILE, entries, lock_text, needed


def test_the_running_lock_is_that_of_the_project() -> None:
    assert FILE.read_text("utf-8") == lock_text(), "make lock"


def test_a_node_runs_with_no_tool_of_the_tests() -> None:
    names = needed()
    assert {"aiohttp", "cryptography", "plyvel", "uvloop", "pydantic-core"} <= names
    assert not names & {"pytest", "hypothesis", "mypy", "ruff", "schemathesis", "hatchling"}
    assert names & entries().keys() != entries().keys()
