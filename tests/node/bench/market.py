"""A ledger whose parties are those of a test network, on which workloads are decided in process."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from chain.account import single_key_policy
from chain.block import Receipt
from chain.crypto import PrivateKey, require_valid
from chain.genesis import Genesis
from chain.transaction import read_transaction
from commerce.assets import AssetIssue
from commerce.registry import operation
from node.bench.plan import Load, LoadPlan, Sender
from node.bench.workloads import Chain, Step, chains, setups
from node.genesis_file import example_path, load_genesis
from node.testnet import FUNDS_MINOR, ISSUER, SYMBOL
from tests.chain.world import GENESIS_MS, World, account, genesis, key

ROLES = tuple(FUNDS_MINOR)
RUN = 0xFFFFFFFF
# When the second block of a market may begin.
SETUP_MS = GENESIS_MS + 2_000


def plan(
    workload: str, count: int, roles: Sequence[str] = ROLES, first: int = 0, run: int = RUN
) -> LoadPlan:
    """So many steps, of a run whose number is as long as any."""
    return LoadPlan(
        load=Load(workload, 1.0, 100, None, 100),
        genesis_hash=market_genesis().hash(),
        senders=tuple(Sender(account(role), Path(f"{role}.key"), role) for role in roles),
        accounts=tuple(account(role) for role in roles),
        symbol=SYMBOL,
        run=run,
        count=count,
        first=first,
        setup_ms=SETUP_MS,
    )


def keys(roles: Sequence[str] = ROLES) -> Sequence[PrivateKey]:
    """The keys of a plan's senders."""
    return [key(role) for role in roles]


def market_genesis() -> Genesis:
    """The example consortium with the keys of these tests."""
    example = load_genesis(example_path())
    small = genesis()
    parties = tuple(
        replace(
            party,
            policy=single_key_policy(key(party.name).public_key),
            sponsor=small.members[0].name,
        )
        for party in example.accounts
    )
    return replace(small, accounts=parties, assets=example.assets)


class Market:
    """A funded chain, and what it says to a workload."""

    def __init__(self) -> None:
        self.world = World(made=market_genesis())
        issued = [
            operation("asset.issue", AssetIssue(SYMBOL, account(role), amount, role))
            for role, amount in FUNDS_MINOR.items()
        ]
        self.decide(self.world.signed(ISSUER, *issued).raw)

    @property
    def now_ms(self) -> int:
        """When the workload is signed."""
        return self.world.now_ms

    def decide(self, *raws: bytes) -> Sequence[Receipt]:
        """The receipts of a block of these, each with signatures that hold."""
        received = [read_transaction(raw, self.world.rules) for raw in raws]
        for one in received:
            for entry in one.signatures:
                require_valid(entry.public_key, one.signing, entry.signature)
        executed = self.world.execute(*received)
        self.world.ledger.write(executed, self.world.certify(executed.header))
        return executed.result.receipts

    def prepare(self, wanted: LoadPlan) -> Sequence[str]:
        """The statuses of the setups, each in a block of its own; all are good."""
        statuses = []
        for setup in setups(wanted, keys()):
            (receipt,) = self.decide(setup.raw)
            assert receipt.status in setup.good
            statuses.append(receipt.status)
        return statuses

    def offer(self, offered: Sequence[Chain]) -> Iterator[tuple[Step, Receipt]]:
        """Each step with its receipt, step by step of all chains in one block."""
        for at in range(max(len(chain.steps) for chain in offered)):
            steps = [chain.steps[at] for chain in offered if at < len(chain.steps)]
            receipts = self.decide(*(step.raw for step in steps))
            yield from zip(steps, receipts, strict=True)


def run(wanted: LoadPlan, market: Market | None = None) -> Sequence[tuple[Step, Receipt]]:
    """A whole small run of a workload, after its setups."""
    market = market or Market()
    now_ms = market.now_ms
    market.prepare(wanted)
    return list(market.offer(list(chains(wanted, keys(), now_ms))))
