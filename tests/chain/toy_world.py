"""A chain under toy rules: what each block and transaction of it did."""

from dataclasses import replace

from chain.block import Receipt
from chain.genesis import ConsensusParameters
from chain.store_contract import KVStore
from chain.transaction import ReceivedTransaction
from tests.chain.toy import ToyRules, value_of
from tests.chain.world import World, genesis

OK = ("ok", None)


class ToyWorld(World):
    """A world under toy rules, and what they did, in order."""

    def __init__(
        self, consensus: ConsensusParameters | None = None, store: KVStore | None = None
    ) -> None:
        self.toy = ToyRules()
        made = replace(genesis(), consensus=consensus or ConsensusParameters())
        super().__init__(store=store, rules=self.toy, made=made)

    def value(self, name: str) -> int:
        """A counter's value at the tip."""
        return value_of(self.ledger.state, name)

    def run(self, *transactions: ReceivedTransaction) -> list[Receipt]:
        """Decide a block; its receipts."""
        self.decide(*transactions)
        return list(self.ledger.receipts(self.ledger.tip.height))

    def statuses(self, *transactions: ReceivedTransaction) -> list[tuple[str, int | None]]:
        """Decide a block; each receipt's status and failed operation."""
        return [(entry.status, entry.failed_operation) for entry in self.run(*transactions)]
