"""Secondary indexes for the API: derived keys outside the state root, which no rule reads.

Heights are eight bytes, big-endian, so that a scan of an account's entries is in order of time.
What can be found from state alone (an order's parcels, a product's versions) has no index.
"""

from chain.context import Context
from chain.state import u64

# account ‖ height ‖ receipt id → empty: receipts of what it sent, and of what moved its balance.
ACCOUNT_ACTIVITY = b"account-activity/"
# account ‖ height ‖ order id → its part: buyer, seller or payer.
ACCOUNT_ORDER = b"account-order/"
# carrier ‖ height ‖ parcel id → order id.
CARRIER_PARCEL = b"carrier-parcel/"
# buyer or seller ‖ height ‖ case id → order id.
ACCOUNT_CASE = b"account-case/"
# seller ‖ height ‖ listing id → GTIN.
SELLER_LISTING = b"seller-listing/"
# GTIN, 14 digits ‖ height ‖ listing id → seller.
GTIN_LISTING = b"gtin-listing/"
# holder ‖ GTIN → empty: products by who registered them.
HOLDER_PRODUCT = b"holder-product/"
# merchant ‖ GTIN → empty: what brands licensed it for at any time.
MERCHANT_LICENCE = b"merchant-licence/"
# funder ‖ height ‖ coupon id → symbol.
FUNDER_COUPON = b"funder-coupon/"
# sponsor ‖ account id → empty: accounts by the member that opened them.
SPONSOR_ACCOUNT = b"sponsor-account/"

# buyer or seller ‖ height ‖ dispute id → its part.
ACCOUNT_DISPUTE = b"account-dispute/"
# arbiter ‖ dispute id → empty: disputes in whose panel it has a seat now.
ARBITER_SEAT = b"arbiter-seat/"
# hash of a product's, lot's or place's identity ‖ height ‖ certificate id → empty.
SUBJECT_CERTIFICATE = b"subject-certificate/"
# GTIN-14 (with its lots) or GLN, in ASCII ‖ height ‖ certificate id → empty.
KEY_CERTIFICATE = b"key-certificate/"
# inspector ‖ height ‖ certificate id → empty.
ISSUER_CERTIFICATE = b"issuer-certificate/"
# giver or taker ‖ height ‖ offer id → its part.
ACCOUNT_OFFER = b"account-offer/"
# hash of a thing's name ‖ height ‖ receipt id ‖ operation ‖ kind → enc(`things.HandedOver`).
THING_HISTORY = b"thing-history/"
# creditor ‖ debtor ‖ asset ‖ number → empty: debts by whom they are owed to, repaid ones too.
CREDITOR_DEBT = b"creditor-debt/"
# account ‖ height ‖ claim id → its part: buyer or seller.
ACCOUNT_CLAIM = b"account-claim/"

# owner ‖ device id → empty: devices by who owns them now.
OWNER_DEVICE = b"owner-device/"
# device ‖ sequence → enc(`commerce.devices.report.ReportRow`).
DEVICE_REPORT = b"device-report/"
# buyer, seller or custodian ‖ height ‖ penalty id → its part.
ACCOUNT_PENALTY = b"account-penalty/"


def index_activity(context: Context, account: bytes) -> None:
    """The receipt of what is executed concerns this account."""
    parts = (ACCOUNT_ACTIVITY, account, u64(context.height), context.receipt_id)
    context.index(b"".join(parts), b"")


def index_order(context: Context, account: bytes, order_id: bytes, part: str) -> None:
    """The account has this part in the order."""
    context.index(ACCOUNT_ORDER + account + u64(context.height) + order_id, part.encode())


def index_parcel(context: Context, carrier: bytes, parcel_id: bytes, order_id: bytes) -> None:
    """The carrier has this parcel."""
    context.index(CARRIER_PARCEL + carrier + u64(context.height) + parcel_id, order_id)


