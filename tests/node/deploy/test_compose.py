"""compose.yaml: what it runs is run here, in a plain directory; the rest is looked at."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from node.config import load_config
from node.deploy_files import text_of
from node.genesis_file import load_genesis
from tests.commands.command_line import inside

MEMBERS = ("pudong", "xuhui", "jingan", "hongkou")


def compose() -> dict[str, Any]:
    """The file, its anchors resolved."""
    found: dict[str, Any] = yaml.safe_load(text_of("compose.yaml"))
    return found


def founding_commands() -> list[list[str]]:
    """The script of the founding container as its shell would run it; `$$` is compose's for `$`."""
    (script,) = compose()["services"]["founding"]["command"]
    script = script.replace("$$", "$")

    def unrolled(loop: re.Match[str]) -> str:
        return "".join(loop[3].replace(f"${loop[1]}", word) for word in loop[2].split())

    script = re.sub(r"for (\w+) in ([^;]+); do\n(.*?)done\n", unrolled, script, flags=re.DOTALL)
    return [shlex.split(line) for line in script.splitlines()]


def test_the_founding_containers_commands_found_a_chain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    guard, *commands, last = founding_commands()
    assert guard[:3] == ["if", "[", "-e"]
    assert last == ["touch", "founded"]
    for command in commands:
        assert command[0] == "hushang"
        ran = inside(*command[1:])
        assert ran.code == 0, ran.err
    hashes = set()
    for name in MEMBERS:
        settings = load_config(tmp_path / name / "hushang.toml", {}, {})
        # In the network of containers a service's name is its address.
        peers = {(peer.name, peer.host, peer.port) for peer in settings.peers}
        assert peers == {(other, other, 26_700) for other in MEMBERS if other != name}
        assert (settings.p2p_port, settings.p2p_host) == (26_700, "0.0.0.0")
        hashes.add(load_genesis(settings.genesis).hash())
        assert (settings.data_dir / "journal" / "new").exists()
    assert len(hashes) == 1


def test_each_member_is_a_service_with_few_rights() -> None:
    services = compose()["services"]
    assert set(services) == {"founding", *MEMBERS}
    ports = set()
    for name in MEMBERS:
        node = services[name]
        assert node["environment"] == {"HUSHANG_CONFIG": f"/var/lib/hushang/{name}/hushang.toml"}
        assert node["depends_on"] == {"founding": {"condition": "service_completed_successfully"}}
        assert node["read_only"] is True
        assert node["cap_drop"] == ["ALL"]
        assert node["security_opt"] == ["no-new-privileges:true"]
        assert node["restart"] == "unless-stopped"
        (port,) = node["ports"]
        assert port.startswith("127.0.0.1:")
        ports.add(port)
    assert len(ports) == len(MEMBERS)
    assert "privileged" not in text_of("compose.yaml")
