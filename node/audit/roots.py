"""The state root of a stopped node's data, from the state's rows and nothing else."""

from dataclasses import dataclass
from pathlib import Path

from chain.store_contract import StorageError
from chain.tree_recount import Recount
from node.audit.findings import AuditFailed, Finding, require
from node.audit.stored import StoredRows, open_stopped, unreadable


@dataclass(frozen=True, slots=True)
class Rooted:
    """The root over all state keys after the block at `height`."""

    height: int
    root: bytes
    keys: int


def state_root(directory: Path) -> Rooted:
    """Recompute the root; `AuditFailed` if the tip or the stored tree has another."""
    with open_stopped(directory) as store:
        height: int | None = None
        try:
            tip = StoredRows(store).tip
            height = tip.height
            recount = Recount(store)
            for difference in recount.differences():
                raise AuditFailed(Finding(height, "state tree", difference))
        except StorageError as error:
            raise unreadable(height, error) from error
        words = f"the rows give {recount.root.hex()}, the tip has {tip.state_root.hex()}"
        require(recount.root == tip.state_root, height, "state root", words)
        return Rooted(height, recount.root, recount.count)
