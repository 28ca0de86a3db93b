"""Every setting says where it comes from."""

from pathlib import Path

import pytest

from node.config import ConfigInvalid, NodeConfig
from node.config_origin import explain

TEXT = """# a comment = 1
name = "pudong"
"data_dir" = "data"
genesis = "genesis.json"
  node_key = "node.key"
api_port = 1
log_level = "debug"

[[peers]]
name = "xuhui"
host = "h"
port = 7

[[peers]]
name = "jingan"
host = "h"
port = 8
"""


def test_flag_variable_line_or_default(tmp_path: Path) -> None:
    file = tmp_path / "hushang.toml"
    file.write_text(TEXT)
    environ = {"HUSHANG_API_PORT": "2", "HUSHANG_P2P_PORT": "3", "HUSHANG_KEY": "no setting"}
    found = {one.name: one for one in explain(file, environ, {"p2p_port": 4, "store": None})}
    assert list(found) == list(NodeConfig.model_fields)
    origins = {name: one.origin.removeprefix(f"{file}:") for name, one in found.items()}
    assert origins["name"] == "2"
    assert origins["data_dir"] == "3"
    assert origins["node_key"] == "5"
    assert origins["log_level"] == "7"
    assert origins["peers"] == "9"
    assert origins["api_port"] == "HUSHANG_API_PORT"
    assert found["api_port"].value == 2
    assert (origins["p2p_port"], found["p2p_port"].value) == ("flag --p2p-port", 4)
    assert origins["store"] == origins["join"] == "default"


def test_a_text_that_only_looks_like_a_setting_is_none(tmp_path: Path) -> None:
    file = tmp_path / "hushang.toml"
    file.write_text('name = """\nstore = x\n"""\ndata_dir="d"\ngenesis="g"\nnode_key="k"\n')
    found = {one.name: one.origin for one in explain(file, {}, {})}
    assert found["store"] == "default"
    assert found["data_dir"] == f"{file}:4"


def test_wrong_settings_are_refused_as_by_a_start(tmp_path: Path) -> None:
    file = tmp_path / "hushang.toml"
    file.write_text("api_prot = 1")
    with pytest.raises(ConfigInvalid, match="did you mean api_port"):
        explain(file, {}, {})
