"""Settings, key, genesis and directory by themselves."""

from pathlib import Path

import pytest

from node import keystore
from node.config import NodeConfig, PeerAddress
from node.doctor import identity
from node.doctor.report import State
from tests.chain.world import genesis, key
from tests.node.api.authority import Authority

PATHS = {"data_dir": Path("d"), "genesis": Path("g"), "node_key": Path("k")}
PEER = PeerAddress(name="m1", host="127.0.0.1", port=1)


def config(**changes: object) -> NodeConfig:
    return NodeConfig.model_validate({"name": "m0", "peers": [PEER], **PATHS, **changes})


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"store": "memory"}, "setting store"),
        ({"log_level": "debug"}, "setting log_level"),
        ({"api_host": "0.0.0.0"}, "setting api_host"),
        ({"webhook_networks": ["0.0.0.0/0"]}, "setting webhook_networks"),
        ({"webhook_networks": ["10.0.0.0/24", "2000::/3"]}, "setting webhook_networks"),
        ({"peers": []}, "setting peers"),
        ({"peers": [PEER.model_copy(update={"host": "10.0.0.2"})]}, "setting p2p_host"),
    ],
)
def test_a_setting_that_is_allowed_and_seldom_meant_is_a_warning(
    changes: dict[str, object], name: str
) -> None:
    found = list(identity.risky_settings(config(**changes)))
    assert [check.name for check in found] == [name]
    assert found[0].state is State.WARNING


def test_the_defaults_with_a_peer_are_no_risk() -> None:
    assert list(identity.risky_settings(config())) == []
    assert list(identity.risky_settings(config(webhook_networks=["10.0.0.0/24"]))) == []


@pytest.mark.parametrize(
    ("days", "lasts", "state"),
    [
        (60, 100, State.OK),
        (29, 100, State.WARNING),
        (0.8, 100, State.WARNING),
        (-1, 100, State.FAILED),
        (10, 20, State.OK),
        (6, 20, State.WARNING),
        (90, 80, State.FAILED),
    ],
)
def test_an_api_certificate_is_well_until_a_month_or_a_third_is_left(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, days: float, lasts: float, state: State
) -> None:
    made = Authority(tmp_path).issue(days=days, age_days=lasts - days)
    named = config(api_certificate=made[0], api_key=made[1])
    (check,) = identity.check_api_certificate(named)
    assert check.state is state
    assert " 0 days" not in check.means
    assert caplog.records == []


def test_a_wrong_setting_says_which_file_to_edit(tmp_path: Path) -> None:
    file = tmp_path / "hushang.toml"
    file.write_text("api_prot = 1")
    _, check = identity.read_settings(file, {})
    assert "api_port" in check.means
    assert check.do.startswith(f"edit {file}")
    _, check = identity.read_settings(None, {"HUSHANG_API_PROT": "1"})
    assert "--config FILE" in check.do


def test_a_key_of_another_member_is_told_with_both_names(tmp_path: Path) -> None:
    made = genesis(4)
    found = {}
    for who in ("m0", "m1", "nobody"):
        path = tmp_path / f"{who}.key"
        found[who] = keystore.write_key(path, key(f"node of {who}").seed)
    assert identity.check_seat(config(), made, found["m0"]).state is State.OK
    wrong = identity.check_seat(config(), made, found["m1"])
    assert (wrong.state, wrong.code) == (State.FAILED, 9)
    assert "the key is m1's in the genesis, the settings say m0" in wrong.means
    assert identity.check_seat(config(), made, found["nobody"]).state is State.NOT_CHECKED
    observes = identity.check_seat(config(observer=True), made, found["nobody"])
    assert observes.state is State.OK


def test_a_missing_and_a_malformed_key_have_codes_of_their_own(tmp_path: Path) -> None:
    missing = identity.check_key(tmp_path / "none", {})[1][0]
    (tmp_path / "bad").write_text("{}")
    (tmp_path / "bad").chmod(0o600)
    malformed = identity.check_key(tmp_path / "bad", {})[1][0]
    assert (missing.code, malformed.code) == (3, 9)


def test_a_data_directory_that_everybody_may_write_to_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    assert identity.check_directory(tmp_path).state is State.FAILED
    tmp_path.chmod(0o700)
    assert identity.check_directory(tmp_path).state is State.OK
    assert identity.check_directory(tmp_path / "new").state is State.OK
    (tmp_path / "file").touch()
    assert "is no directory" in identity.check_directory(tmp_path / "file").means


@pytest.mark.parametrize(
    ("host", "own"), [("127.0.0.1", True), ("[::1]", True), ("localhost", True), ("node", False)]
)
def test_what_is_this_machine_alone(host: str, own: bool) -> None:  # noqa: FBT001 - a table's
    assert identity.is_loopback(host) is own
