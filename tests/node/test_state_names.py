"""Names of state keys: the bytes that the rules write, or a refusal."""

import pytest

from chain.bech32m import decode_account, encode_account
from chain.errors import AddressMalformed
from node.state_names import (
    StateNameInvalid,
    key_of,
    key_of_hex,
    proof_name,
    state_proof_name,
)
from tests.chain.world import account

BUYER = encode_account(account("buyer"))

NAMES = {
    f"account/{BUYER}": b"account/" + account("buyer"),
    f"balance/{BUYER}/CNY": b"balance/" + account("buyer") + b"CNY" + bytes(9),
    "asset/CNY": b"asset/CNY" + bytes(9),
    f"order/{'ab' * 32}": b"order/" + b"\xab" * 32,
    f"review/{'ab' * 32}/7": b"review/" + b"\xab" * 32 + b"\x07",
    f"epcis/{'ab' * 32}": b"epcis/" + b"\xab" * 32,
    "product/06901234000016": b"product/06901234000016",
    "gcp/6901234": b"gcp/6901234",
    "location/6901234000016": b"location/6901234000016",
    f"role/{BUYER}/merchant": b"role/" + account("buyer") + b"merchant\0",
    f"role/{BUYER}/producer/gcp:6901234": b"role/" + account("buyer") + b"producer\0gcp:6901234",
    "committee/1": b"committee/" + (2**64 - 2).to_bytes(8, "big"),
    f"evidence/{BUYER}/3": b"evidence/" + account("buyer") + (3).to_bytes(8, "big"),
    "unpaid/00ff/ee": b"unpaid/\x00\xff\xee",
}
REFUSED = (
    "",
    "order",
    "order/",
    "order/00",
    "nosuch/00",
    f"order/{'AB' * 32}",
    f"order/{'ab' * 32}/00",
    f"review/{'ab' * 32}",
    f"review/{'ab' * 32}/100",
    "account/hs1nonsense",
    f"balance/{BUYER}",
    f"balance/{BUYER}/cny",
    "product/123",
    "product/\uff106901234000016",
    "committee/0",
    "committee/x",
    "Order/00",
    "unpaid/0",
    "unpaid/" + "00" * 600,
)


def test_a_name_is_the_key_that_the_rules_write() -> None:
    for name, key in NAMES.items():
        assert key_of(name, decode_account) == key, name
        assert key_of_hex(key.hex()) == key


@pytest.mark.parametrize("name", REFUSED)
def test_a_name_that_is_not_of_its_tables_form_is_refused(name: str) -> None:
    with pytest.raises((StateNameInvalid, AddressMalformed)):
        key_of(name, decode_account)


def test_a_key_in_hex_is_strict() -> None:
    for text in ("", "0", "0G", "FF", "00" * 513):
        with pytest.raises(StateNameInvalid):
            key_of_hex(text)


def test_a_file_is_named_by_the_table_and_the_height() -> None:
    assert proof_name("receipt", b"\xab" * 32, 12) == "receipt-abababababababab-at-12"
    assert state_proof_name(b"order/" + b"\xab" * 32, 12) == "order-abababababababab-at-12"
    for odd in (b"order", b"/x", b"../x", b"a b/x", b"\xff/x", b"order/"):
        assert state_proof_name(odd, 1) == f"state-{odd.hex()[:16]}-at-1"
