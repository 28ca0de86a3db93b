"""What one command works with: how to print, whom to ask, in whose name. Made lazily, part by part.

A command that needs no node and no key imports neither.
"""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from typing_extensions import override

from chain.account import SignatureEntry
from chain.bech32m import decode_account
from chain.codec import encode, encode_checked
from chain.crypto import SIGNATURE_SIZE
from chain.errors import HushangError
from chain.transaction import (
    TRANSACTION_VERSION,
    Operation,
    SignedTransaction,
    Transaction,
    sign_transaction,
)
from node.client import NodeFailed, NotFound, Outcome, OutcomeUnknown
from node.clients.submission import EXPIRED
from node.clock import now_ms
from node.commands.effects import reason_of, show_effects
from node.commands.failures import UsageWrong
from node.commands.field import SENT
from node.commands.options import TIMEOUT_S, Options, Wait
from node.commands.output import abandon_stdout, with_times
from node.commands.sending import Sending, signals_interrupt
from node.commands.signers import KeyMissing, Signer
from node.commands.surroundings import Surroundings
from node.contexts import PREFIX
from node.late_outcome import late_receipt
from node.money_text import format_amount, parse_amount, split_amount
from node.words import CODED, coded, listed, said, words

VALID_FOR_S: Final = 120
LIST_MAX: Final = 10_000
PAGE_SIZE: Final = 100
NONCE_BITS: Final = 64
OK: Final = "ok"


NUMBERS_HINT: Final = "the same command with --dry-run shows the numbers"


class RuleBroken(HushangError):
    """The transaction was decided, and refused by a rule of the ledger; it had no effect."""

    hint = "hushang explain CODE says what helps; what was asked can be sent anew, changed"

    def __init__(self, outcome: Outcome, reason: str | None = None) -> None:
        receipt = outcome.receipt or {}
        rule = receipt.get("rule") or {}
        failed = receipt.get("failed_operation")
        where = f"operation {failed}: " if failed else ""
        super().__init__(f"{where}{rule.get('title') or outcome.status}")
        self.told_code = outcome.status
        # A receipt is agreed on, and has no room for numbers: they are those of a dry run.
        hints = (rule.get("hint"), None if reason else NUMBERS_HINT)
        self.told_hint = "; ".join(filter(None, hints))
        self.details = {
            "reason": reason,
            "id": outcome.id,
            "height": outcome.height,
            "operation": failed,
        }


