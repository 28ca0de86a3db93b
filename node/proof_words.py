"""What a verified proof says: as JSON, and in plain words."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any, Final, TypeAlias

from chain.bech32m import encode_account
from chain.bundle_facts import CertifiedHeader, ReceiptFact, StateFact, TransactionFact, Verified
from chain.genesis import Genesis
from node.money_text import format_amount, format_time
from node.proven_events import captured_event
from node.rendering import Json, render, render_fields
from node.state_rows import Row, read_row
from node.trade_words import UNITS
from node.words import CODED, coded, listed, said, spoken, words

Money: TypeAlias = tuple[str, int] | None
_OK: Final = "ok"
# Of headings: an order's `shipped` is a count, in other tables it is a time.
SENSE: Final = "proof"
# Larger numbers of ms are times, smaller ones durations: such times began in 2001.
_MOMENTS_FROM_MS: Final = 1_000_000_000_000
_UNITS: Final[tuple[tuple[int, Callable[[int], str]], ...]] = (
    *UNITS,
    (1, lambda count: said("{count} ms", count=count)),
)


@dataclass(frozen=True, slots=True)
class Telling:
    """A verified proof, the chain that it is about, and when that was told."""

    verified: Verified
    genesis: Genesis
    now_ms: int
    max_age_ms: int | None

    def as_json(self) -> dict[str, Any]:
        """Everything that holds; its keys are stable."""
        made = self.verified
        trusted = made.trusted
        return {
            "holds": True,
            "chain_id": self.genesis.chain_id,
            "genesis_hash": made.genesis_hash.hex(),
            "trusted": None if trusted is None else render_fields(trusted),
            "epoch": made.epoch,
            "headers": [self._header(entry) for entry in made.headers],
            "states": [_state(fact, made) for fact in made.states],
            "transactions": [_transaction(fact) for fact in made.transactions],
            "receipts": [_receipt(fact) for fact in made.receipts],
            "age": {
                "header_time_ms": made.newest.time_ms,
                "as_of_ms": made.as_of_ms,
                "vouched": [
                    {"member": entry.member.name, "time_ms": entry.time_ms}
                    for entry in made.vouched
                ],
                "now_ms": self.now_ms,
                "age_ms": max(0, self.now_ms - made.as_of_ms),
                "max_age_ms": self.max_age_ms,
            },
        }

    @staticmethod
    def _header(entry: CertifiedHeader) -> dict[str, Any]:
        header = entry.header
        return {
            "height": header.height,
            "digest": header.digest().hex(),
            "epoch": header.epoch,
            "time_ms": header.time_ms,
            "certified_by": [member.name for member in entry.signers],
        }

    def lines(self) -> Iterator[str]:
        """The same for people."""
        made = self.verified
        yield said(
            "The proof holds, on the chain {chain} ({hash}).",
            chain=self.genesis.chain_id,
            hash=made.genesis_hash.hex(),
        )
        for state in made.states:
            yield ""
            yield from _state_words(state, self._money(state))
            yield from self._event_words(state)
        for sent in made.transactions:
            yield ""
            yield from _transaction_words(sent)
        for outcome in made.receipts:
            yield ""
            yield from _receipt_words(outcome, self.genesis)
        yield ""
        yield from self._authority()
        yield from self._age()

    def _event_words(self, fact: StateFact) -> Iterator[str]:
        event = captured_event(fact, self.verified)
        if event is None:
            return
        yield said("  as captured: {text}", text=event.text)
        for other in self.verified.states:
            if other.key == event.declared:
                if other.value is not None:
                    yield said("  VOID: declared an error by its capturer")
                else:
                    yield said("  never declared an error by its capturer")

    def _money(self, fact: StateFact) -> Money:
        """The asset that a row's amounts are of, if the genesis has it: its symbol and decimals."""
        row = read_row(fact.key, fact.value)
        return _money_of({**(row.parts or {}), **(row.value or {})}, self.genesis)

    def _authority(self) -> Iterator[str]:
        for entry in self.verified.headers:
            yield said(
                "Certified at height {height}, epoch {epoch}, by {names}.",
                height=entry.header.height,
                epoch=entry.header.epoch,
                names=listed(member.name for member in entry.signers),
            )
        trusted = self.verified.trusted
        if trusted is not None:
            height = trusted.height
            yield said("Beside the genesis you trust the header at height {height}.", height=height)

    def _age(self) -> Iterator[str]:
        made = self.verified
        age = age_text(self.now_ms - made.as_of_ms)
        time = format_time(made.as_of_ms)
        yield said("As of {time}, {age} ago by this clock.", time=time, age=age)
        if made.vouched:
            yield said(
                "{names} signed that nothing newer was decided then ({needed} are needed).",
                names=listed(entry.member.name for entry in made.vouched),
                needed=made.committee.weak_quorum,
            )
        elif self.max_age_ms is None:
            yield said("What happened since, it can't say: --max-age asks for a fresh proof.")


def _money_of(told: Mapping[str, Json], genesis: Genesis) -> Money:
    symbol = told.get("symbol")
    founded = [entry for entry in genesis.assets if entry.symbol == symbol]
    return (founded[0].symbol, founded[0].decimals) if founded else None


def age_text(age_ms: int) -> str:
    """`2 d 3 h`, the two largest units."""
    parts: list[str] = []
    age_ms = max(0, age_ms)
    for size, told in _UNITS:
        count, age_ms = divmod(age_ms, size)
        if count or parts:
            parts.append(told(count))
    if not parts:
        return said("{count} ms", count=0)
    return reduce(lambda first, rest: said("{first} {rest}", first=first, rest=rest), parts[:2])


