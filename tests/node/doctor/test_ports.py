"""The ports of a stopped node are free, those of a running one answer."""

import socket
from contextlib import closing
from pathlib import Path

from node.config import NodeConfig
from node.doctor.ports import check_ports
from node.doctor.report import Code, State
from tests.ports import free_port


def config(p2p_port: int, api_port: int, **more: object) -> NodeConfig:
    paths = {"data_dir": Path("d"), "genesis": Path("g"), "node_key": Path("k")}
    ports = {"p2p_port": p2p_port, "api_port": api_port}
    return NodeConfig.model_validate({"name": "m0", **paths, **ports, **more})


def test_a_stopped_nodes_ports_are_free_or_somebody_elses() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        settings = config(free_port(), taken.getsockname()[1])
        free, other = check_ports(settings, runs=False)
        assert free.state is State.OK
        assert (other.state, other.code) == (State.FAILED, Code.BAD_CONFIG)
        assert "another process listens" in other.means
        silent, answering = check_ports(settings, runs=True)
        assert (silent.state, silent.code) == (State.FAILED, Code.UNREACHABLE)
        assert answering.state is State.OK


def test_a_port_that_the_system_chooses_and_a_foreign_address() -> None:
    chosen, foreign = check_ports(config(0, 1024, api_host="203.0.113.9"), runs=False)
    assert chosen.state is State.NOT_CHECKED
    assert foreign.state is State.FAILED
    assert "address of this machine" in foreign.do
