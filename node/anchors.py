"""Proofs of who governed at the headers of late, kept while their state was the newest.

A header far below the tip has a state root whose tree is gone, so that nothing can be proven under
it any more. Whoever trusts such a header and not the genesis needs one proof under it: that of its
epoch's committee (`chain.bundle.Anchor`). It is taken when the state is there, for each header
after the first change of the committee.
"""

from typing import Final

from chain.committees import state_key
from chain.ledger import Ledger

# About 2 KB each.
ANCHORS_MAX: Final = 4_096


class Anchors:
    """`note` belongs to the ledger's thread; `proof` may be asked from any."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._proofs: dict[int, bytes] = {}
        tip = ledger.tip
        if tip.header.epoch and tip.state_root == tip.header.state_root:
            self._proofs[tip.height] = ledger.prove(state_key(tip.header.epoch))
        self.note()

    def note(self) -> None:
        """After the founding, a start or a write: the header above the tip gets its proof."""
        epoch = self._ledger.chain.committee.epoch
        if epoch == 0:
            # Epoch 0 follows from the genesis.
            return
        self._proofs[self._ledger.tip.height + 1] = self._ledger.prove(state_key(epoch))
        if len(self._proofs) > ANCHORS_MAX:
            del self._proofs[next(iter(self._proofs))]

    def proof(self, height: int) -> bytes | None:
        """The proof under the header at a height of an epoch after the first, if it was kept."""
        return self._proofs.get(height)
