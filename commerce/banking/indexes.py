"""Secondary indexes of banking, as in commerce/indexes.py: outside the state root, read by no rule.

A row stays when its object has ended: what is not in the state any more has ended, and the
account's receipts tell how.
"""

from chain.context import Context
from chain.state import u64

# holder or issuer ‖ height ‖ request id → deposit or withdraw.
ACCOUNT_REQUEST = b"account-request/"
# consumer or merchant ‖ height ‖ card id → its part.
ACCOUNT_CARD = b"account-card/"


def index_request(context: Context, account: bytes, request_id: bytes, kind: str) -> None:
    """The account has made this request, or got it."""
    key = ACCOUNT_REQUEST + account + u64(context.height) + request_id
    context.index(key, kind.encode())


def index_card(context: Context, account: bytes, card_id: bytes, part: str) -> None:
    """The account has this part in the card."""
    context.index(ACCOUNT_CARD + account + u64(context.height) + card_id, part.encode())
