"""Operations from plain data, and what signed bytes say."""

from pathlib import Path

import pytest

from chain.errors import OperationUnknown
from commerce.payments import PayTransfer
from node.client import Signer, operation
from node.clients.signing import Made, sign
from node.json_values import FormRefused
from tests.node.clients.scenes import GENESIS_HASH, KEY, SIGNER

TO = bytes([7]) * 32


def test_an_operation_is_the_same_from_its_dataclass_and_from_plain_data() -> None:
    typed = operation("pay.transfer", PayTransfer(TO, "CNY", 5, None))
    plain = {"to": TO.hex(), "symbol": "CNY", "amount_minor": "5"}
    assert operation("pay.transfer", plain) == typed
    assert operation("pay.transfer", {**plain, "to": TO}) == typed


@pytest.mark.parametrize(
    ("name", "payload", "error"),
    [
        ("pay.magic", {}, OperationUnknown),
        ("pay.transfer", {"to": TO}, FormRefused),
        ("pay.transfer", {"to": TO, "symbol": "CNY", "amount_minor": -1}, FormRefused),
        ("pay.transfer", {"to": TO, "symbol": "CNY", "amount_minor": 1, "tip": 1}, FormRefused),
    ],
)
def test_what_is_no_operation_is_refused_before_it_is_signed(
    name: str, payload: object, error: type[Exception]
) -> None:
    with pytest.raises(error):
        operation(name, payload)


def test_signed_bytes_say_their_id_and_time() -> None:
    pay = operation("pay.transfer", PayTransfer(TO, "CNY", 5, None))
    made = sign([pay], GENESIS_HASH, [SIGNER], 7, 9_000)
    assert Made.read(made.raw) == made
    again = sign([pay], GENESIS_HASH, [SIGNER], 7, 9_000)
    assert again == made
    assert sign([pay], GENESIS_HASH, [SIGNER], 8, 9_000).id != made.id


def test_a_signer_speaks_for_its_own_account_or_another(tmp_path: Path) -> None:
    assert Signer.of(KEY).account == SIGNER.account
    assert Signer.of(KEY, TO).account == TO
    assert not list(tmp_path.iterdir())
