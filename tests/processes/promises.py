"""What nodes have signed, from their journals and certificates: no member says two things.

Journals are read while their node is dead, and as often as one likes: what a later one has
forgotten (it is shortened now and then) an earlier reading has seen.
"""

import json
import shutil
import tempfile
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from chain.block import VoteType
from chain.codec import encode
from chain.crypto import sha256
from chain.genesis import Genesis
from chain.ledger import Ledger
from chain.store import open_store
from commerce.registry import Registry
from consensus.records import NewViewRecord, Record, ViewChangeRecord, VoteRecord, decode_record
from node.evidence_book import FILE_NAME as EVIDENCE
from node.genesis_file import load_genesis
from node.journal import Journal, journal_owner
from node.testnet_layout import GENESIS, LocalNetwork, NodePlace

# What a member may say once only: its name, what it says, the view, the height.
Slot = tuple[str, str, int, int]


@dataclass(slots=True)
class Promises:
    """Every vote that was found, and those that contradict one found before."""

    testnet: LocalNetwork
    genesis: Genesis
    said: dict[Slot, bytes] = field(default_factory=dict)
    conflicts: list[Slot] = field(default_factory=list)

    @classmethod
    def of(cls, testnet: LocalNetwork) -> "Promises":
        """Nothing read yet."""
        return cls(testnet, load_genesis(testnet.directory / GENESIS))

    @property
    def height(self) -> int:
        """The greatest height of a vote that was found."""
        return max((height for _, _, _, height in self.said), default=0)

    def note(self, slot: Slot, what: bytes) -> None:
        """One signed statement."""
        if self.said.setdefault(slot, what) != what:
            self.conflicts.append(slot)

    def read_journal(self, node: NodePlace) -> None:
        """All that a dead node's journal holds of its own votes; the journal stays untouched."""
        (key,) = (m.node_key for m in self.genesis.members if m.name == node.name)
        source = self.testnet.data_dir(node) / "journal" / "journal"
        with tempfile.TemporaryDirectory() as directory:
            shutil.copy(source, directory)
            owner = journal_owner(self.genesis.hash(), key)
            with closing(Journal(Path(directory), owner, may_create=False)) as journal:
                found = journal.records
        # Blocks are most of it, and no votes.
        for data in found:
            if data[0] in _VOTES:
                self._note_record(node.name, decode_record(data))

    def _note_record(self, name: str, record: Record) -> None:
        match record:
            case VoteRecord(type=kind, view=view, height=height, digest=digest):
                # PrePrepare is the primary's Prepare.
                commit = kind == VoteType.COMMIT
                self.note((name, "commit" if commit else "prepare", view, height), digest)
            case ViewChangeRecord(message):
                self.note((name, "view change", message.view, 0), sha256(encode(message)))
            case NewViewRecord(message):
                self.note((name, "new view", message.view, 0), sha256(encode(message)))
            case _:
                pass

    def read_certificates(self, node: NodePlace) -> int:
        """Every Commit in a dead node's store; its height."""
        with closing(open_store(self.testnet.data_dir(node) / "db")) as store:
            ledger = Ledger(store, self.genesis, Registry())
            for height in range(1, ledger.tip.height + 1):
                certificate = ledger.certificate(height)
                assert certificate is not None
                for entry in certificate.signatures:
                    name = self.genesis.members[entry.member].name
                    self.note((name, "commit", certificate.view, height), certificate.digest)
            return ledger.tip.height

    def read_all(self) -> None:
        """Journals and certificates of all nodes, which are all dead."""
        for node in self.testnet.nodes:
            self.read_journal(node)
            self.read_certificates(node)


_VOTES = frozenset((2, 4, 5))


def complaints(testnet: LocalNetwork) -> list[str]:
    """What any node holds against another, or logged as an error: also why it stopped."""
    found = []
    for node in testnet.nodes:
        if (testnet.data_dir(node) / EVIDENCE).exists():
            found.append(f"{node.name}: evidence against a member")
        for line in testnet.log_file(node).read_text("utf-8", "replace").splitlines():
            try:
                entry = json.loads(line)
            except ValueError:
                # Torn by SIGKILL, or no line of the logger.
                entry = {"level": "error" if "Traceback" in line else "", "message": line}
            if entry["level"] in {"error", "critical"}:
                found.append(f"{node.name}: {entry['message']}")
    return found
