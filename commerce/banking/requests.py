"""What deposits and withdrawals have in common: an open request to the issuer of an asset.

A request is open until the issuer settles it, one of the two cancels it, or its clock ends it; then
it leaves the state. Its record has no state of its own: there is one.

What happens outside the chain and in which order: *deposit*: the holder requests, transfers to the
issuer naming the request's id, the issuer settles by issuing. *Withdrawal*: the holder requests and
its money is held; the issuer settles, naming the transfer that it makes, and only then makes it:
whoever pays first may find the request cancelled or expired.

Of a bank account or wallet the chain has a salted hash; holder and issuer know which one it is.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from chain.block import Event
from chain.codec import U8, Hash, Name, PositiveAmount, Range, Text, TimeMs
from chain.context import Context, event
from chain.deadlines import Deadline
from chain.errors import InvariantBreach
from chain.state import StateReader, Table
from commerce.banking.errors import ChannelUnknown, RequestUnknown, TooManyRequests
from commerce.banking.indexes import index_request
from commerce.clocks import Clock, deadline_of, move_deadline
from commerce.errors import NotAParty
from commerce.indexes import index_activity
from commerce.money import Symbol, load_asset
from commerce.timers import DAY_MS, HOUR_MS

CHANNELS = ("bank", "ecny")
# Of each kind, per holder.
REQUESTS_MAX = 16
REQUEST_MAX_MS = 30 * DAY_MS

RequestTime = Annotated[int, Range(HOUR_MS, REQUEST_MAX_MS)]


@dataclass(frozen=True, slots=True)
class BankRequest:
    """`account_commitment` is a salted hash of the holder's bank account or e-CNY wallet."""

    holder: Hash
    symbol: Symbol
    amount_minor: PositiveAmount
    channel: Name
    account_commitment: Hash
    due_ms: TimeMs


@dataclass(frozen=True, slots=True)
class OpenRequests:
    """How many open requests of a kind a holder has."""

    count: U8


@dataclass(frozen=True, slots=True)
class AssetRequestCancel:
    """The holder takes the request back, or the issuer refuses it; `reason` for people."""

    request_id: Hash
    reason: Text


DEPOSIT_REQUESTS: Table[BankRequest] = Table("deposit-request", BankRequest)
DEPOSIT_COUNTS: Table[OpenRequests] = Table("deposit-request-count", OpenRequests)
WITHDRAW_REQUESTS: Table[BankRequest] = Table("withdraw-request", BankRequest)
WITHDRAW_COUNTS: Table[OpenRequests] = Table("withdraw-request-count", OpenRequests)


class Requests:
    """Open requests of one kind: `deposit` or `withdraw`."""

    def __init__(self, kind: str, table: Table[BankRequest], counts: Table[OpenRequests]) -> None:
        self.kind = kind
        self.clock_kind = f"sys.asset.{kind}"
        self.table = table
        self.counts = counts

    def load(self, state: StateReader, request_id: bytes) -> BankRequest:
        """The open request, or `RequestUnknown`."""
        request = self.table.load(state, request_id)
        if request is None:
            msg = f"no open request {request_id.hex()}"
            raise RequestUnknown(msg)
        return request

    def require_room(self, context: Context) -> None:
        """`TooManyRequests` if the sender has as many as it may have."""
        if self._count(context.state, context.sender) >= REQUESTS_MAX:
            msg = f"at most {REQUESTS_MAX} open requests"
            raise TooManyRequests(msg)

    def open(self, context: Context, request: BankRequest) -> Event:
        """Enter a request of the sender, with its clock."""
        request_id = context.new_id(f"{self.kind}-request")
        self.table.store(context.state, request, request_id)
        self._set_count(context, request.holder, self._count(context.state, request.holder) + 1)
        move_deadline(context, request_id, None, self._clock(request))
        issuer = load_asset(context.state, request.symbol).issuer
        # The issuer learns of it by its own activity.
        index_activity(context, issuer)
        for party in sorted({request.holder, issuer}):
            index_request(context, party, request_id, self.kind)
        return event(
            f"asset.{self.kind}.requested",
            request_id=request_id,
            holder=request.holder,
            issuer=issuer,
            symbol=request.symbol,
            amount_minor=request.amount_minor,
            channel=request.channel,
            until_ms=request.due_ms,
        )

    def end(
        self, context: Context, request_id: bytes, request: BankRequest, how: str, **more: object
    ) -> Event:
        """Remove a request and its clock; `how` it ended: settled, cancelled or expired."""
        if how != "expired":
            move_deadline(context, request_id, self._clock(request), None)
        self.table.remove(context.state, request_id)
        self._set_count(context, request.holder, self._count(context.state, request.holder) - 1)
        if context.received is None or context.sender != request.holder:
            index_activity(context, request.holder)
        return event(
            f"asset.{self.kind}.{how}",
            request_id=request_id,
            holder=request.holder,
            symbol=request.symbol,
            amount_minor=request.amount_minor,
            **more,
        )

    def require_party(self, context: Context, request: BankRequest) -> None:
        """`NotAParty` unless the sender is the holder or the issuer."""
        issuer = load_asset(context.state, request.symbol).issuer
        if context.sender not in (request.holder, issuer):
            msg = "only the holder and the issuer may cancel a request"
            raise NotAParty(msg)

    def clocks(self, state: StateReader, request_id: bytes) -> list[tuple[bytes, Clock]]:
        """The request's id and clock, if it is open."""
        request = self.table.load(state, request_id)
        return [] if request is None else [(request_id, self._clock(request))]

    def deadlines(self, state: StateReader) -> Iterator[Deadline]:
        """The deadlines of all open requests."""
        for request_id, request in self.table.items(state):
            yield deadline_of(request_id, self._clock(request))

    def check(self, state: StateReader) -> None:
        """`InvariantBreach` unless open requests are counted."""
        counted: dict[bytes, int] = {}
        for _, request in self.table.items(state):
            counted[request.holder] = counted.get(request.holder, 0) + 1
        if counted != {holder: found.count for holder, found in self.counts.items(state)}:
            msg = f"not so: open {self.kind} requests are counted"
            raise InvariantBreach(msg)

    def _clock(self, request: BankRequest) -> Clock:
        return request.due_ms, self.clock_kind

    def _count(self, state: StateReader, holder: bytes) -> int:
        found = self.counts.load(state, holder)
        return 0 if found is None else found.count

    def _set_count(self, context: Context, holder: bytes, count: int) -> None:
        if count:
            self.counts.store(context.state, OpenRequests(count), holder)
        else:
            self.counts.remove(context.state, holder)


def require_channel(channel: str) -> None:
    """`ChannelUnknown` unless money goes that way."""
    if channel not in CHANNELS:
        msg = f"no channel {channel}; there are {', '.join(CHANNELS)}"
        raise ChannelUnknown(msg)


DEPOSITS = Requests("deposit", DEPOSIT_REQUESTS, DEPOSIT_COUNTS)
WITHDRAWALS = Requests("withdraw", WITHDRAW_REQUESTS, WITHDRAW_COUNTS)
