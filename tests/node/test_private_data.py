"""What stays off the chain: nobody guesses it from its hash, its owner can prove it."""

from chain.crypto import tagged_hash
from commerce.shipments import CODE_SIZE_MAX, CODE_SIZE_MIN, recipient_code_commitment
from node.private_data import code_commitment, commit, new_recipient_code


def test_the_salt_proves_the_text_and_no_two_are_alike() -> None:
    made = commit("ship-to", "世纪大道1号")
    assert made.commitment == tagged_hash("ship-to", made.salt + "世纪大道1号".encode())
    assert len(made.salt) == 32
    assert commit("ship-to", "世纪大道1号").commitment != made.commitment


def test_a_recipients_code_fits_the_ledger_and_is_never_the_same() -> None:
    codes = {new_recipient_code() for _ in range(50)}
    assert len(codes) == 50
    for code in codes:
        assert code.isascii()
        assert code.isalnum()
        assert CODE_SIZE_MIN <= len(code.encode()) <= CODE_SIZE_MAX
        assert code_commitment(code) == recipient_code_commitment(code.encode())
