"""What one command works with: how to print, whom to ask, in whose name. Made lazily, part by part.

A command that needs no node and no key imports neither.
"""

import secrets
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from chain.account import single_key_policy
from chain.bech32m import decode_account, encode_account
from chain.codec import decode, encode
from chain.crypto import PrivateKey
from chain.errors import HushangError
from chain.genesis import Genesis
from chain.transaction import (
    TRANSACTION_VERSION,
    Operation,
    SignedTransaction,
    Transaction,
    sign_transaction,
)
from node import keystore, testnet_layout
from node.client import NodeClient, NodeFailed, NotFound, Outcome, OutcomeUnknown
from node.clock import now_ms
from node.commands.options import TIMEOUT_S, Options, Output, Wait
from node.commands.output import Printer, with_times
from node.config import NodeConfig
from node.money_text import format_amount, parse_amount, split_amount
from node.testnet_layout import LocalNetwork
from node.transaction_file import TransactionFile, keep

VALID_FOR_S: Final = 120
LIST_MAX: Final = 10_000
PAGE_SIZE: Final = 100
NONCE_BITS: Final = 64
OK: Final = "ok"


class KeyMissing(HushangError):
    """The command signs something, and nothing says with which key."""

    hint = "--key FILE, or --as ROLE with a test network"


class RuleBroken(HushangError):
    """The transaction was decided, and refused by a rule of the ledger; it had no effect."""

    def __init__(self, outcome: Outcome) -> None:
        receipt = outcome.receipt or {}
        rule = receipt.get("rule") or {}
        failed = receipt.get("failed_operation")
        where = f"operation {failed}: " if failed else ""
        super().__init__(f"{where}{rule.get('title') or outcome.status}")
        self.told_code = outcome.status
        self.told_hint = str(rule.get("hint") or "")
        self.details = {"id": outcome.id, "height": outcome.height, "operation": failed}


@dataclass(frozen=True, slots=True)
class Signer:
    """A key, the account that it speaks for, and the file that it came from."""

    account: bytes
    key: PrivateKey
    file: Path | None = None


