"""The native transaction types: one line each, from which everything else is derived.

Decoding, dispatch, block order, receipts, `hushang tx`, `GET /v1/transaction-types` and the
generated docs/transactions.md all read this table. Adding a type is one function and one line.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from chain.block import Event
from chain.codec import from_value, to_value
from chain.context import Context
from chain.deadlines import DEADLINES, Deadline
from chain.errors import (
    EncodingInvalid,
    LedgerError,
    OperationMalformed,
    OperationUnknown,
)
from chain.execution import Rank
from chain.genesis import Genesis
from chain.state import Overlay, StateReader, u64
from chain.transaction import Operation
from commerce.accounts import AccountOpen, account_open
from commerce.assets import AssetCreate, AssetIssue, asset_create, asset_issue
from commerce.cancellation import OrderCancel, order_cancel, pay_timeout, ship_timeout
from commerce.checkout import OrderCreate, OrderPay, order_create, order_pay
from commerce.committee import CommitteeChange, committee_change
from commerce.confirmation import OrderConfirm, confirm_timeout, order_confirm
from commerce.delegations import (
    Delegate,
    DelegateRevoke,
    delegate,
    delegate_revoke,
    require_own_keys,
)
from commerce.epcis.capture import EpcisCapture, epcis_capture
from commerce.evidence import EvidenceSubmit, evidence_submit
from commerce.founding import found_commerce
from commerce.indexes import index_activity
from commerce.invariants import check_conservation
from commerce.listings import (
    ListingPublish,
    ListingUpdate,
    ListingWithdraw,
    listing_publish,
    listing_update,
    listing_withdraw,
)
from commerce.members import MemberRegister, MemberUpdate, member_register, member_update
from commerce.orders import Clock, deadline_of, order_clocks
from commerce.parcels import parcel_clocks
from commerce.payments import PayTransfer, pay_transfer
from commerce.products import ProductRegister, product_register
from commerce.refusals import refusals_of
from commerce.rights import GcpGrant, LocationRegister, gcp_grant, location_register
from commerce.roles import RoleGrant, RoleRevoke, role_grant, role_revoke
from commerce.shipments import (
    ShipmentCreate,
    ShipmentDelivered,
    ShipmentLost,
    lost_timeout,
    shipment_create,
    shipment_delivered,
    shipment_lost,
)


@dataclass(frozen=True, slots=True)
class TransactionType:
    """One native type.

    `signers` is documentation in the letters of docs/transactions.md. `clocks` are those of the
    objects that a payload touches, by object id: what is overdue is applied before the operation.
    """

    name: str
    payload: type
    handler: Callable[[Any, Context], Sequence[Event]]
    signers: str
    rank: Rank = Rank.OTHER
    clocks: Callable[[Any, StateReader], Sequence[tuple[bytes, Clock]]] | None = None

    @property
    def refusals(self) -> tuple[type[LedgerError], ...]:
        """The rules that the handler declares, in its order."""
        return refusals_of(self.handler)


@dataclass(frozen=True, slots=True)
class SystemTransition:
    """What happens at a deadline of this kind."""

    kind: str
    handler: Callable[[Deadline, Context], Sequence[Event]]


def _order(payload: Any, state: StateReader) -> Sequence[tuple[bytes, Clock]]:
    return order_clocks(state, payload.order_id)


def _parcel(payload: Any, state: StateReader) -> Sequence[tuple[bytes, Clock]]:
    return parcel_clocks(state, payload.parcel_id)


TYPES: tuple[TransactionType, ...] = (
    TransactionType("account.open", AccountOpen, account_open, "M + new keys"),
    TransactionType("member.register", MemberRegister, member_register, "Q + the new member"),
    TransactionType("member.update", MemberUpdate, member_update, "the member"),
    TransactionType("committee.change", CommitteeChange, committee_change, "Q"),
    TransactionType("evidence.submit", EvidenceSubmit, evidence_submit, "any"),
    TransactionType("role.grant", RoleGrant, role_grant, "Q"),
    TransactionType("role.revoke", RoleRevoke, role_revoke, "Q"),
    TransactionType("gcp.grant", GcpGrant, gcp_grant, "R or inspector + holder"),
    TransactionType(
        "location.register", LocationRegister, location_register, "R or inspector + holder"
    ),
    TransactionType("delegate", Delegate, delegate, "owner"),
    TransactionType("delegate.revoke", DelegateRevoke, delegate_revoke, "owner"),
    TransactionType("asset.create", AssetCreate, asset_create, "Q + I"),
    TransactionType("asset.issue", AssetIssue, asset_issue, "I"),
    TransactionType("pay.transfer", PayTransfer, pay_transfer, "owner"),
    TransactionType("product.register", ProductRegister, product_register, "prefix holder"),
    TransactionType("listing.publish", ListingPublish, listing_publish, "S"),
    TransactionType("listing.update", ListingUpdate, listing_update, "S"),
    TransactionType("listing.withdraw", ListingWithdraw, listing_withdraw, "S"),
    TransactionType("order.create", OrderCreate, order_create, "B"),
    TransactionType("order.pay", OrderPay, order_pay, "B or any payer", clocks=_order),
    TransactionType(
        "order.cancel",
        OrderCancel,
        order_cancel,
        "before pay: B or S; paid: B + S; late: B",
        rank=Rank.CANCEL,
        clocks=_order,
    ),
    TransactionType(
        "shipment.create", ShipmentCreate, shipment_create, "S + C", rank=Rank.SHIP, clocks=_order
    ),
    TransactionType(
        "shipment.delivered", ShipmentDelivered, shipment_delivered, "C", clocks=_parcel
    ),
    TransactionType("shipment.lost", ShipmentLost, shipment_lost, "C", clocks=_parcel),
    TransactionType(
        "order.confirm", OrderConfirm, order_confirm, "B", rank=Rank.CONFIRM, clocks=_parcel
    ),
    TransactionType("epcis.capture", EpcisCapture, epcis_capture, "any"),
)

TRANSITIONS: tuple[SystemTransition, ...] = (
    SystemTransition("sys.order.pay", pay_timeout),
    SystemTransition("sys.order.ship", ship_timeout),
    SystemTransition("sys.order.lost", lost_timeout),
    SystemTransition("sys.order.confirm", confirm_timeout),
)


class Registry:
    """The rules as the chain asks for them (`chain.execution.Rules`)."""

    def __init__(
        self,
        types: Sequence[TransactionType] = TYPES,
        transitions: Sequence[SystemTransition] = TRANSITIONS,
    ) -> None:
        self.types = {entry.name: entry for entry in types}
        self.transitions = {entry.kind: entry for entry in transitions}
        assert len(self.types) == len(types)

    def decode(self, operation: Operation) -> object:
        """The payload as its dataclass; `OperationUnknown` or `OperationMalformed`."""
        entry = self.types.get(operation.type)
        if entry is None:
            msg = f"no transaction type {operation.type}"
            raise OperationUnknown(msg)
        try:
            return from_value(entry.payload, operation.payload)
        except EncodingInvalid as error:
            msg = f"{operation.type}: {error}"
            raise OperationMalformed(msg) from error

    def rank(self, types: Sequence[str]) -> Rank:
        """The class of a transaction: that of its last-ranked operation."""
        if len(types) == 1:
            return self.types[types[0]].rank
        return max([self.types[name].rank for name in types])

    def overdue(
        self, types: Sequence[str], payloads: Sequence[object], state: StateReader, time_ms: int
    ) -> Sequence[Deadline]:
        """Due deadlines of the objects that these operations touch, oldest first."""
        found: dict[bytes, Deadline] = {}
        for name, payload in zip(types, payloads, strict=True):
            clocks = self.types[name].clocks
            for object_id, clock in clocks(payload, state) if clocks else ():
                if clock[0] > time_ms:
                    continue
                deadline = deadline_of(object_id, clock)
                if _is_scheduled(deadline, state):
                    found[object_id] = deadline
        if not found:
            return ()
        return sorted(found.values(), key=lambda entry: (entry.time_ms, entry.object_id))

    def apply(self, name: str, payload: object, context: Context) -> Sequence[Event]:
        """Run one operation."""
        require_own_keys(name, context)
        index_activity(context, context.sender)
        return self.types[name].handler(payload, context)

    def fire(self, deadline: Deadline, context: Context) -> Sequence[Event]:
        """Run the system transition of a deadline."""
        return self.transitions[deadline.kind].handler(deadline, context)

    def check_invariants(self, before: StateReader, after: Overlay) -> None:
        """Conservation of money over the pending writes."""
        check_conservation(before, after)

    def found(self, genesis: Genesis, state: Overlay) -> None:
        """Write the first state of a genesis."""
        found_commerce(genesis, state)


def _is_scheduled(deadline: Deadline, state: StateReader) -> bool:
    """Is the deadline still in the index? (A transition that was refused as a breach isn't.)"""
    return DEADLINES.load(state, u64(deadline.time_ms), deadline.object_id) == deadline


def operation(name: str, payload: object) -> Operation:
    """An operation of a payload dataclass, as a client builds it."""
    return Operation(name, to_value(payload))
