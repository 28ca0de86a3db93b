"""What a verified proof says: as JSON, and in plain words."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from chain.bech32m import encode_account
from chain.bundle_facts import CertifiedHeader, ReceiptFact, StateFact, TransactionFact, Verified
from chain.genesis import Genesis
from node.money_text import format_amount, format_time
from node.proven_events import captured_event
from node.rendering import Json, render, render_fields
from node.state_rows import Row, read_row

Money: TypeAlias = tuple[str, int] | None
_OK: Final = "ok"
# Larger numbers of ms are times, smaller ones durations: such times began in 2001.
_MOMENTS_FROM_MS: Final = 1_000_000_000_000
_UNITS: Final = (("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1_000), ("ms", 1))


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
        yield f"The proof holds, on the chain {self.genesis.chain_id} ({made.genesis_hash.hex()})."
        for state in made.states:
            yield ""
            yield from _state_words(state, self._money(state))
            yield from self._event_words(state)
        for sent in made.transactions:
            yield ""
            yield from _transaction_words(sent)
        for outcome in made.receipts:
            yield ""
            yield from _receipt_words(outcome)
        yield ""
        yield from self._authority()
        yield from self._age()

    def _event_words(self, fact: StateFact) -> Iterator[str]:
        event = captured_event(fact, self.verified)
        if event is None:
            return
        yield f"  as captured: {event.text}"
        for other in self.verified.states:
            if other.key == event.declared:
                void = other.value is not None
                said = "VOID: declared an error" if void else "never declared an error"
                yield f"  {said} by its capturer"

    def _money(self, fact: StateFact) -> Money:
        """The asset that a row's amounts are of, if the genesis has it: its symbol and decimals."""
        row = read_row(fact.key, fact.value)
        symbol = (row.value or {}).get("symbol") or (row.parts or {}).get("symbol")
        founded = [entry for entry in self.genesis.assets if entry.symbol == symbol]
        return (founded[0].symbol, founded[0].decimals) if founded else None

    def _authority(self) -> Iterator[str]:
        for entry in self.verified.headers:
            names = ", ".join(member.name for member in entry.signers)
            header = entry.header
            yield f"Certified at height {header.height}, epoch {header.epoch}, by {names}."
        trusted = self.verified.trusted
        if trusted is not None:
            yield f"Beside the genesis you trust the header at height {trusted.height}."

    def _age(self) -> Iterator[str]:
        made = self.verified
        age = age_text(self.now_ms - made.as_of_ms)
        yield f"As of {format_time(made.as_of_ms)}, {age} ago by this clock."
        if made.vouched:
            names = ", ".join(entry.member.name for entry in made.vouched)
            needed = made.committee.weak_quorum
            yield f"{names} signed that nothing newer was decided then ({needed} are needed)."
        elif self.max_age_ms is None:
            yield "What happened since, it can't say: --max-age asks for a fresh proof."


def age_text(age_ms: int) -> str:
    """`2 d 3 h`, the two largest units."""
    if age_ms < 0:
        return "0 ms"
    parts: list[str] = []
    for name, size in _UNITS:
        count, age_ms = divmod(age_ms, size)
        if count or parts:
            parts.append(f"{count} {name}")
    return " ".join(parts[:2]) or "0 ms"


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
    since = f"after block {fact.height} and until {format_time(fact.time_ms)}"
    title = row.title if row.parts is not None else _key_text(fact.key)
    if fact.value is None:
        yield f"Absent {since}: the state has no {title}."
        return
    yield f"In the state {since}: {title}"
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
        yield f"{indent}{name}:"
        for inner, entry in value.items():
            yield from _field(inner, entry, indent + "  ", money)
    elif isinstance(value, list) and any(isinstance(entry, dict) for entry in value):
        for number, entry in enumerate(value):
            yield from _field(f"{name} {number}", entry, indent, money)
    elif isinstance(value, str) and name.endswith("_minor") and money is not None:
        symbol, decimals = money
        amount = format_amount(int(value), decimals, symbol)
        yield f"{indent}{name.removesuffix('_minor')}: {amount}"
    else:
        yield f"{indent}{_scalar(name, value)}"


def _scalar(name: str, value: Json) -> str:
    match value:
        case None:
            return f"{name}: –"
        case bool():
            return f"{name}: {'yes' if value else 'no'}"
        case int() if name.endswith("_ms") and value > _MOMENTS_FROM_MS:
            return f"{name.removesuffix('_ms')}: {format_time(value)}"
        case list() | dict():
            return f"{name}: {', '.join(map(str, value)) or '–'}"
        case _:
            return f"{name}: {value}"


def _transaction_words(fact: TransactionFact) -> Iterator[str]:
    when = format_time(fact.time_ms)
    yield f"Decided in block {fact.height} at {when}: transaction {fact.id.hex()}"
    yield f"  sender: {encode_account(fact.transaction.sender)}"
    yield f"  operations: {', '.join(entry.type for entry in fact.transaction.operations)}"


def _receipt_words(fact: ReceiptFact) -> Iterator[str]:
    receipt = fact.receipt
    told = "succeeded" if receipt.status == _OK else f"was refused, {receipt.status}"
    yield f"In block {fact.height} this {told}: transaction or transition {receipt.id.hex()}"
    for event in receipt.events:
        data = render(event.data)
        assert isinstance(data, dict)
        said = ", ".join(_scalar(name, entry) for name, entry in data.items())
        yield f"  {event.type}: {said}" if said else f"  {event.type}"
