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
# Certificates, `c` + height: canonical `Certificate` of that height's block.
CERTIFICATE = b"c"
# Outcomes, `r` + height: canonical `Receipts` of the block, in order of execution.
RECEIPTS = b"r"
# Where a receipt is, `x` + transaction or system receipt id: height and index, eight bytes each.
RECEIPT_PLACE = b"x"
# Remembered ids, `n` + expiry minute + transaction id, empty value (chain/replay.py).
REMEMBERED = b"n"
# Secondary indexes of the rules, `i` + index key: derived, outside the state root.
INDEX = b"i"
# What this database is, `m` + name: genesis hash, canonical genesis, tip.
META_GENESIS = b"mgenesis"
META_TIP = b"mtip"


def state_key(key: bytes) -> bytes:
    """Database key of a state key."""
    return STATE + key


def block_key(height: int) -> bytes:
    """Database key of the block at `height`."""
    return BLOCK + u64(height)


def certificate_key(height: int) -> bytes:
    """Database key of the certificate at `height`."""
    return CERTIFICATE + u64(height)


def receipts_key(height: int) -> bytes:
    """Database key of the receipts of the block at `height`."""
    return RECEIPTS + u64(height)


def receipt_place_key(receipt_id: bytes) -> bytes:
    """Database key of the place of a receipt."""
    return RECEIPT_PLACE + receipt_id


def remembered_key(minute: int, transaction_id: bytes) -> bytes:
    """Database key of a remembered transaction id."""
    return REMEMBERED + u64(minute) + transaction_id


def index_key(key: bytes) -> bytes:
    """Database key of a secondary index entry."""
    return INDEX + key


def prefix_end(prefix: bytes) -> bytes:
    """The least key above every key that begins with `prefix` (which is not all 0xff)."""
    stripped = prefix.rstrip(b"\xff")
    assert stripped
    return stripped[:-1] + bytes([stripped[-1] + 1])
