"""A row of the agreed state in words: which table, what its key says, and the row as JSON.

Each table is imported when one of its rows is met, so that checking one proof loads one subject.
"""

from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final

from chain.bech32m import encode_account
from chain.errors import HushangError
from chain.state import Table
from node.rendering import Json, render_fields

_U64_MAX: Final = 2**64 - 1
_ACCOUNT: Final = ("account", 32)
# Where each table is, and the parts of its keys: what they are and how many bytes they have; the
# last may have None, which is all that is left (docs/protocol-state.md).
TABLES: Final[dict[str, tuple[str, tuple[tuple[str, int | None], ...]]]] = {
    "account": ("chain.account:ACCOUNTS", (_ACCOUNT,)),
    "arbiter": ("commerce.disputes.arbiters:ARBITERS", (("arbiter_hash", 32),)),
    "arbiter-trade": ("commerce.disputes.conflicts:TRADES", (("arbiter", 32), ("other", 32))),
    "asset": ("commerce.money:ASSETS", (("symbol", 12),)),
    "balance": ("commerce.money:BALANCES", (_ACCOUNT, ("symbol", 12))),
    "beacon-deal": ("commerce.beacon.records:DEALS", (_ACCOUNT, ("number", 8))),
    "beacon-dealer": ("commerce.beacon.records:DEALERS", (_ACCOUNT,)),
    "beacon-draw": ("commerce.beacon.records:DRAWS", (("draw_id", 32),)),
    "beacon-reserved": ("commerce.beacon.records:RESERVED", (("draw_id", 32), ("index", 1))),
    "beacon-reveal": ("commerce.beacon.records:REVEALS", (("draw_id", 32), ("seat", 1))),
    "case": ("commerce.aftersale.cases:CASES", (("case_id", 32),)),
    "certificate": ("commerce.certificates.certificates:CERTIFICATES", (("certificate_id", 32),)),
    "certified": (
        "commerce.certificates.certificates:CERTIFIED",
        (("subject_hash", 32), ("issuer", 32), ("certificate_id", 32)),
    ),
    "claim": ("commerce.deposits.claim:CLAIMS", (("claim_id", 32),)),
    "claim-group": (
        "commerce.deposits.punitive:GROUPS",
        (("buyer", 32), ("seller", 32), ("symbol", 12), ("kind", 1), ("time_ms", 8)),
    ),
    "claimed": (
        "commerce.deposits.claim:CLAIMED",
        (("order_id", 32), ("line", 1), ("kind", 1)),
    ),
    "code-active": ("commerce.codes.batch:ACTIVE", (("batch_id", 32), ("last_index", 4))),
    "code-batch": ("commerce.codes.batch:BATCHES", (("batch_id", 32),)),
    "code-commit-count": ("commerce.codes.claiming:COUNT", ()),
    "code-commits": ("commerce.codes.claiming:COMMITS", (_ACCOUNT,)),
    "code-dead": ("commerce.codes.batch:DEAD", (("batch_id", 32), ("last_index", 4))),
    "code-item": ("commerce.codes.items:CODES", (("code_id", 32),)),
    "code-line": ("commerce.codes.binding:BOUND", (("order_id", 32), ("line", 1))),
    "code-report": ("commerce.codes.reports:REPORTS", (("report_id", 32),)),
    "code-reporter": ("commerce.codes.reports:OPEN_REPORTS", (_ACCOUNT, ("code_id", 32))),
    "code-tag": ("commerce.codes.taps:TAGS", (("brand", 32), ("uid", 7))),
    "committee": ("chain.committees:COMMITTEES", (("epoch", 8),)),
    "coupon": ("commerce.catalogue.coupons:COUPONS", (("coupon_id", 32),)),
    "coupon-buyer": ("commerce.catalogue.coupons:BUYER_USES", (("coupon_id", 32), ("buyer", 32))),
    "coupon-use": ("commerce.catalogue.coupons:COUPON_USES", (("coupon_id", 32),)),
    "custody-offer": ("commerce.goods.offer:OFFERS", (("offer_id", 32),)),
    "custody-offered": ("commerce.goods.offer:OFFERED", (("thing_hash", 32), ("giver", 32))),
    "custody-open": ("commerce.goods.offer:OPEN_OFFERS", (("giver", 32),)),
    "deadline": ("chain.deadlines:DEADLINES", (("time_ms", 8), ("object_id", 32))),
    "debt": ("commerce.deposits.debts:DEBTS", (_ACCOUNT, ("symbol", 12), ("number", 8))),
    "debtor": ("commerce.deposits.debts:DEBTORS", (_ACCOUNT,)),
    "delegation": ("chain.account:DELEGATIONS", (_ACCOUNT, ("public_key", 32))),
    "deposit": ("commerce.deposits.holding:DEPOSITS", (("deposit_id", 32),)),
    "deposit-request": ("commerce.banking.requests:DEPOSIT_REQUESTS", (("request_id", 32),)),
    "deposit-request-count": ("commerce.banking.requests:DEPOSIT_COUNTS", (_ACCOUNT,)),
    "device": ("commerce.devices.device:DEVICES", (_ACCOUNT,)),
    "device-name": ("commerce.devices.device:DEVICE_NAMES", (("identity_hash", 32),)),
    "dispute": ("commerce.disputes.dispute:DISPUTES", (("dispute_id", 32),)),
    "dispute-queue": ("commerce.disputes.draws:QUEUE", (("cap_ms", 8), ("dispute_id", 32))),
    "liability": ("commerce.deposits.liabilities:LIABILITIES", (("subject_id", 32),)),
    "recall-demand": (
        "commerce.recalls.demands:DEMANDS",
        (("thing_hash", 32), ("recall_id", 32), ("order_id", 32)),
    ),
    "recall-mark": ("commerce.recalls.marks:MARKED", (("mark", 65), ("recall_id", 32))),
    "recall-notice": (
        "commerce.recalls.notices:NOTICES",
        (("recall_id", 32), ("order_id", 32), ("number", 1)),
    ),
    "recall-product": ("commerce.recalls.blocked:TOUCHED", (("gtin", 14), ("recall_id", 32))),
    "recall-queue": ("commerce.recalls.marks:QUEUE", (("recall_id", 32), ("number", 8))),
    "recall-sweep": ("commerce.recalls.record:TURNS", ()),
    "recall-watch": ("commerce.recalls.watching:WATCHES", ()),
    "dispute-draw": ("commerce.disputes.draws:WAITING", (("draw_id", 32),)),
    "epcis": ("commerce.epcis.capture:EVENTS", (("event_key", 32),)),
    "epcis-declared": ("commerce.epcis.capture:DECLARATIONS", (_ACCOUNT, ("statement", 32))),
    "evidence": ("commerce.evidence:EVIDENCE", (_ACCOUNT, ("of_epoch", 8))),
    "fee-pool": ("commerce.banking.fees:POOLS", (("symbol", 12),)),
    "fee-schedule": ("commerce.banking.fees:SCHEDULES", ()),
    "freezes": ("commerce.banking.frozen:FREEZES", (("freezes_id", 32),)),
    "fund": ("commerce.deposits.fund:FUNDS", (("symbol", 12),)),
    "gcp": ("commerce.rights:PREFIXES", (("company_prefix", None),)),
    "item": ("commerce.items:ITEMS", (("item_hash", 32),)),
    "leaders": ("chain.leaders:LEADERS", ()),
    "licence": ("commerce.catalogue.licences:LICENCES", (("gtin", 14), _ACCOUNT)),
    "listing": ("commerce.listings:LISTINGS", (("listing_id", 32),)),
    "location": ("commerce.rights:LOCATIONS", (("gln", None),)),
    "member": ("commerce.members:MEMBERS", (_ACCOUNT,)),
    "offer": ("commerce.listings:OFFERS", (("listing_id", 32), ("version", 4))),
    "order": ("commerce.orders:ORDERS", (("order_id", 32),)),
    "owed": ("commerce.deposits.debts:OWED", (_ACCOUNT, ("symbol", 12))),
    "parameter-change": ("commerce.banking.parameter_change:PENDING", (("change_id", 32),)),
    "parameters": ("commerce.parameters:PARAMETERS", (("version", 4),)),
    "parameters-current": ("commerce.parameters:CURRENT", ()),
    "parcel": ("commerce.parcels:PARCELS", (("parcel_id", 32),)),
    "penalty": ("commerce.devices.penalty:PENALTIES", (("penalty_id", 32),)),
    "prepaid": ("commerce.banking.cards:CARDS", (("card_id", 32),)),
    "prepaid-count": ("commerce.banking.cards:CARD_COUNTS", (_ACCOUNT,)),
    "product": ("commerce.products:PRODUCTS", (("gtin", None),)),
    "protocol": ("chain.upgrades:PLAN", ()),
    "product-past": ("commerce.products:PAST_PRODUCTS", (("gtin", 14), ("version", 4))),
    "recall": ("commerce.recalls.record:RECALLS", (("recall_id", 32),)),
    "recalled": ("commerce.recalls.blocked:RECALLED", ()),
    "reference": ("commerce.references:REFERENCES", (("reference_hash", 32),)),
    "remembered": ("chain.replay:REMEMBERED", (("minute", 8),)),
    "review": ("commerce.reviews.records:REVIEWS", (("order_id", 32), ("line", 1))),
    "role": ("commerce.roles:HELD_ROLES", (_ACCOUNT, ("role_and_scope", None))),
    "thing": ("commerce.goods.things:THINGS", (("thing_hash", 32),)),
    "thing-share": ("commerce.goods.things:SHARES", (("thing_hash", 32), _ACCOUNT)),
    "sla": ("commerce.devices.sla:SLAS", (("order_id", 32),)),
    "unpaid": ("commerce.checkout:UNPAID", (("listing_id", 32), ("buyer", 32))),
    "watch": ("commerce.devices.watch:WATCHES", (("watch_id", 32),)),
    "withdraw-request": ("commerce.banking.requests:WITHDRAW_REQUESTS", (("request_id", 32),)),
    "withdraw-request-count": ("commerce.banking.requests:WITHDRAW_COUNTS", (_ACCOUNT,)),
}
_TEXTS: Final = {"symbol", "company_prefix", "gln", "gtin", "role_and_scope"}
_NUMBERS: Final = frozenset(
    {
        "time_ms",
        "of_epoch",
        "minute",
        "version",
        "number",
        "index",
        "seat",
        "line",
        "kind",
        "last_index",
    }
)
_ACCOUNTS: Final = {"account", "brand", "buyer", "seller", "arbiter", "other", "issuer", "giver"}


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the state as far as this software knows its table; None where it doesn't."""

    table: str | None
    parts: dict[str, Json] | None
    value: dict[str, Json] | None

    @property
    def title(self) -> str:
        """`order 3f0c…`, `balance of hs1… CNY`."""
        words = [str(part) for part in (self.parts or {}).values()]
        return " ".join([str(self.table), *words])


