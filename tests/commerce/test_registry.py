"""What follows from the registry for every type: bytes round-trip, garbage is refused by name."""

import dataclasses
import types
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chain.block import OK
from chain.codec import Range, Size, decode, encode, from_value, to_value
from chain.errors import EncodingInvalid, LedgerError, OperationMalformed, OperationUnknown
from chain.execution import Rank
from chain.transaction import Operation
from commerce.listings import ListingWithdraw
from commerce.registry import TYPES, Registry, TransactionType, operation
from tests.commerce.shop import Shop
from tests.commerce.world import Sent, account

RULES = Registry()
ALL = pytest.mark.parametrize("entry", TYPES, ids=lambda entry: entry.name)
# What any transaction may be refused for in a block, whatever its type.
COMMON = {"DelegationForbidden", "PolicyNotSatisfied", "SenderUnknown", "InvariantBreach"}

garbage = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.binary(max_size=70)
    | st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20),
    lambda inner: (
        st.lists(inner, max_size=7).map(tuple)
        | st.dictionaries(st.text("abc", max_size=3), inner, max_size=3).map(
            lambda entries: dict(sorted(entries.items()))
        )
    ),
    max_leaves=20,
)


def values_of(annotation: Any, known: st.SearchStrategy[bytes]) -> st.SearchStrategy[Any]:
    """Values within the limits of an annotation; 32 bytes are often an id that exists."""
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return bounded(args[0], args[1], known)
    if origin in (Union, types.UnionType):
        inner = next(arg for arg in args if arg is not types.NoneType)
        return st.none() | values_of(inner, known)
    if dataclasses.is_dataclass(annotation) and isinstance(annotation, type):
        return payloads(annotation, known)
    assert annotation is bool
    return st.booleans()


def bounded(
    base: Any, bounds: Size | Range, known: st.SearchStrategy[bytes]
) -> st.SearchStrategy[Any]:
    if isinstance(bounds, Range):
        low = max(bounds.min, 0)
        near = st.integers(low, min(bounds.max, low + 3))
        return near | st.integers(bounds.min, bounds.max)
    high = min(bounds.max, max(bounds.min, 40))
    if base is bytes:
        free = st.binary(min_size=bounds.min, max_size=high)
        return known | free if bounds.min == bounds.max == 32 else free
    if base is str:
        return st.text("CNYabc:/.0123456789", min_size=bounds.min, max_size=high)
    item = values_of(get_args(base)[0], known)
    return st.lists(item, min_size=bounds.min, max_size=min(bounds.max, 3)).map(tuple)


def payloads(cls: type[Any], known: st.SearchStrategy[bytes]) -> st.SearchStrategy[Any]:
    hints = get_type_hints(cls, include_extras=True)
    fields = {name: values_of(hint, known) for name, hint in hints.items()}
    return st.builds(cls, **fields)


def test_every_type_is_named_once_and_documented() -> None:
    assert len(RULES.types) == len(TYPES)
    for entry in TYPES:
        assert entry.handler.__doc__, entry.name
        assert entry.payload.__doc__, entry.name
        assert entry.payload.__dataclass_params__.frozen  # type: ignore[attr-defined]


@ALL
@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_every_payload_round_trips(entry: TransactionType, data: st.DataObject) -> None:
    payload = data.draw(payloads(entry.payload, st.binary(min_size=32, max_size=32)))
    assert decode(entry.payload, encode(payload)) == payload
    assert RULES.decode(operation(entry.name, payload)) == payload


@ALL
@given(value=garbage)
@settings(max_examples=50, deadline=None)
def test_every_type_refuses_garbage_by_name(entry: TransactionType, value: Any) -> None:
    sent = Operation(entry.name, value)
    try:
        payload: object = from_value(entry.payload, value)
    except EncodingInvalid:
        with pytest.raises(OperationMalformed, match=f"^{entry.name}: "):
            RULES.decode(sent)
    else:
        assert to_value(RULES.decode(sent)) == to_value(payload) == value


@ALL
@given(data=st.data())
@settings(max_examples=6, deadline=None)
def test_whatever_is_well_formed_ends_in_a_receipt(
    entry: TransactionType, data: st.DataObject
) -> None:
    """A handler raises ledger errors alone, and those that it declares."""
    shop = Stocked()
    known = st.sampled_from([*shop.ids, account("buyer"), account("carrier")])
    payload = data.draw(payloads(entry.payload, known))
    sender = data.draw(st.sampled_from(["buyer", "merchant", "carrier", "m0", "issuer"]))
    receipt = shop.send(sender, (entry.name, payload), with_=("m1", "m2", "buyer", "merchant"))
    declared = {rule.__name__ for rule in entry.refusals}
    assert receipt.status in {OK, *declared, *COMMON}


class Stocked(Shop):
    """A shop with one order in each stage; `ids` are everything's."""

    def __init__(self) -> None:
        super().__init__()
        unpaid, paid = self.order((self.tea, 1)), self.paid((self.tea, 2))
        shipped = self.paid((self.cake, 3))
        self.ids = [self.tea, self.cake, unpaid, paid, shipped, self.ship(shipped, (0, 2))]


def test_a_type_that_nobody_registered_is_unknown() -> None:
    with pytest.raises(OperationUnknown, match=r"order\.teleport"):
        RULES.decode(Operation("order.teleport", ()))


def test_a_transaction_ranks_by_its_last_operation() -> None:
    assert RULES.rank(["order.cancel"]) is Rank.CANCEL
    assert RULES.rank(["order.cancel", "shipment.create"]) is Rank.SHIP
    assert RULES.rank(["order.confirm", "pay.transfer", "order.cancel"]) is Rank.CONFIRM


def test_all_operations_of_a_transaction_happen_or_none() -> None:
    shop = Shop()
    good = operation("listing.withdraw", ListingWithdraw(shop.tea))
    bad = operation("listing.withdraw", ListingWithdraw(bytes(32)))
    (receipt,) = shop.block(shop.transaction(Sent("merchant", (good, bad)))).receipts
    assert (receipt.status, receipt.failed_operation) == ("ListingUnknown", 1)
    assert shop.send("merchant", ("listing.withdraw", ListingWithdraw(shop.tea))).status == OK


def test_a_ledger_error_is_what_a_handler_raises() -> None:
    for entry in TYPES:
        assert all(issubclass(rule, LedgerError) for rule in entry.refusals)
