"""References work once for their owner and kind."""

from commerce.references import reference_key


def test_a_reference_of_one_kind_or_owner_is_not_that_of_another() -> None:
    keys = {
        reference_key("order", bytes(32), "PO 1"),
        reference_key("order", bytes(31) + b"\x01", "PO 1"),
        reference_key("order", bytes(32), "PO 2"),
        reference_key("issue", bytes(12), "PO 1"),
    }
    assert len(keys) == 4
    assert all(len(key) == 32 for key in keys)
