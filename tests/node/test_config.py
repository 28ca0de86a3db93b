"""A node's settings: which place wins, and what a typo is told."""

from pathlib import Path

import pytest

from node.config import ConfigInvalid, NodeConfig, PeerAddress, load_config, to_toml, with_peers

TOML = """
name = "pudong"
data_dir = "data"
genesis = "../genesis.json"
node_key = "keys/node.key"
api_port = 1

[[peers]]
name = "xuhui"
host = "10.0.0.2"
port = 26700
"""


def write(tmp_path: Path, text: str = TOML) -> Path:
    path = tmp_path / "hushang.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_flag_beats_a_variable_beats_the_file_beats_the_default(tmp_path: Path) -> None:
    file = write(tmp_path)
    assert load_config(file, {}, {}).api_port == 1
    assert load_config(file, {"HUSHANG_API_PORT": "2"}, {}).api_port == 2
    assert load_config(file, {"HUSHANG_API_PORT": "2"}, {"api_port": 3}).api_port == 3
    assert load_config(file, {}, {"api_port": None}).api_port == 1
    assert load_config(file, {}, {}).p2p_port == NodeConfig.model_fields["p2p_port"].default


def test_paths_of_the_file_start_at_the_file_and_those_of_flags_at_the_caller(
    tmp_path: Path,
) -> None:
    config = load_config(write(tmp_path), {}, {"node_key": "mine.key"})
    assert config.data_dir == tmp_path / "data"
    assert config.node_key == Path("mine.key")


def test_the_tokens_of_captures_lie_beside_the_data_unless_another_place_is_named(
    tmp_path: Path,
) -> None:
    file = write(tmp_path)
    assert load_config(file, {}, {}).tokens_file == tmp_path / "data" / "capture-tokens.json"
    named = write(tmp_path, 'capture_tokens = "secret/tokens.json"\n' + TOML)
    assert load_config(named, {}, {}).tokens_file == tmp_path / "secret" / "tokens.json"


def test_webhooks_may_be_let_into_networks(tmp_path: Path) -> None:
    places = {"HUSHANG_WEBHOOK_NETWORKS": "10.0.0.0/8, fd00::/8,192.168.1.7"}
    config = load_config(write(tmp_path), places, {})
    assert config.webhook_networks == ("10.0.0.0/8", "fd00::/8", "192.168.1.7")
    with pytest.raises(ConfigInvalid, match="HUSHANG_WEBHOOK_NETWORKS"):
        load_config(write(tmp_path), {"HUSHANG_WEBHOOK_NETWORKS": "10.0.0.1/8"}, {})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (TOML.replace("api_port", "api_prot"), "api_prot: unknown key; did you mean api_port?"),
        (TOML.replace('host = "', 'hots = "'), "hots: unknown key; did you mean host?"),
        (TOML.replace("api_port = 1", "api_port = 65536"), "api_port: "),
        (TOML.replace("port = 26700", "port = 0"), "peers.0.port: "),
        (TOML.replace('name = "pudong"', ""), "name: Field required"),
        (TOML + "\nstore = 7\n", "hushang.toml"),
        ("name = ", "hushang.toml"),
        (TOML.replace("api_port = 1", 'store = "redis"'), "store: "),
    ],
)
def test_a_mistake_in_the_file_is_named(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ConfigInvalid) as caught:
        load_config(write(tmp_path, text), {}, {})
    assert told in str(caught.value)


def test_a_mistyped_variable_is_an_error_that_suggests_the_right_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid, match="did you mean HUSHANG_API_PORT"):
        load_config(write(tmp_path), {"HUSHANG_API_PROT": "2"}, {})


def test_a_mistake_is_told_where_it_was_made(tmp_path: Path) -> None:
    file = write(tmp_path, 'log_format = "x"\n' + TOML)
    with pytest.raises(ConfigInvalid) as wrong:
        load_config(file, {"HUSHANG_P2P_PORT": "y"}, {"api_port": -1})
    in_file, *others = str(wrong.value).split("; ")
    assert in_file.startswith(f"{file}: log_format: ")
    assert {line.partition(":")[0] for line in others} == {"--api-port", "HUSHANG_P2P_PORT"}
    with pytest.raises(ConfigInvalid, match=r"no hushang\.toml here, and no --config: name: "):
        load_config(None, {}, {})


