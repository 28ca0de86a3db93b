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
# seller ‖ height ‖ listing id → GTIN.
SELLER_LISTING = b"seller-listing/"
# GTIN, 14 digits ‖ height ‖ listing id → seller.
GTIN_LISTING = b"gtin-listing/"
# holder ‖ GTIN → empty: products by who registered them.
HOLDER_PRODUCT = b"holder-product/"
# sponsor ‖ account id → empty: accounts by the member that opened them.
SPONSOR_ACCOUNT = b"sponsor-account/"


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


def index_listing(context: Context, seller: bytes, gtin: str, listing_id: bytes) -> None:
    """The listing by seller and by product."""
    tail = u64(context.height) + listing_id
    context.index(SELLER_LISTING + seller + tail, gtin.encode())
    context.index(GTIN_LISTING + gtin.encode() + tail, seller)


def index_product(context: Context, holder: bytes, gtin: str) -> None:
    """The product by its holder."""
    context.index(HOLDER_PRODUCT + holder + gtin.encode(), b"")


def index_account(context: Context, sponsor: bytes, account: bytes) -> None:
    """The account by its sponsor."""
    context.index(SPONSOR_ACCOUNT + sponsor + account, b"")