def read_row(key: bytes, value: bytes | None) -> Row:
    """What a key and its value say."""
    name = key.partition(b"/")[0].decode("ascii", "replace")
    if b"/" not in key or name not in TABLES:
        return Row(None, None, None)
    place, parts = TABLES[name]
    read = _parts(key[len(name) + 1 :], parts)
    return Row(name, read, None if value is None else _value(place, value))


def _value(place: str, value: bytes) -> dict[str, Json] | None:
    module, _, attribute = place.partition(":")
    table: Table[Any] = getattr(import_module(module), attribute)
    try:
        return render_fields(table.read(value))
    except HushangError:
        # Of a later version of the software, perhaps: the bytes are proven all the same.
        return None


def _parts(rest: bytes, parts: tuple[tuple[str, int | None], ...]) -> dict[str, Json] | None:
    read: dict[str, Json] = {}
    for name, size in parts:
        part = rest if size is None else rest[:size]
        rest = rest[len(part) :]
        if not part or len(part) != (size or len(part)):
            return None
        read[name] = _part(name, part)
    return None if rest else read


def _part(name: str, part: bytes) -> Json:
    if name in _ACCOUNTS:
        return encode_account(part)
    if name in _TEXTS:
        return part.rstrip(b"\x00").decode("utf-8", "backslashreplace").replace("\x00", " ")
    if name == "epoch":
        # The newest epoch comes first.
        return _U64_MAX - int.from_bytes(part)
    return int.from_bytes(part) if name in _NUMBERS else part.hex()
