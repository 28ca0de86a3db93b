"""One stored chain, made once, and a copy of it for each test."""

import shutil
from contextlib import closing
from pathlib import Path

import pytest

from chain.store import open_store
from tests.node.audit.chains import history


@pytest.fixture(scope="session")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stopped node's data: 24 heights. Tests take a copy."""
    directory = tmp_path_factory.mktemp("stored")
    with closing(open_store(directory / "db")) as store:
        history(store)
    return directory


@pytest.fixture
def data(stored: Path, tmp_path: Path) -> Path:
    """A copy of the data, for one test to damage."""
    shutil.copytree(stored, tmp_path / "data")
    return tmp_path / "data"
