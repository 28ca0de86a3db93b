"""Money: assets and what moves them directly."""

from commerce.assets import AssetCreate, AssetIssue, asset_create, asset_issue
from commerce.payments import PayTransfer, pay_transfer
from commerce.transaction_types import SystemTransition, TransactionType

TYPES = (
    TransactionType("asset.create", AssetCreate, asset_create, "Q + I"),
    TransactionType("asset.issue", AssetIssue, asset_issue, "I"),
    TransactionType("pay.transfer", PayTransfer, pay_transfer, "owner"),
)

TRANSITIONS: tuple[SystemTransition, ...] = ()