def test_variables_of_the_command_line_are_no_mistakes(tmp_path: Path) -> None:
    load_config(write(tmp_path), {"HUSHANG_PASSPHRASE_FILE": "x", "HUSHANG_NODE": "y"}, {})


def test_peers_come_from_one_variable(tmp_path: Path) -> None:
    text = "xuhui=10.0.0.2:1,jingan=[::1]:2"
    config = load_config(write(tmp_path), {"HUSHANG_PEERS": text}, {})
    assert config.peers == (
        PeerAddress(name="xuhui", host="10.0.0.2", port=1),
        PeerAddress(name="jingan", host="::1", port=2),
    )
    with pytest.raises(ConfigInvalid, match="NAME=HOST:PORT"):
        load_config(write(tmp_path), {"HUSHANG_PEERS": "10.0.0.2"}, {})


def test_a_peer_stands_once_unless_its_nodes_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid, match="xuhui stands twice; several nodes of one member"):
        load_config(write(tmp_path), {"HUSHANG_PEERS": "xuhui=10.0.0.2:1,xuhui=10.0.0.3:1"}, {})


def test_settings_survive_their_toml(tmp_path: Path) -> None:
    config = NodeConfig(
        name='浦东 "one" \x7f\\',
        data_dir=tmp_path / "data",
        genesis=tmp_path / "genesis.json",
        node_key=tmp_path / "node.key",
        peers=(
            PeerAddress(name="xuhui", host="::1", port=7),
            PeerAddress(name="xuhui", host="::1", port=8, node_key="0f" * 32),
        ),
        observer=True,
        store="sqlite",
    )
    assert load_config(write(tmp_path, to_toml(config)), {}, {}) == config


@pytest.mark.parametrize("head", ["[[peers]]", "  [[ peers ]]  # those we know"])
def test_peers_are_replaced_and_the_rest_of_a_file_stays_as_it_is(
    tmp_path: Path, head: str
) -> None:
    text = "# by hand\n" + TOML.replace("[[peers]]", head)
    jingan = PeerAddress(name="jingan", host="::1", port=2)
    before = load_config(write(tmp_path, text), {}, {})
    once = with_peers(text, [jingan])
    assert load_config(write(tmp_path, once), {}, {}) == before.model_copy(
        update={"peers": (jingan,)}
    )
    assert once.startswith("# by hand\n")
    assert with_peers(with_peers(once, before.peers), [jingan]) == once
    assert load_config(write(tmp_path, with_peers(once, ())), {}, {}).peers == ()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid, match="No such file"):
        load_config(tmp_path / "none.toml", {}, {})


def test_names_of_the_api_come_as_a_list_in_the_file_and_with_commas_in_a_variable(
    tmp_path: Path,
) -> None:
    file = tmp_path / "hushang.toml"
    file.write_text(
        'name = "pudong"\ndata_dir = "d"\ngenesis = "g"\nnode_key = "k"\n'
        'api_hosts = ["node.example"]\n'
    )
    assert load_config(file, {}, {}).api_hosts == ("node.example",)
    environ = {"HUSHANG_API_ORIGINS": "https://a.example, https://b.example"}
    config = load_config(file, environ, {})
    assert config.api_origins == ("https://a.example", "https://b.example")
    assert load_config(write(tmp_path, to_toml(config)), {}, {}) == config


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("api_hosts", "*"),
        ("api_hosts", "https://node.example"),
        ("p2p_host", "a b"),
        ("api_origins", "*"),
        ("api_origins", "https://shop.example/"),
        ("api_origins", "shop.example"),
    ],
)
def test_what_could_match_nothing_is_no_setting(tmp_path: Path, name: str, text: str) -> None:
    variable = f"HUSHANG_{name.upper()}"
    with pytest.raises(ConfigInvalid, match=variable):
        load_config(write(tmp_path), {variable: text}, {})