class Session:
    """One command's surroundings."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self._symbols: dict[str, str | None] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Nothing is held open between the requests of one command."""

    @cached_property
    def printer(self) -> Printer:
        """Where the data goes."""
        return Printer(self.options.output or Output.TABLE)

    def say(self, words: str) -> None:
        """Words for a person, on stderr."""
        self.printer.say(words)

    # Whom to ask.

    @cached_property
    def testnet(self) -> LocalNetwork | None:
        """The test network that the command means, if there is one."""
        return testnet_layout.find(self.options.context)

    @cached_property
    def client(self) -> NodeClient:
        """The nodes to ask: --node, else those of the test network, else this machine's."""
        return NodeClient(self._urls())

    def _urls(self) -> Sequence[str]:
        named = self.options.node
        if named is not None and "://" in named:
            return [named]
        if named is not None:
            return [self.require_testnet().node(named).api]
        if self.testnet is not None:
            return [node.api for node in self.testnet.nodes]
        return [f"http://127.0.0.1:{NodeConfig.model_fields['api_port'].default}"]

    def require_testnet(self) -> LocalNetwork:
        """The test network, or `NetworkMissing`."""
        if self.testnet is None:
            return testnet_layout.load(testnet_layout.directory_of(self.options.context))
        return self.testnet

    @cached_property
    def genesis(self) -> Genesis:
        """What the asked chain started from; its hash is what transactions name."""
        told = self.client.get("/v1/genesis")
        genesis = decode(Genesis, bytes.fromhex(told["raw"]))
        if genesis.hash().hex() != told["hash"]:
            raise NodeFailed("the node's genesis does not have the hash that it tells")
        return genesis

    # In whose name.

    @cached_property
    def signer(self) -> Signer:
        """The key of --key, or of --as in the test network."""
        if self.options.key is not None:
            return self.signer_of(str(self.options.key), is_file=True)
        if self.options.speaker is not None:
            return self.signer_of(self.options.speaker)
        raise KeyMissing("this needs a signature")

    def signer_of(self, named: str, *, is_file: bool = False) -> Signer:
        """The signer of a name in the test network, or of a key file."""
        file = Path(named)
        if self.testnet is not None and "/" not in named:
            known = [entry for entry in self.testnet.accounts if entry.name == named]
            if known:
                file = self.testnet.key_file(known[0])
            elif not is_file and not file.exists():
                # `AccountUnnamed`, with all names that there are.
                self.testnet.account(named)
        described = keystore.show_key(file)
        key = keystore.load_key(file, keystore.find_passphrase)
        return Signer(described.account, key, file)

    def account(self, text: str) -> bytes:
        """An account id from `hs1…`, or from a name in the test network."""
        if self.testnet is not None and not text.startswith("hs1"):
            return decode_account(self.testnet.account(text).account)
        return decode_account(text)

    def name_of(self, account: str) -> str:
        """An account's `hs1…`, with its name if the test network has one for it."""
        accounts = () if self.testnet is None else self.testnet.accounts
        names = [entry.name for entry in accounts if entry.account == account]
        return f"{account} ({names[0]})" if names else account

    def own_account(self, text: str | None) -> bytes:
        """The account named, or that of the signer."""
        return self.signer.account if text is None else self.account(text)

    # Money.

    def decimals(self, symbol: str) -> int:
        """How many decimals an asset has."""
        founded = {asset.symbol: asset.decimals for asset in self.genesis.assets}
        if symbol in founded:
            return founded[symbol]
        return int(self.client.get(f"/v1/assets/{symbol}")["decimals"])

    def money(self, text: str) -> tuple[str, int]:
        """(symbol, minor units) of `CNY 129.00`; without a symbol it is the chain's only asset."""
        assets = self.genesis.assets
        only = assets[0].symbol if len(assets) == 1 else None
        symbol = split_amount(text, only)[0]
        money = parse_amount(text, self.decimals(symbol), only)
        return money.symbol, money.amount_minor

    def amount_text(self, amount_minor: object, symbol: str) -> str:
        """`CNY 129.00` of what the API tells."""
        return format_amount(int(str(amount_minor)), self.decimals(symbol), symbol)

    # Sending.

    def transaction(
        self,
        operations: Sequence[Operation],
        sender: bytes,
        *,
        valid_for_s: int | None = None,
        memo: str | None = None,
    ) -> Transaction:
        """An unsigned transaction, good for `--valid-for` seconds from now."""
        valid_for_ms = (valid_for_s or self.options.valid_for_s or VALID_FOR_S) * 1000
        return Transaction(
            version=TRANSACTION_VERSION,
            genesis_hash=self.genesis.hash(),
            sender=sender,
            nonce=secrets.randbits(NONCE_BITS),
            valid_until_ms=now_ms() + valid_for_ms,
            operations=tuple(operations),
            memo=memo,
        )

    def signed(self, *operations: Operation, also: Sequence[Signer] = ()) -> SignedTransaction:
        """Signed by the signer, every --cosign, and others; what it will cost is told before."""
        types = ",".join(entry.type for entry in operations)
        for fee in self.client.get("/v1/fees", {"types": types})["cost"]:
            self.say(f"fee: {self.amount_text(fee['amount_minor'], fee['symbol'])}")
        named = [self.signer_of(name) for name in self.options.cosign or ()]
        signers = [self.signer, *named, *also]
        pairs = {(entry.account, entry.key.public_key): entry for entry in signers}
        content = self.transaction(operations, self.signer.account)
        return sign_transaction(content, [(e.account, e.key) for e in pairs.values()])

    def submit(
        self,
        signed: SignedTransaction,
        *,
        file: Path | None = None,
        private: Mapping[str, str] | None = None,
    ) -> Outcome:
        """Hand it in and wait as --wait says; `RuleBroken` if it was decided and refused.

        Where the outcome stays unknown, the same command again would be a second transaction: so
        its bytes are kept, in the `file` they came from or a new one, and `private`, what only this
        command knows of it, is told.
        """
        wait = self.options.wait or Wait.DECIDED
        timeout_s = TIMEOUT_S if self.options.timeout_s is None else self.options.timeout_s
        if wait is Wait.NONE:
            timeout_s = 0.0
        decided = wait is Wait.DECIDED
        try:
            outcome = self.client.submit(encode(signed), decided=decided, timeout_s=timeout_s)
        except (OutcomeUnknown, NodeFailed) as error:
            raise self._kept(signed, str(error), file, private or {}) from error
        except KeyboardInterrupt:
            unknown = self._kept(signed, "interrupted", file, private or {})
            for name, value in unknown.details.items():
                self.say(f"{name}: {value}")
            self.say(unknown.told_hint)
            raise
        if outcome.is_decided and outcome.status != OK:
            raise RuleBroken(outcome)
        return outcome

    def _kept(
        self,
        signed: SignedTransaction,
        words: str,
        file: Path | None,
        private: Mapping[str, str],
    ) -> OutcomeUnknown:
        """The bytes kept in a file, and the error that says how to go on with it."""
        own = TransactionFile(signed.content, signed.signatures)
        error = OutcomeUnknown(words, own.id)
        try:
            place = str(file or keep(own, Path.cwd()))
        except OSError as failure:
            self.say(f"the transaction could not be kept: {failure.strerror}")
            error.details |= private
            return error
        error.details |= {"file": place, **private}
        where = "".join(
            f" {flag} {shlex.quote(value)}"
            for flag, value in (("--context", self.options.context), ("--node", self.options.node))
            if value is not None
        )
        again = f"hushang tx submit {shlex.quote(place)}{where}"
        error.told_hint = (
            f"{again} is safe to repeat; the same command would be a second transaction"
        )
        return error

    def send(self, *operations: Operation, found: Mapping[str, str] | None = None) -> Outcome:
        """Sign, submit, and print what came of it.

        `found` maps names of the printed record to `event.field` of what happened.
        """
        outcome = self.submit(self.signed(*operations))
        ids = {}
        for name, place in (found or {}).items() if outcome.is_decided else ():
            event, _, field = place.rpartition(".")
            ids[name] = outcome.event(event)[field]
        self.report(outcome, ids)
        return outcome

    def report(self, outcome: Outcome, ids: Mapping[str, Any]) -> None:
        """Print an outcome, with what it brought."""
        record: dict[str, Any] = {"id": outcome.id, "state": _state(outcome), **ids}
        if outcome.receipt is None:
            self.printer.record(record)
            return
        receipt = dict(outcome.receipt)
        shown = {"transaction": outcome.id, **self.readable(ids), "height": receipt["height"]}
        shown |= {"what happened": ", ".join(event["type"] for event in outcome.events)}
        self.printer.record(record | receipt, shown)

    # Showing.

    def show(self, path: str) -> None:
        """Print what a node tells of one thing."""
        told = self.client.get(path)
        self.printer.record(told, self.readable(told))

    def show_list(self, records: Sequence[Mapping[str, Any]]) -> None:
        """Print a list of things."""
        self.printer.records(records, [self.readable(record) for record in records])

    def pages(
        self, path: str, name: str, query: Mapping[str, object] | None = None
    ) -> Sequence[Mapping[str, Any]]:
        """Everything of a paged list, up to a limit."""
        found: list[Mapping[str, Any]] = []
        cursor = None
        while len(found) < LIST_MAX:
            page = self.client.get(path, {**(query or {}), "cursor": cursor, "limit": PAGE_SIZE})
            found += page[name]
            cursor = page.get("next")
            if cursor is None:
                return found
        self.say(f"the first {len(found)} of more")
        return found

    def readable(self, record: Mapping[str, Any], symbol: str | None = None) -> dict[str, Any]:
        """For people: amounts with their asset (an outer record's, if need be), times as clocks."""
        own = record.get("symbol")
        symbol = own if isinstance(own, str) else symbol
        if symbol is None and _has_amount(record):
            symbol = self._looked_up_symbol(record)
        shown: dict[str, Any] = {}
        for name, value in with_times(record).items():
            if name.endswith("_minor") and symbol is not None and value is not None:
                shown[name.removesuffix("_minor")] = self.amount_text(value, symbol)
            else:
                shown[name] = self._readable_value(value, symbol)
        return shown

    def _looked_up_symbol(self, record: Mapping[str, Any]) -> str | None:
        """The asset of the order or listing that a record names instead of its asset."""
        for name, path in (("order_id", "/v1/orders/"), ("listing_id", "/v1/listings/")):
            named = record.get(name)
            if not isinstance(named, str):
                continue
            if named not in self._symbols:
                try:
                    self._symbols[named] = str(self.client.get(path + named)["symbol"])
                except NotFound:
                    self._symbols[named] = None
            return self._symbols[named]
        return None

    def _readable_value(self, value: Any, symbol: str | None) -> Any:
        if isinstance(value, dict):
            return self.readable(value, symbol)
        if isinstance(value, list):
            return [self._readable_value(entry, symbol) for entry in value]
        return value


def _has_amount(value: Any) -> bool:
    """Is there an amount in it or in its parts?"""
    if isinstance(value, dict):
        return any(name.endswith("_minor") or _has_amount(entry) for name, entry in value.items())
    return isinstance(value, list) and any(map(_has_amount, value))


def _state(outcome: Outcome) -> str:
    return "decided" if outcome.is_decided else "pending"


def account_of_key(public_key: bytes) -> str:
    """The `hs1…` id of the account that a policy of this key alone opens."""
    return encode_account(single_key_policy(public_key).account_id())