class Session(Surroundings):
    """One command's surroundings, and its own voice."""

    def __init__(self, options: Options) -> None:
        super().__init__(options)
        self._symbols: dict[str, str | None] = {}
        # What was sent last, until its outcome is told.
        self._untold: Sending | None = None

    @override
    def __exit__(self, *about: object) -> None:
        """What was sent and not told of, whatever ended the command, is told where it lies."""
        if self._untold is not None:
            self._untold.end(about[1], self)
        super().__exit__(*about)

    # In whose name.

    @cached_property
    def signer(self) -> Signer:
        """The key of --key, or of --as in the test network, or the context's."""
        if self.options.key is not None:
            return self.signer_of(str(self.options.key), is_file=True)
        if self.options.speaker is not None:
            return self.signer_of(self.options.speaker)
        if self.named is not None and self.named.key is not None:
            return Signer.of_file(self.named.key)
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
        return Signer.of_file(file)

    def account(self, text: str) -> bytes:
        """An account id from `hs1…`, or from a name in the test network or the context."""
        if text.startswith(PREFIX):
            return decode_account(text)
        if self.testnet is not None:
            return decode_account(self.testnet.account(text).account)
        if self.named is not None:
            return decode_account(self.named.account(text))
        raise UsageWrong(
            f"{text}: give the hs1… id; names are those of a test network or a context"
        )

    def name_of(self, account: str) -> str:
        """An account's `hs1…`, with its name if the test network or the context has one for it."""
        name = self._account_names.get(account)
        return account if name is None else f"{account} ({name})"

    @cached_property
    def _account_names(self) -> Mapping[str, str]:
        if self.testnet is not None:
            return {entry.account: entry.name for entry in reversed(self.testnet.accounts)}
        named = {} if self.named is None else self.named.accounts
        return {account: name for name, account in named.items()}

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
        """`CNY 129.00` of what the API tells: an amount, or several of one asset."""
        if isinstance(amount_minor, list):
            return ", ".join([self.amount_text(amount, symbol) for amount in amount_minor])
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
        """An unsigned transaction, good for `--valid-for` seconds from now.

        `OperationMalformed` or `EncodingInvalid` of what was typed and no transaction can hold.
        """
        valid_for_ms = (valid_for_s or self.options.valid_for_s or VALID_FOR_S) * 1000
        rules = import_module("commerce.registry").Registry()
        for entry in operations:
            rules.decode(entry)
        content = Transaction(
            version=TRANSACTION_VERSION,
            genesis_hash=self.genesis.hash(),
            sender=sender,
            nonce=secrets.randbits(NONCE_BITS),
            valid_until_ms=now_ms() + valid_for_ms,
            operations=tuple(operations),
            memo=memo,
        )
        encode_checked(content)
        return content

    def signed(self, *operations: Operation, also: Sequence[Signer] = ()) -> SignedTransaction:
        """Signed by the signer, every --cosign, and others; what it will cost is told before."""
        types = ",".join(entry.type for entry in operations)
        for fee in self.client.get("/v1/fees", {"types": types})["cost"]:
            self.say("fee: {amount}", amount=self.amount_text(fee["amount_minor"], fee["symbol"]))
        content = self.transaction(operations, self.signer.account)
        return self.sign(content, [*self.signers, *also])

    @cached_property
    def signers(self) -> Sequence[Signer]:
        """The signer and every --cosign."""
        return [self.signer, *map(self.signer_of, self.options.cosign or ())]

    def sign(self, content: Transaction, signers: Iterable[Signer]) -> SignedTransaction:
        """Signed by each once; a dry run only names them, and opens no key."""
        own = {(entry.account, entry.public_key): entry for entry in signers}
        if self.options.dry_run:
            named = [SignatureEntry(*pair, bytes(SIGNATURE_SIZE)) for pair in sorted(own)]
            return SignedTransaction(encode(content), tuple(named))
        return sign_transaction(content, [(e.account, e.key) for e in own.values()])

    def submit(
        self,
        signed: SignedTransaction,
        *,
        brings: Iterable[str] | None,
        file: Path | None = None,
        private: Mapping[str, str] | None = None,
    ) -> Outcome:
        """Hand it in and wait as --wait says; `RuleBroken` if it was decided and refused.

        `brings`: what `report` will be given to print; None where it prints something else.
        Until the command ends or sends the next its bytes are kept: in the `file` they came from or
        a new one. `private`, what only this command knows of it, is told where its outcome stays
        unknown. A dry run ends the command here, with what it would do.
        """
        if self.options.dry_run:
            show_effects(self, signed.content, signed.signatures)
        self.before_sending(brings)
        wait = self.options.wait or Wait.DECIDED
        timeout_s = TIMEOUT_S if self.options.timeout_s is None else self.options.timeout_s
        if wait is Wait.NONE:
            timeout_s = 0.0
        decided = wait is Wait.DECIDED
        self._opened.enter_context(signals_interrupt())
        sending = self._follow(Sending(signed, file, private or {}, self.options))
        try:
            outcome = self.submitter.submit(encode(signed), decided=decided, timeout_s=timeout_s)
        except (OutcomeUnknown, NodeFailed) as error:
            sending.tell_unkept(self)
            self._untold = None
            raise sending.unknown(str(error)) from error
        except HushangError as error:
            late = self._late(signed, sending) if _told_code(error) == EXPIRED else None
            if late is None:
                raise  # It never came in, or no block will have it.
            outcome = late
        if outcome.is_decided and outcome.status != OK:
            raise RuleBroken(outcome, reason_of(self, signed, outcome.status or ""))
        return outcome

    def _follow(self, sending: Sending) -> Sending:
        """Until the next one, or the command's end; what became of the one before is told."""
        before, self._untold = self._untold, sending
        if before is not None:
            before.forget()
        return sending

    def before_sending(self, brings: Iterable[str] | None) -> None:
        """`FieldUnknown`, if --field names what such a transaction doesn't bring."""
        self.printer.before(None if brings is None else {**SENT, **dict.fromkeys(brings)})

    def _late(self, signed: SignedTransaction, sending: Sending) -> Outcome | None:
        """The outcome of what the door refuses because its time is over; None if it has none."""
        try:
            receipt = late_receipt(self.client, sending.id, signed)
        except OutcomeUnknown as error:
            self._untold = None
            raise sending.unknown(str(error)) from error
        return None if receipt is None else Outcome(sending.id, receipt)

    def send(self, *operations: Operation, found: Mapping[str, str] | None = None) -> Outcome:
        """Sign, submit, and print what came of it.

        `found` maps names of the printed record to `event.field` of what happened.
        """
        brings = tuple(found or ())
        if not self.options.dry_run:
            # Also before it is signed.
            self.before_sending(brings)
        outcome = self.submit(self.signed(*operations), brings=brings)
        ids = {}
        for name, place in (found or {}).items() if outcome.is_decided else ():
            event, _, field = place.rpartition(".")
            ids[name] = outcome.event(event)[field]
        self.report(outcome, ids)
        return outcome

    def report(self, outcome: Outcome, ids: Mapping[str, Any]) -> None:
        """Print an outcome, with what it brought."""
        record: dict[str, Any] = {"id": outcome.id, "state": _state(outcome), **ids}
        told = {"transaction": outcome.id, "state": _state(outcome), **self.readable(ids)}
        if outcome.receipt is not None:
            receipt = dict(outcome.receipt)
            told = {"transaction": outcome.id, **self.readable(ids), "height": receipt["height"]}
            told |= {"what happened": listed(coded(event["type"]) for event in outcome.events)}
            record |= receipt
        try:
            self.printer.record(record, told)
        except BrokenPipeError:
            raise
        except OSError as error:
            # A full disk. The transaction is sent: whoever takes an error for none sends it again.
            abandon_stdout()
            self.say("stdout can't be written: {strerror}", strerror=error.strerror)
            self.say("{name}: {value}", name=words().heading("id"), value=outcome.id)

    def show(self, path: str) -> None:
        """Print what a node tells of one thing."""
        told = self.client.get(path)
        self.printer.record(told, self.readable(told))

    def show_list(self, records: Sequence[Mapping[str, Any]]) -> None:
        """Print a list of things."""
        self.printer.records(records, [self.readable(record) for record in records])

    def pages(
        self,
        path: str,
        name: str,
        query: Mapping[str, object] | None = None,
        *,
        count_max: int = LIST_MAX,
    ) -> Sequence[Mapping[str, Any]]:
        """Everything of a paged list, up to a limit."""
        found: list[Mapping[str, Any]] = []
        cursor = None
        while len(found) < count_max:
            page = self.client.get(path, {**(query or {}), "cursor": cursor, "limit": PAGE_SIZE})
            found += page[name]
            cursor = page.get("next")
            if cursor is None:
                return found
        self.say("the first {count} of more", count=len(found))
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
                if name in CODED and isinstance(value, str):
                    shown[name] = coded(value)
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
    return said("decided") if outcome.is_decided else said("pending")


def _told_code(error: HushangError) -> str:
    return str(getattr(error, "told_code", ""))
