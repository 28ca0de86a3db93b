"""Random banking against the independent model: same refusals, same money, no fen lost."""

from collections.abc import Callable, Sequence

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from typing_extensions import override

from chain.block import OK
from chain.deadlines import DEADLINES
from commerce.assets import AssetIssue, AssetRedeem
from commerce.banking.bank_deposits import AssetDepositRequest, AssetDepositSettle
from commerce.banking.fees import POOLS, Fee, FeeSchedule
from commerce.banking.freezes import AssetClawback, AssetFreeze, AssetUnfreeze
from commerce.banking.prepaid import PrepaidClose, PrepaidConsume, PrepaidOpen, PrepaidRefund
from commerce.banking.requests import AssetRequestCancel
from commerce.banking.withdrawals import AssetWithdrawRequest, AssetWithdrawSettle
from commerce.money import asset_part, balance_of, load_asset
from commerce.payments import PayTransfer
from tests.commerce.banking.bank_model import (
    CARD_MS,
    DAY_MS,
    FREEZE_MS,
    REQUEST_MS,
    Bank,
    Books,
)
from tests.commerce.world import GENESIS_MS, QUORUM, World, account

PARTIES = ("buyer", "friend", "merchant")
FEES = {"asset.redeem": 2, "asset.withdraw.request": 1, "pay.transfer": 1, "prepaid.consume": 3}
FEES_FROM_MS = GENESIS_MS + 7 * DAY_MS
HASH = bytes(32)
parties = st.sampled_from(PARTIES)
consumers = st.sampled_from(PARTIES[:2])
amounts = st.sampled_from([1, 2, 7, 50, 100, 101])
# The newest is 0.
picks = st.integers(0, 3)
waits_ms = st.sampled_from([1, DAY_MS - 1, DAY_MS, 3 * DAY_MS, 8 * DAY_MS, 31 * DAY_MS])


