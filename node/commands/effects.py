"""What `--dry-run` shows: what a transaction would do now, asked of a node and never sent."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NoReturn

import typer

from chain.account import SignatureEntry
from chain.bech32m import encode_account
from chain.codec import decode, encode
from chain.errors import CosignerMissing, HushangError
from chain.transaction import SignedTransaction, Transaction
from node.commands.failures import ExitCode
from node.commands.output import inline
from node.effect_words import detail_words, fresh_ids, row_words, without_fresh
from node.money_text import format_amount, format_time
from node.trade_words import clock_words
from node.words import coded, words

if TYPE_CHECKING:
    # It shows effects itself.
    from node.commands.session import Session

OK: Final = "ok"
PATH: Final = "/v1/transactions/dry-run"

Row = Mapping[str, Any]


def show_effects(
    session: "Session", content: bytes, signatures: Sequence[SignatureEntry]
) -> NoReturn:
    """Print the effects and end the command: 0, or 7 if a rule would refuse it.

    The node is told who would sign and gets no signature: nobody can send what was only tried.
    """
    told = tried(session, content, signatures)
    session.printer.words(told, effects(session, told))
    session.say(
        "nothing was sent: this was tried on the state before height {height}",
        height=told["height"],
    )
    raise typer.Exit(ExitCode.OK if told["status"] == OK else ExitCode.REFUSED)


def tried(
    session: "Session", content: bytes, signatures: Sequence[SignatureEntry]
) -> dict[str, Any]:
    """What a node says that a transaction would do, if these signed it."""
    signers = [
        {"account": encode_account(entry.account), "public_key": entry.public_key.hex()}
        for entry in signatures
    ]
    form = {"content": content.hex()} | ({"signers": signers} if signers else {})
    told: dict[str, Any] = session.client.post(PATH, form)
    return told


def reason_of(session: "Session", signed: SignedTransaction, code: str) -> str | None:
    """Why a rule refused it, with the numbers that a receipt has no room for.

    It is tried once more, as a transaction of its own: None where the rule would not refuse it now.
    """
    again = decode(Transaction, signed.content)
    content = replace(again, nonce=again.nonce ^ 1)
    try:
        refusal = tried(session, encode(content), signed.signatures)["refusal"]
        if refusal is None or refusal["code"] != code:
            return None
        detail: str = refusal["detail"]
        return detail_words(detail, session.amount_text) if session.printer.is_table else detail
    except HushangError:
        # What was refused is known; a node that is gone since then changes nothing about it.
        return None


def require_cosigners(
    session: "Session", content: bytes, signatures: Sequence[SignatureEntry]
) -> None:
    """`CosignerMissing` before it is sent: decided as that, it could never be signed by all."""
    try:
        refusal = tried(session, content, signatures)["refusal"]
    except HushangError:
        # A node that tries nothing, or too much now: then the receipt tells.
        return
    if refusal is not None and refusal["code"] == CosignerMissing.__name__:
        session.say("nothing was sent: a signature is missing, which `hushang tx sign` adds")
        raise CosignerMissing(refusal["detail"])


def effects(session: "Session", told: Row) -> Iterator[str]:
    """The lines for a person."""
    if told["refusal"] is not None:
        yield from _refusal(session, told["refusal"], told["failed_operation"])
        return
    yield words().text("would succeed")
    yield from without_fresh(_changes(session, told), fresh_ids(told["objects"]))


def _changes(session: "Session", told: Row) -> Iterator[str]:
    for fee in told["fees"]:
        yield words().text("would cost {amount}", amount=_amount(fee, "amount_minor"))
    for change in told["balances"]:
        yield from _balance(session, change)
    for row in told["objects"]:
        yield row_words(row, session.name_of)
    if told["more_objects"]:
        yield words().text("would write {count} more rows", count=told["more_objects"])
    for clock in told["clocks"]:
        yield _clock(clock)
    for event in told["events"]:
        data = _plain(session.readable(event["data"]))
        yield words().text("would report {event}: {data}", event=coded(event["type"]), data=data)


def _refusal(session: "Session", refusal: Row, failed: int | None) -> Iterator[str]:
    detail = detail_words(refusal["detail"], session.amount_text)
    code = refusal["code"]
    if failed:
        text = "would be refused at operation {number}: {code}: {detail}"
        yield words().text(text, number=failed, code=code, detail=detail)
    else:
        yield words().text("would be refused: {code}: {detail}", code=code, detail=detail)
    yield f"  {words().title(code) or refusal['title']}"
    if hint := words().hint(code) or refusal["hint"]:
        yield f"  {words().text('hint')}: {hint}"


def _balance(session: "Session", change: Row) -> Iterator[str]:
    who = session.name_of(change["account"])
    texts = {
        "": "would leave {who} {after}, now {before}",
        "frozen_": "would leave {who} frozen {after}, now {before}",
    }
    for name, text in texts.items():
        before, after = f"{name}before_minor", f"{name}after_minor"
        if change[before] != change[after]:
            left, now = _amount(change, after), _amount(change, before)
            yield words().text(text, who=who, after=left, before=now)


def _amount(row: Row, name: str) -> str:
    return format_amount(int(row[name]), row["decimals"], row["symbol"])


def _clock(clock: Row) -> str:
    is_set = clock["change"] == "set"
    text = "would set a clock: {time}: {what}" if is_set else "would end a clock: {time}: {what}"
    return words().text(text, time=format_time(clock["time_ms"]), what=clock_words(clock["kind"]))


def _plain(shown: Row) -> str:
    return ", ".join(
        f"{words().heading(name)} {inline(value)}"
        for name, value in shown.items()
        if value is not None
    )
