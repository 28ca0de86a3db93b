"""`--out`: what is there stays unless it is meant, and a file is whole or not there."""

import json
from pathlib import Path

import pytest

from node.commands.failures import UsageWrong
from node.commands.out_file import OutExists, check_out, write_out
from tests.commands.command_line import Ran, inside
from tests.commands.conftest import Shop


def test_a_file_that_is_there_is_replaced_only_by_force(tmp_path: Path) -> None:
    file = tmp_path / "made"
    check_out(None)
    check_out(file)
    write_out(file, b"first")
    with pytest.raises(OutExists):
        check_out(file)
    with pytest.raises(OutExists):
        write_out(file, b"second")
    assert file.read_bytes() == b"first"
    write_out(file, b"third", force=True)
    assert file.read_bytes() == b"third"
    # As any program's files: others may read it, unless the umask says otherwise.
    (tmp_path / "usual").touch()
    assert file.stat().st_mode == (tmp_path / "usual").stat().st_mode
    (tmp_path / "usual").unlink()
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("force", [True, False])
def test_a_place_that_takes_no_file_is_told_and_nothing_is_left(
    tmp_path: Path, *, force: bool
) -> None:
    for place in (tmp_path / "no" / "such", tmp_path):
        with pytest.raises(UsageWrong):
            write_out(place, b"x", force=force)
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_file_is_written_to() -> None:
    write_out(Path("/dev/null"), b"x")
    assert not Path("/dev/null").is_file()


def test_a_transaction_is_built_and_signed_over_no_other_file(shop: Shop, tmp_path: Path) -> None:
    operations, built, signed = (tmp_path / name for name in ("ops", "built", "signed"))
    payload = {"to": shop.network.accounts[0].account, "symbol": "CNY", "amount_minor": 1}
    form = {"operations": [{"type": "pay.transfer", "payload": payload}]}
    operations.write_text(json.dumps(form), "utf-8")

    def build(*more: str) -> Ran:
        return shop.run("tx", "build", str(operations), "--as", "buyer", "--out", str(built), *more)

    def sign(file: Path, out: Path, name: str, *more: str) -> Ran:
        return shop.run("tx", "sign", str(file), "--as", name, "--out", str(out), *more)

    assert build().code == 0, build().err
    before = built.read_bytes()
    again = build("-o", "json")
    assert (again.code, again.error["code"]) == (2, "OutExists")
    assert built.read_bytes() == before
    assert build("--force").code == 0
    assert built.read_bytes() != before
    assert sign(built, signed, "buyer").code == 0
    assert sign(built, signed, "merchant").code == 2
    # What is added to loses nothing.
    assert sign(signed, signed, "merchant").code == 0
    assert len(json.loads(signed.read_text("utf-8"))["signatures"]) == 2


def test_a_label_keeps_the_file_that_is_there(tmp_path: Path) -> None:
    out = tmp_path / "label.svg"
    words = ("code", "qr", "06901234000016", "S1", "--out", str(out))
    assert inside(*words).code == 0
    out.write_text("mine", "utf-8")
    assert inside(*words).code == 2
    assert out.read_text("utf-8") == "mine"
    assert inside(*words, "--force").code == 0
    assert out.read_text("utf-8").startswith("<?xml")