class BankMachine(RuleBasedStateMachine):
    """Every rule makes one attempt on the chain and in the model; both agree on all of it."""

    @initialize()
    def found(self) -> None:
        self.world = World()
        drift_ms = self.world.genesis.consensus.clock_drift_max_ms
        self.bank = Bank(self.world.time_ms, drift_ms, FEES, FEES_FROM_MS)
        fees = tuple(Fee(name, "CNY", minor) for name, minor in sorted(FEES.items()))
        schedule = FeeSchedule(fees, FEES_FROM_MS)
        self.world.done("m0", ("fee.schedule", schedule), with_=QUORUM)
        # What was made, by the number that the model knows it by.
        self.ids: list[bytes] = []
        self.references = 0
        for name in PARTIES:
            self.issue(name, 101)

    def both(
        self, sender: str, name: str, payload: object, act: Callable[[Books], bool], *with_: str
    ) -> bool:
        """One attempt in both worlds."""
        receipt = self.world.send(sender, (name, payload), with_=with_)
        allowed = self.bank.attempt(sender, name, act)
        assert (receipt.status == OK) == allowed, receipt
        if allowed and name.endswith((".request", ".open")):
            data = receipt.events[0].data
            self.ids.append(data.get("request_id") or data["card_id"])
        return allowed

    def picked(self, among: Sequence[int], pick: int) -> tuple[int, bytes]:
        """The number and id of one of these, or of what nobody ever made."""
        if pick >= len(among):
            return -1, HASH
        number = sorted(among)[-1 - pick]
        return number, self.ids[number]

    def reference(self) -> str:
        self.references += 1
        return f"bank {self.references}"

    @rule(to=parties, minor=amounts)
    def issue(self, to: str, minor: int) -> None:
        payload = AssetIssue("CNY", account(to), minor, self.reference())
        self.both("issuer", "asset.issue", payload, self.bank.issue(to, minor))

    @rule(payer=parties, to=parties, minor=amounts)
    def transfer(self, payer: str, to: str, minor: int) -> None:
        payload = PayTransfer(account(to), "CNY", minor, None)
        self.both(payer, "pay.transfer", payload, self.bank.pay(payer, to, minor))

    @rule(holder=parties, minor=amounts)
    def redeem(self, holder: str, minor: int) -> None:
        payload = AssetRedeem("CNY", minor, self.reference())
        self.both(holder, "asset.redeem", payload, self.bank.redeem(holder, minor), "issuer")

    @rule(holder=parties, minor=amounts)
    def ask_in(self, holder: str, minor: int) -> None:
        payload = AssetDepositRequest("CNY", minor, "bank", HASH, REQUEST_MS)
        act = self.bank.ask_in(len(self.ids), holder, minor)
        self.both(holder, "asset.deposit.request", payload, act)

    @rule(pick=picks)
    def settle_in(self, pick: int) -> None:
        number, request_id = self.picked(list(self.bank.books.incoming), pick)
        payload = AssetDepositSettle(request_id, self.reference())
        self.both("issuer", "asset.deposit.settle", payload, self.bank.settle_in(number))

    @rule(holder=parties, minor=amounts)
    def ask_out(self, holder: str, minor: int) -> None:
        payload = AssetWithdrawRequest("CNY", minor, "ecny", HASH, REQUEST_MS)
        act = self.bank.ask_out(len(self.ids), holder, minor)
        self.both(holder, "asset.withdraw.request", payload, act)

    @rule(pick=picks)
    def settle_out(self, pick: int) -> None:
        number, request_id = self.picked(list(self.bank.books.outgoing), pick)
        payload = AssetWithdrawSettle(request_id, self.reference())
        self.both("issuer", "asset.withdraw.settle", payload, self.bank.settle_out(number))

    @rule(pick=picks, by=st.sampled_from((*PARTIES, "issuer")), out=st.booleans())
    def cancel(self, pick: int, by: str, out: bool) -> None:  # noqa: FBT001 (hypothesis names it)
        books = self.bank.books
        number, request_id = self.picked(list(books.outgoing if out else books.incoming), pick)
        name = "asset.withdraw.cancel" if out else "asset.deposit.cancel"
        payload = AssetRequestCancel(request_id, "")
        self.both(by, name, payload, self.bank.cancel(number, by))

    @rule(party=parties, minor=amounts)
    def freeze(self, party: str, minor: int) -> None:
        number = len(self.ids)
        self.ids.append(account(party))
        payload = AssetFreeze(account(party), "CNY", minor, _document(number), FREEZE_MS, None)
        act = self.bank.freeze(number, party, minor)
        self.both("regulator", "asset.freeze", payload, act, "issuer")

    @rule(pick=picks, minor=amounts)
    def renew(self, pick: int, minor: int) -> None:
        old, party = self.picked(list(self.bank.books.orders), pick)
        number = len(self.ids)
        self.ids.append(party)
        payload = AssetFreeze(party, "CNY", minor, _document(number), FREEZE_MS, _document(old))
        act = self.bank.renew(old, number, minor)
        self.both("regulator", "asset.freeze", payload, act, "issuer")

    @rule(pick=picks, minor=amounts)
    def lift(self, pick: int, minor: int) -> None:
        number, party = self.picked(list(self.bank.books.orders), pick)
        payload = AssetUnfreeze(party, "CNY", minor, _document(number), HASH)
        self.both("regulator", "asset.unfreeze", payload, self.bank.lift(number, minor), "issuer")

    @rule(pick=picks, to=parties, minor=amounts)
    def claw(self, pick: int, to: str, minor: int) -> None:
        number, party = self.picked(list(self.bank.books.orders), pick)
        payload = AssetClawback(party, "CNY", minor, _document(number), account(to), HASH)
        act = self.bank.claw(number, to, minor)
        self.both("regulator", "asset.clawback", payload, act, "issuer")

    @rule(consumer=consumers, minor=amounts, bonus=st.sampled_from([0, 1, 25]))
    def open(self, consumer: str, minor: int, bonus: int) -> None:
        payload = PrepaidOpen(account("merchant"), "CNY", minor, minor + bonus, HASH, CARD_MS)
        act = self.bank.open(len(self.ids), consumer, minor, bonus)
        self.both(consumer, "prepaid.open", payload, act)

    @rule(pick=picks, minor=amounts)
    def consume(self, pick: int, minor: int) -> None:
        number, card_id = self.picked(list(self.bank.books.cards), pick)
        payload = PrepaidConsume(card_id, minor, None)
        act = self.bank.consume(number, minor)
        self.both("merchant", "prepaid.consume", payload, act, *PARTIES[:2])

    @rule(pick=picks, by=parties)
    def refund(self, pick: int, by: str) -> None:
        number, card_id = self.picked(list(self.bank.books.cards), pick)
        self.both(by, "prepaid.refund", PrepaidRefund(card_id), self.bank.refund(number, by))

    @rule(pick=picks)
    def close(self, pick: int) -> None:
        number, card_id = self.picked(list(self.bank.books.cards), pick)
        self.both("merchant", "prepaid.close", PrepaidClose(card_id, 0), self.bank.close(number))

    @rule(duration_ms=waits_ms)
    def wait(self, duration_ms: int) -> None:
        assert all(receipt.status == OK for receipt in self.world.wait(duration_ms))
        self.bank.wait(duration_ms)

    @invariant()
    def agree(self) -> None:
        books = self.bank.books
        for party in PARTIES:
            found = balance_of(self.world.state, account(party), "CNY")
            assert found.available_minor == books.available(party)
            assert found.available_minor + found.frozen_minor == books.has.get(party, 0)
            demanded = found.frozen_minor + found.to_freeze_minor
            assert demanded == books.ordered(party)
        asset = load_asset(self.world.state, "CNY")
        assert asset.issued_minor - asset.redeemed_minor == books.supply == books.kept()
        pool = POOLS.load(self.world.state, asset_part("CNY"))
        assert (0 if pool is None else pool.amount_minor) == books.pool

    @override
    def teardown(self) -> None:
        """With everybody silent everything ends, and the money is where the books say."""
        self.wait(31 * DAY_MS)
        self.agree()
        assert list(DEADLINES.items(self.world.state)) == []
        assert not self.bank.books.cards
        assert not self.bank.books.outgoing


def _document(number: int) -> bytes:
    return (number + 1).to_bytes(32, "big")


TestBank = BankMachine.TestCase
TestBank.settings = settings(
    max_examples=25,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
