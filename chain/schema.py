"""The one key schema of the database: one sentence per prefix, no key made anywhere else.

Numbers in keys are eight bytes, big-endian, so that key order is number order.
"""

from chain.state import u64

# Agreed state, `s` + state key: what the state root of the headers commits to.
STATE = b"s"
# Nodes of the state tree, `t` + path (chain/tree.py).
TREE = b"t"
# Blocks as decided, `b` + height: canonical `Block`.
BLOCK = b"b"
# Headers again, `h` + height: canonical `Header`, so that a header costs no bodies.
HEADER = b"h"
# Certificates, `c` + height: canonical `Certificate` of that height's block.
CERTIFICATE = b"c"
# Outcomes, `r` + height + index (four bytes): canonical `Receipt`, in order of execution.
RECEIPTS = b"r"
# Where a receipt is, `x` + transaction or system receipt id: canonical `ReceiptPlace`.
RECEIPT_PLACE = b"x"
# Remembered ids, `n` + expiry minute + transaction id: place among the minute's ids in block order,
# eight bytes (chain/replay.py).
REMEMBERED = b"n"
# Secondary indexes of the rules, `i` + index key: derived, outside the state root.
INDEX = b"i"
# What this database is, `m` + name: layout and canonical genesis, tip, base.
META_GENESIS = b"mgenesis"
META_TIP = b"mtip"
# What of the chain's past is here, canonical `Base`; absent where all of it is.
META_BASE = b"mbase"


def block_key(height: int) -> bytes:
    """Database key of the block at `height`."""
    return BLOCK + u64(height)


def header_key(height: int) -> bytes:
    """Database key of the header at `height`."""
    return HEADER + u64(height)


def certificate_key(height: int) -> bytes:
    """Database key of the certificate at `height`."""
    return CERTIFICATE + u64(height)


def receipt_key(height: int, index: int) -> bytes:
    """Database key of the `index`-th receipt of the block at `height`."""
    return RECEIPTS + u64(height) + index.to_bytes(4, "big")


def receipt_place_key(receipt_id: bytes) -> bytes:
    """Database key of the place of a receipt."""
    return RECEIPT_PLACE + receipt_id


def remembered_key(minute: int, transaction_id: bytes) -> bytes:
    """Database key of a remembered transaction id."""
    return REMEMBERED + u64(minute) + transaction_id
