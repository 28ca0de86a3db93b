"""Chain and books side by side: a block at a time, and what each says of everything after it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from chain.block import OK, Receipt
from commerce.audit import full_check
from tests.commerce.double_entry.chainside import ChainSide, name_parts
from tests.commerce.double_entry.chooser import Chooser
from tests.commerce.double_entry.clocks import clocks, run_clocks, run_overdue
from tests.commerce.double_entry.goods import Trade
from tests.commerce.double_entry.ledger import Refused
from tests.commerce.double_entry.operations import OPERATIONS
from tests.commerce.double_entry.requests import AFTER_SALE
from tests.commerce.double_entry.steps import Block, Step

SCALES = (1, 1_000, 86_400)
CLOCKS_EVERY = 4
FULL_CHECK_EVERY = 100
# A market of so many operations is closed, and another one opened.
MARKET_OPERATIONS = 2_500
LIFE_DAYS = 400
DECISIONS = {**OPERATIONS, **AFTER_SALE}


class Disagreement(AssertionError):
    """Chain and books differ."""


@dataclass(slots=True)
class Tally:
    """What was asked for how often, by type and answer, and (state, trigger) that were taken."""

    asked: Counter[tuple[str, bool]] = field(default_factory=Counter)
    taken: Counter[tuple[str, str]] = field(default_factory=Counter)
    blocks: int = 0

    @property
    def operations(self) -> int:
        """All that was asked."""
        return self.asked.total()

    def add(self, other: "Tally") -> None:
        """Count together."""
        self.asked += other.asked
        self.taken += other.taken
        self.blocks += other.blocks


class Play:
    """One market from its opening on."""

    def __init__(self, scale: int, clocks_every: int = CLOCKS_EVERY) -> None:
        self.clocks_every = clocks_every
        self.chain = ChainSide(scale)
        self.market = self.chain.books()
        self.tally = Tally()

    def block(self, block: Block) -> None:
        """Play a block on both sides, and compare."""
        receipts = self.chain.execute(block.wait_ms, block.steps)
        for step, receipt in zip(block.steps, receipts, strict=True):
            if receipt.status == OK:
                self.chain.learn(step, receipt)
        market = self.market
        market.now_ms, market.swept = self.chain.world.time_ms, False
        touched: dict[int, Trade] = {}
        pairs = list(zip(block.steps, receipts, strict=True))
        for step, receipt in pairs:
            if step.rank == 0:
                self._decide(step, receipt, touched)
        self.tally.taken.update(run_clocks(market))
        for step, receipt in pairs:
            if step.rank:
                self._decide(step, receipt, touched)
        self.tally.blocks += 1
        self._compare(touched)

    def _decide(self, step: Step, receipt: Receipt, touched: dict[int, Trade]) -> None:
        market, trade = self.market, self.market.trades.get(step.trade)
        if trade is not None and step.type in DECISIONS:
            is_case = step.type in AFTER_SALE and step.type != "refund.request"
            is_case = is_case and not (step.type == "dispute.open" and step.data[0])
            acted = run_overdue(market, trade, step.number, is_case=is_case)
            self.tally.taken.update(acted)
        sources = self._sources(step, trade)
        try:
            DECISIONS[step.type](market, step)
        except Refused as refused:
            if receipt.status == OK:
                msg = f"the chain accepts what the books refuse ({refused}): {step}"
                raise Disagreement(msg) from refused
            self.tally.asked[step.type, False] += 1
            return
        if receipt.status != OK:
            msg = f"the chain refuses what the books accept: {step}: {receipt}"
            raise Disagreement(msg)
        self.tally.asked[step.type, True] += 1
        self.tally.taken.update((source, step.type) for source in sources)
        if step.type == "recall.open":
            market.recalls[step.data[0]].id = self.chain.ids.recalls[step.data[0]]
        elif step.type == "asset.withdraw.request":
            market.withdrawals[step.trade].id = self.chain.ids.withdrawals[step.trade]
        elif step.trade in market.trades:
            known = market.trades[step.trade]
            touched[known.label] = market.active[known.label] = known
            name_parts(known, self.chain.ids.orders[known.label])

    def _sources(self, step: Step, trade: Trade | None) -> list[str]:
        """The states of what a step is about."""
        if trade is None:
            return []
        number = step.number
        if step.type == "refund.request" or (step.type == "dispute.open" and step.data[0]):
            if number is None:
                index = step.data[1][0][0]
                return [trade.lines[index].state] if index < len(trade.lines) else []
            if number >= len(trade.parcels):
                return []
            parcel = trade.parcels[number]
            return [parcel.state if trade.inside(parcel, "parcel") else "released"]
        if step.type in AFTER_SALE:
            known = number is not None and number < len(trade.cases)
            return [trade.cases[number or 0].state] if known else []
        if number is not None:
            return [trade.parcels[number].state] if number < len(trade.parcels) else []
        return sorted({line.state for line in trade.lines if line.waiting()})

    def _compare(self, touched: dict[int, Trade]) -> None:
        chain, market = self.chain, self.market
        by_id = {trade.id: trade for trade in market.active.values()}
        for order_id in chain.changed_orders():
            trade = by_id.get(order_id)
            if trade is not None:
                touched[trade.label] = trade
        for trade in market.active.values():
            name_parts(trade, trade.id)
        try:
            for trade in touched.values():
                chain.check_trade(market, trade)
            chain.check_parties(market)
            if self.tally.blocks % self.clocks_every == 0:
                chain.check_clocks({clock[:2] for clock in clocks(market)})
        except AssertionError as wrong:
            raise Disagreement(str(wrong)) from wrong
        if self.tally.blocks % FULL_CHECK_EVERY == 0:
            full_check(chain.world.state)
        self.tally.taken.update({(s, "recall.open"): n for s, n in market.stopped.items()})
        market.stopped.clear()

    def silence(self) -> None:
        """Nobody acts any more: everything ends, nothing is left in between, no fen is lost."""
        for gtin in list(self.market.recalls):
            self.block(Block(1, (Step("recall.close", "regulator", data=(gtin,)),)))
        for _ in range(2):
            self.block(Block(self.market.days(LIFE_DAYS), ()))
        self.chain.check_clocks(set())
        for trade in self.market.trades.values():
            self.chain.check_trade(self.market, trade)
            assert not any(unit.held for unit in trade.units)
            assert not trade.reserved
        accounts = self.market.ledger.accounts
        assert sum(accounts.values()) == 0
        between = [
            name
            for name, amount in accounts.items()
            if amount and isinstance(name, tuple) and name[0] != "deposit"
        ]
        assert not between
        full_check(self.chain.world.state)


def scale_of(seed: str) -> int:
    """How fast the clocks of a market run."""
    return SCALES[sum(seed.encode()) % len(SCALES)]


def history(seed: str, count: int) -> tuple[Play, list[Block], Disagreement | None]:
    """Play a market of so many operations; what was played, and where it went wrong."""
    play = Play(scale_of(seed))
    chooser = Chooser(play.market, seed)
    blocks: list[Block] = []
    try:
        while play.tally.operations < count:
            blocks.append(chooser.block())
            play.block(blocks[-1])
        play.silence()
    except Disagreement as wrong:
        return play, blocks, wrong
    return play, blocks, None


def still_wrong(scale: int, blocks: Sequence[Block]) -> Disagreement | None:
    """Do these blocks make chain and books differ?"""
    play = Play(scale, clocks_every=1)
    try:
        for block in blocks:
            play.block(block)
    except Disagreement as wrong:
        return wrong
    return None


def shrunk(scale: int, blocks: Sequence[Block], attempts: int = 400) -> list[Block]:
    """Fewer blocks that still make them differ: leave out ever smaller pieces, then operations."""
    left: list[Block] = list(blocks)
    size = max(1, len(left) // 2)
    while attempts > 0:
        start, before = 0, len(left)
        while start < len(left) and attempts > 0:
            without = _without(left, start, size)
            attempts -= 1
            if still_wrong(scale, without) is not None:
                left = without
            else:
                start += size
        if size == 1 and len(left) == before:
            break
        size = max(1, size // 2)
    for index in range(len(left)):
        _drop_steps(scale, left, index)
    return left


def _without(blocks: Sequence[Block], start: int, size: int) -> list[Block]:
    """Leave out some blocks; their time passes all the same."""
    gone, rest = blocks[start : start + size], list(blocks[start + size :])
    waited_ms = sum(block.wait_ms for block in gone)
    if rest:
        rest[0] = Block(rest[0].wait_ms + waited_ms, rest[0].steps)
    return [*blocks[:start], *rest]


def _drop_steps(scale: int, blocks: list[Block], index: int) -> None:
    """Leave out operations of one block, in place."""
    for position in range(len(blocks[index].steps) - 1, -1, -1):
        known = blocks[index]
        steps = known.steps[:position] + known.steps[position + 1 :]
        blocks[index] = Block(known.wait_ms, steps)
        if still_wrong(scale, blocks) is None:
            blocks[index] = known


def render(block: Block) -> str:
    """A block in one line."""
    return f"    {block!r},"
