"""Where a machine asks its own node, as its settings tell."""

from pathlib import Path

from node.config import NodeConfig
from node.own_api import own_url, reachable


def test_the_own_url_is_that_of_the_settings() -> None:
    paths = {"data_dir": Path("d"), "genesis": Path("g"), "node_key": Path("k")}
    config = NodeConfig.model_validate(
        {"name": "m0", **paths, "api_host": "0.0.0.0", "api_port": 8080}
    )
    assert own_url(config) == "http://127.0.0.1:8080"
    assert own_url(config.model_copy(update={"api_host": "::", "api_port": 1})) == "http://[::1]:1"
    assert own_url(config.model_copy(update={"api_port": 0})) is None
    assert [reachable(host) for host in ("0.0.0.0", "::", "10.0.0.2")] == [
        *("127.0.0.1", "::1", "10.0.0.2"),
    ]
