"""The replica of a node that starts: as its journal and its store left it."""

from dataclasses import dataclass

from chain.block import Header
from chain.committees import CommitteeRecord
from chain.crypto import PrivateKey
from chain.leaders import Leaders
from chain.ledger import Ledger
from consensus.config import ChainTip, ReplicaConfig
from consensus.output import Results
from consensus.records import decode_record
from consensus.replica import Replica
from node.journal import Journal
from node.verifier import VoteVerifier


@dataclass(frozen=True, slots=True)
class _DecidedHeaders:
    """`consensus.config.History` from the ledger."""

    ledger: Ledger

    def header(self, height: int) -> Header:
        """The decided header of a height that exists."""
        header = self.ledger.header(height)
        assert header is not None, f"height {height} is decided"
        return header

    def committee(self, height: int) -> CommitteeRecord:
        """Who governs the height, which is at most two above the newest written."""
        return self.ledger.record_at(height)

    def leaders(self) -> Leaders | None:
        """Blames and rosters after the newest written block."""
        return self.ledger.leaders


def restored(ledger: Ledger, journal: Journal, key: PrivateKey, nonce: int) -> Replica:
    """The replica; `nonce` tells this start of the node from every other."""
    chain, tip = ledger.chain, ledger.tip
    config = ReplicaConfig(
        genesis_hash=chain.genesis_hash,
        node_key=key.public_key,
        parameters=chain.genesis.consensus,
        sign=key.sign,
        verify=VoteVerifier(),
        nonce=nonce,
    )
    results = Results(
        tip.state_root,
        tip.receipts_root,
        needs_seal=tip.needs_seal,
        next_committee=ledger.next_committee,
    )
    records = [decode_record(data) for data in journal.records]
    # Up to 16 MiB and more, which a node that runs for long need not hold beside the file.
    journal.records = []
    start = ChainTip(tip.header, tip.certificate, results)
    return Replica.restore(config, start, _DecidedHeaders(ledger), records)