def index_case(
    context: Context, buyer: bytes, seller: bytes, case_id: bytes, order_id: bytes
) -> None:
    """The case by its two parties."""
    tail = u64(context.height) + case_id
    context.index(ACCOUNT_CASE + buyer + tail, order_id)
    context.index(ACCOUNT_CASE + seller + tail, order_id)


def index_listing(context: Context, seller: bytes, gtin: str, listing_id: bytes) -> None:
    """The listing by seller and by product."""
    tail = u64(context.height) + listing_id
    context.index(SELLER_LISTING + seller + tail, gtin.encode())
    context.index(GTIN_LISTING + gtin.encode() + tail, seller)


def index_product(context: Context, holder: bytes, gtin: str) -> None:
    """The product by its holder."""
    context.index(HOLDER_PRODUCT + holder + gtin.encode(), b"")


def index_licence(context: Context, merchant: bytes, gtin: str) -> None:
    """The licence by its merchant; the state tells whether it still holds."""
    context.index(MERCHANT_LICENCE + merchant + gtin.encode(), b"")


def index_coupon(context: Context, funder: bytes, coupon_id: bytes, symbol: str) -> None:
    """The coupon by its funder."""
    context.index(FUNDER_COUPON + funder + u64(context.height) + coupon_id, symbol.encode())


def index_account(context: Context, sponsor: bytes, account: bytes) -> None:
    """The account by its sponsor."""
    context.index(SPONSOR_ACCOUNT + sponsor + account, b"")


def index_debt(context: Context, creditor: bytes, debt_key: bytes) -> None:
    """The debt by its creditor; its key is that of the state table."""
    context.index(CREDITOR_DEBT + creditor + debt_key, b"")


def index_claim(context: Context, account: bytes, claim_id: bytes, part: str) -> None:
    """The account has this part in the claim."""
    context.index(ACCOUNT_CLAIM + account + u64(context.height) + claim_id, part.encode())


def index_certificate(context: Context, part: bytes, key: str, certificate_id: bytes) -> None:
    """A certificate of the sender by what it is of: itself, and its GTIN or GLN."""
    tail = u64(context.height) + certificate_id
    context.index(SUBJECT_CERTIFICATE + part + tail, b"")
    context.index(KEY_CERTIFICATE + key.encode() + tail, b"")
    context.index(ISSUER_CERTIFICATE + context.sender + tail, b"")


def index_offer(context: Context, giver: bytes, taker: bytes, offer_id: bytes) -> None:
    """A custody offer by its two sides; the taker learns of it by its own activity."""
    tail = u64(context.height) + offer_id
    context.index(ACCOUNT_OFFER + giver + tail, b"giver")
    context.index(ACCOUNT_OFFER + taker + tail, b"taker")
    index_activity(context, taker)


def index_dispute(context: Context, account: bytes, dispute_id: bytes, part: str) -> None:
    """The account has this part in the dispute."""
    context.index(ACCOUNT_DISPUTE + account + u64(context.height) + dispute_id, part.encode())


def index_seat(context: Context, arbiter: bytes, dispute_id: bytes, *, seated: bool) -> None:
    """The arbiter has a seat in the dispute's panel, or has it no more."""
    context.index(ARBITER_SEAT + arbiter + dispute_id, b"" if seated else None)


def index_device(context: Context, owner: bytes, device_id: bytes, *, owned: bool) -> None:
    """The device is the account's, or is it no more."""
    context.index(OWNER_DEVICE + owner + device_id, b"" if owned else None)


def index_device_report(context: Context, device_id: bytes, sequence: int, row: bytes) -> None:
    """A device's report, as it is listed."""
    context.index(DEVICE_REPORT + device_id + u64(sequence), row)


def index_penalty(context: Context, account: bytes, penalty_id: bytes, part: str) -> None:
    """The account has this part in the penalty."""
    context.index(ACCOUNT_PENALTY + account + u64(context.height) + penalty_id, part.encode())
