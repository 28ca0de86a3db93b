"""What a replica of the cluster may ask of its decided chain (`consensus.config.History`)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chain.block import Header
from chain.committee import Committee
from chain.committees import CHANGE_DELAY_HEIGHTS, CommitteeRecord
from chain.genesis import ConsensusParameters
from chain.leaders import LeaderRules, Leaders
from consensus.output import Decided


@dataclass(frozen=True)
class ChainHistory:
    """Headers and committees of the blocks that `chain` holds now."""

    genesis: Header
    founders: Committee
    chain: Callable[[], Sequence[Decided]]
    parameters: ConsensusParameters

    def header(self, height: int) -> Header:
        """The decided header."""
        return self.genesis if height == 0 else self.chain()[height - 1].block.header

    def committee(self, height: int) -> CommitteeRecord:
        """Who governs the height."""
        record = CommitteeRecord(self.founders, 0)
        for decided in self.chain()[: max(0, height - CHANGE_DELAY_HEIGHTS)]:
            if decided.results.next_committee is not None:
                first_height = decided.block.header.height + CHANGE_DELAY_HEIGHTS
                record = CommitteeRecord(decided.results.next_committee, first_height)
        return record

    def leaders(self) -> Leaders | None:
        """As every ledger computes it with the block; here anew from all headers."""
        leaders: Leaders | None = None
        below = self.genesis
        for decided in self.chain():
            header = decided.block.header
            record = self.committee(header.height)
            rules = LeaderRules.of(record.committee, max(1, record.first_height), self.parameters)
            if leaders is None or leaders.epoch != rules.epoch:
                leaders = rules.start()
            leaders = rules.extend(leaders, header, below.parent_view)
            below = header
        return leaders
