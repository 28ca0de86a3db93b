"""item.transfer: a claimed thing gets its next owner, and keeps its past."""

from dataclasses import dataclass

from chain.block import Event
from chain.codec import Hash
from chain.context import Context, event
from chain.errors import CosignerMissing
from commerce.codes.claiming import become_owner
from commerce.codes.errors import AlreadyTheOwner, CodeUnclaimed, CodeUnknown, NotTheOwner
from commerce.codes.items import find_code, save_code
from commerce.codes.serials import Serial, code_id, link_of
from commerce.errors import AccountUnknown
from commerce.goods.things import owner_of
from commerce.products import Gtin
from commerce.records import altered
from commerce.refusals import refuses


@dataclass(frozen=True, slots=True)
class ItemTransfer:
    """`to` signs too: nobody is made the owner of what it doesn't want."""

    gtin: Gtin
    serial: Serial
    to: Hash


@refuses(CodeUnknown, NotTheOwner, AccountUnknown, CosignerMissing, CodeUnclaimed, AlreadyTheOwner)
def item_transfer(op: ItemTransfer, context: Context) -> tuple[Event, ...]:
    """Pass a claimed thing on, by its owner."""
    code = find_code(context.state, op.gtin, op.serial)
    if owner_of(context.state, link_of(op.gtin, op.serial)) != context.sender:
        msg = f"{op.gtin} {op.serial} is not the sender's"
        raise NotTheOwner(msg)
    if context.account(op.to) is None:
        msg = "the next owner has no account"
        raise AccountUnknown(msg)
    context.require_consent(op.to, "the next owner")
    if code.claimed is None:
        msg = f"{op.gtin} {op.serial} was not claimed"
        raise CodeUnclaimed(msg)
    if op.to == context.sender:
        msg = "it is the sender's already"
        raise AlreadyTheOwner(msg)
    become_owner(context, code, op.to)
    passed = altered(code.claimed, passed_ms=context.time_ms)
    save_code(context, code, altered(code, claimed=passed))
    told = event(
        "item.transferred",
        code_id=code_id(op.gtin, op.serial),
        gtin=op.gtin,
        serial=op.serial,
        sender=context.sender,
        to=op.to,
    )
    return (told,)
