"""Answers to peers that ask for decided blocks. Reads only the store, so any thread may do it."""

from chain.ledger import Ledger
from p2p.messages import BLOCKS_MAX, REPLY_SIZE_MAX, Blocks, BlocksGone, CertifiedBlock


def read_blocks(ledger: Ledger, first: int, count: int) -> Blocks | BlocksGone:
    """The decided blocks from `first` on, as many as fit into one reply."""
    first_block = ledger.base.first_block
    if 0 < first < first_block:
        return BlocksGone(first, first_block)
    blocks: list[CertifiedBlock] = []
    size = 0
    for height in range(first, first + min(count, BLOCKS_MAX)):
        block = ledger.block_bytes(height) if height else None
        certificate = ledger.certificate_bytes(height)
        if block is None or certificate is None:
            break
        size += len(block) + len(certificate)
        if blocks and size > REPLY_SIZE_MAX:
            break
        blocks.append(CertifiedBlock(block, certificate))
    return Blocks(first, tuple(blocks))
