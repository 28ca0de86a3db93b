"""Four members found a chain by the documented commands alone, and their nodes decide a payment."""

import json
from functools import partial
from pathlib import Path

import pytest

from node.client import NodeClient, NotFound
from tests.processes.founding import MEMBERS, Founding, handbook_commands
from tests.processes.net import until


def test_the_documented_commands_found_a_chain_that_decides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    founding = Founding.at(tmp_path)
    init, *assembling, show, adopt, start = handbook_commands()
    assert "--name pudong --dir pudong" in init
    assert start == "node start --config pudong/hushang.toml"
    for name in MEMBERS:
        own = init.replace("node.pudong.example:26700", f"127.0.0.1:{founding.p2p[name]}")
        founding.run(own.replace("pudong", name) + " --plain")
    for command in assembling:
        founding.run(f"{command} --plain" if command.startswith("keys new") else command)
    agreed = json.loads(founding.run(show).out)["hash"]
    for name in MEMBERS:
        own = adopt.replace("HASH", agreed).replace("pudong/hushang.toml", f"{name}/hushang.toml")
        founding.run(own)
    account = founding.run("keys show buyer.key -o json").json["account"]
    issuer = founding.run("keys show issuer.key -o json").json["account"]
    with founding.started():
        at = f"--node {founding.url('pudong')}"
        founding.run(f"{at} --key issuer.key asset issue {account} 'CNY 500.00' --reference bank-1")
        at = f"--node {founding.url('xuhui')}"
        paid = founding.run(f"{at} --key buyer.key -o json pay transfer {issuer} 'CNY 129.00'").json
        assert paid["status"] == "ok"
        for name in MEMBERS:
            node = NodeClient([founding.url(name)])
            until(partial(has_paid, node, paid["id"]), f"{name} has the payment")


def has_paid(node: NodeClient, transaction_id: str) -> bool:
    """Does this node hold the payment's receipt?"""
    try:
        return bool(node.get(f"/v1/receipts/{transaction_id}")["status"] == "ok")
    except NotFound:
        return False
