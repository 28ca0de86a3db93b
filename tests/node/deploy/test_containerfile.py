"""The image: another user than root, packages by their hashes, no secrets, a probe that works."""

import asyncio
import re
from pathlib import Path

import pytest

from node.config import NodeConfig, to_toml
from node.deploy.probe import main
from node.deploy_files import text_of
from node.service import NodeStatus
from tests.node.api.service import served

TEXT = text_of("Containerfile")


def instructions(name: str) -> list[str]:
    """What stands behind each of these instructions, continued lines joined."""
    joined = TEXT.replace("\\\n", " ")
    return [line.partition(" ")[2] for line in joined.splitlines() if line.startswith(f"{name} ")]


def test_it_runs_as_nobody_special_from_pinned_packages() -> None:
    assert instructions("FROM") == ["python:3.12-slim AS build", "python:3.12-slim"]
    assert instructions("USER") == ["10001:10001"]
    installs = re.findall(r"pip install [^&\n]*", TEXT)
    assert installs
    assert all("--require-hashes" in one or "--no-index" in one for one in installs)
    last = TEXT.rpartition("\nFROM ")[2]
    # Nothing but the venv comes from the stage that had the sources.
    assert re.findall(r"^COPY (.*)$", last, re.MULTILINE) == [
        "--from=build /opt/hushang /opt/hushang"
    ]


def test_no_secret_gets_into_a_layer() -> None:
    assert not re.search(r"(?i)passphrase=|secret|\bARG\b|\.key", TEXT.replace("no secrets", ""))
    ignored = text_of("Containerfile.dockerignore").splitlines()
    assert ignored[1] == "*"
    assert "**/*.key" in ignored


def test_it_starts_a_node_and_asks_it_how_it_is() -> None:
    assert instructions("ENTRYPOINT") == ['["hushang"]']
    assert instructions("CMD") == ['["node", "start"]']
    (check,) = instructions("HEALTHCHECK")
    assert check.endswith('CMD ["python", "-m", "node.deploy.probe", "/ready"]')


@pytest.mark.asyncio
async def test_the_probe_says_what_the_node_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with served() as node:
        environ = settings(tmp_path, node.port)
        assert await asyncio.to_thread(main, ["/ready"], environ) == 0
        assert '"ready":true' in capsys.readouterr().out
        node.service.reasons = ("catching up",)
        status: NodeStatus = node.service.status()
        assert not status.ready
        assert await asyncio.to_thread(main, ["/ready"], environ) == 1
        assert "catching up" in capsys.readouterr().out
        assert await asyncio.to_thread(main, ["/health"], environ) == 0
    assert await asyncio.to_thread(main, ["/health"], environ) == 1
    assert await asyncio.to_thread(main, [], {"HUSHANG_CONFIG": "nowhere"}) == 1
    assert "ConfigInvalid" in capsys.readouterr().out


def settings(directory: Path, port: int) -> dict[str, str]:
    """The variables of a container whose node listens there."""
    here = directory / "hushang.toml"
    config = NodeConfig(
        name="pudong",
        data_dir=directory,
        genesis=directory / "g",
        node_key=directory / "k",
        api_host="0.0.0.0",
        api_port=port,
    )
    here.write_text(to_toml(config))
    return {"HUSHANG_CONFIG": str(here)}