def _state(fact: StateFact, verified: Verified) -> dict[str, Any]:
    row, event = read_row(fact.key, fact.value), captured_event(fact, verified)
    # Text, because its numbers may be longer than any reader of JSON keeps them.
    told = {} if event is None else {"event": event.text}
    return {
        "key": fact.key.hex(),
        "table": row.table,
        "key_parts": row.parts,
        "present": fact.value is not None,
        "value": None if fact.value is None else fact.value.hex(),
        "decoded": row.value,
        **told,
        "height": fact.height,
        "time_ms": fact.time_ms,
    }


def _transaction(fact: TransactionFact) -> dict[str, Any]:
    content = fact.transaction
    return {
        "id": fact.id.hex(),
        "height": fact.height,
        "index": fact.index,
        "time_ms": fact.time_ms,
        "sender": encode_account(content.sender),
        "signed_by": sorted({encode_account(entry.account) for entry in fact.signed.signatures}),
        "operations": [entry.type for entry in content.operations],
        "memo": content.memo,
        "content": fact.signed.content.hex(),
    }


def _receipt(fact: ReceiptFact) -> dict[str, Any]:
    return {**render_fields(fact.receipt), "height": fact.height}


def _state_words(fact: StateFact, money: Money) -> Iterator[str]:
    row = read_row(fact.key, fact.value)
    since = said(
        "after block {height} and until {time}", height=fact.height, time=format_time(fact.time_ms)
    )
    title = row.title if row.parts is not None else _key_text(fact.key)
    if fact.value is None:
        yield said("Absent {since}: the state has no {title}.", since=since, title=title)
        return
    yield said("In the state {since}: {title}", since=since, title=title)
    yield from _value_words(row, fact.value, money)


def _key_text(key: bytes) -> str:
    """A key of a table that this software doesn't know."""
    printable = key.isascii() and key.decode("ascii").isprintable()
    return f"key {key.decode('ascii')}" if printable else f"key {key.hex()} (hex)"


def _value_words(row: Row, value: bytes, money: Money) -> Iterator[str]:
    if row.value is None:
        yield f"  {value.hex()}"
        return
    for name, entry in row.value.items():
        yield from _field(name, entry, "  ", money)


def _field(name: str, value: Json, indent: str, money: Money) -> Iterator[str]:
    if isinstance(value, dict) and value:
        yield f"{indent}{_head(name)}:"
        for inner, entry in value.items():
            yield from _field(inner, entry, indent + "  ", money)
    elif isinstance(value, list) and any(isinstance(entry, dict) for entry in value):
        for number, entry in enumerate(value):
            yield from _field(f"{name} {number}", entry, indent, money)
    else:
        yield f"{indent}{_scalar(name, value, money)}"


def _scalar(name: str, value: Json, money: Money) -> str:
    """`head: value` in one line, whatever is in it."""
    is_amount = name.endswith("_minor") and (value is None or money is not None)
    is_time = name.endswith("_ms") and not isinstance(value, str)
    unit = "_minor" if is_amount else "_ms" if is_time else ""
    return f"{_head(name, unit)}: {spoken(_value(name, value, money))}"


def _value(name: str, value: Json, money: Money) -> str:
    match value:
        case None:
            return "–"
        case bool():
            return said("yes") if value else said("no")
        case int() if name.endswith("_ms"):
            return format_time(value) if value > _MOMENTS_FROM_MS else age_text(value)
        case str() if name.endswith("_minor") and money is not None:
            symbol, decimals = money
            return format_amount(int(value), decimals, symbol)
        case str() if name in CODED:
            return coded(value)
        case list():
            return listed(_value(name, entry, money) for entry in value) or "–"
        case dict():
            inner = listed(_scalar(own, entry, money) for own, entry in value.items())
            return said("({words})", words=inner) if inner else "–"
        case _:
            return str(value)


def _head(name: str, unit: str = "") -> str:
    """The name of a field, in the sense that it has in the ledger's rows and events."""
    told, bare = words(), name.removesuffix(unit)
    own = told.heading(name, SENSE)
    return own if own != name else told.heading(bare, SENSE)


def _transaction_words(fact: TransactionFact) -> Iterator[str]:
    when = format_time(fact.time_ms)
    yield said(
        "Decided in block {height} at {time}: transaction {id}",
        height=fact.height,
        time=when,
        id=fact.id.hex(),
    )
    yield said("  sender: {account}", account=encode_account(fact.transaction.sender))
    types = listed(entry.type for entry in fact.transaction.operations)
    yield said("  operations: {types}", types=types)


def _receipt_words(fact: ReceiptFact, genesis: Genesis) -> Iterator[str]:
    receipt = fact.receipt
    values = {"height": fact.height, "id": receipt.id.hex()}
    if receipt.status == _OK:
        yield said("In block {height} this succeeded: transaction or transition {id}", **values)
    else:
        yield said(
            "In block {height} this was refused, {status}: transaction or transition {id}",
            status=receipt.status,
            **values,
        )
    for event in receipt.events:
        data = render(event.data)
        assert isinstance(data, dict)
        money = _money_of(data, genesis)
        told = spoken(listed(_scalar(name, entry, money) for name, entry in data.items()))
        name = spoken(coded(event.type))
        yield f"  {name}: {told}" if told else f"  {name}"
