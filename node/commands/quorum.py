"""What a quorum of the members decides: who signs it, at hand or by file from host to host."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from chain.committee import quorum_size
from chain.transaction import Operation, SignedTransaction
from node import seats
from node.commands.failures import UsageWrong
from node.commands.out_file import check_out
from node.commands.session import Session
from node.commands.signers import Signer
from node.commands.tx import write as write_transaction
from node.transaction_file import TransactionFile

# What goes by file is co-signed on several hosts within this time. A transaction may be valid for
# ten minutes; a node's clock may be behind.
VALID_FOR_FILE_S: Final = 570

OutOption = Annotated[
    Path | None, typer.Option("--out", help="Don't submit; write it for others to sign.")
]


def signed_by_quorum(
    session: Session,
    operations: Sequence[Operation],
    now: Mapping[str, Any],
    out: Path | None,
    also: Sequence[Signer] = (),
) -> SignedTransaction | None:
    """Signed by a quorum of the members of the committee of `now`, and by others besides.

    With `out` whatever is signed is written there, and None returned.
    """
    check_out(out)
    signers = _signers(session, now, is_for_file=out is not None)
    valid_for_s = session.options.valid_for_s or (VALID_FOR_FILE_S if out is not None else None)
    content = session.transaction(operations, signers[0].account, valid_for_s=valid_for_s)
    signed = session.sign(content, [*signers, *also])
    if out is None or session.options.dry_run:
        return signed
    write_transaction(TransactionFile(signed.content, signed.signatures), out)
    session.say("next: the others sign, hushang tx sign {out} --key KEYFILE --out {out}", out=out)
    session.say("then: hushang tx submit {out}", out=out)
    return None


def _signers(session: Session, now: Mapping[str, Any], *, is_for_file: bool) -> list[Signer]:
    """The sender first: those named, else in a test network a quorum of the members."""
    members = seats.accounts_of(now)
    options = session.options
    if options.key is None and options.speaker is None and session.testnet is not None:
        signers = _at_hand(session, members)
    else:
        signers = [session.signer, *map(session.signer_of, options.cosign or ())]
    signing = {signer.account for signer in signers} & set(members)
    quorum = quorum_size(len(members))
    if len(signing) < quorum and not is_for_file:
        told = ", ".join(sorted(members[account] for account in signing)) or "none"
        names = ", ".join(members.values())
        raise UsageWrong(
            f"{quorum} of {names} must sign, and of these {told} did: --cosign KEYFILE for more, "
            "or --out FILE to let the others sign on their hosts"
        )
    return signers


def _at_hand(session: Session, members: Mapping[bytes, str]) -> list[Signer]:
    """A quorum of the members whose keys lie in the test network."""
    network = session.require_testnet()
    known = {session.account(entry.account): entry.name for entry in network.accounts}
    names = [known[account] for account in members if account in known]
    return [session.signer_of(name) for name in names[: quorum_size(len(members))]]
