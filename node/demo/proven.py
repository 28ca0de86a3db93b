"""The outcome as a proof: what is left to believe when every node lies, told after the trade."""

from chain.block import Receipt
from chain.bundle_check import verify_bundle
from chain.bundle_facts import Verified
from chain.errors import HushangError, LedgerError
from chain.genesis import Genesis
from node.client import Outcome
from node.demo.stage import Stage
from node.demo.story import receipt_claims
from node.genesis_file import load_genesis
from node.testnet_layout import GENESIS


class OutcomeUnproven(HushangError):
    """What a node handed out as a proof does not prove the outcome."""

    hint = (
        "don't trust that node; the other members' nodes have the proof: hushang proof receipt ID"
    )


def prove(stage: Stage, outcome: Outcome) -> None:
    """Get the receipt's proof from one node, check it without any, and tell what that means."""
    data = stage.client.file(f"/v1/proof/receipt/{outcome.id}")
    genesis = load_genesis(stage.testnet.directory / GENESIS)
    verified = checked(data, genesis, outcome)
    names = [member.name for member in verified.headers[-1].signers]
    stage.tell_of(
        f"Nobody has to believe a node. Checked without any, trusting the genesis alone,"
        f" {len(data)} bytes prove that the confirmation worked and the merchant was paid.",
        {
            "transaction": outcome.id,
            "height": str(outcome.height),
            "signed by": ", ".join(names),
            "try it": "hushang proof receipt TRANSACTION, then hushang verify FILE",
        },
        receipt_claims(outcome),
    )


def checked(data: bytes, genesis: Genesis, outcome: Outcome) -> Verified:
    """`OutcomeUnproven` unless the file proves that very outcome."""
    try:
        verified = verify_bundle(data, genesis)
    except LedgerError as error:
        raise OutcomeUnproven(f"{error.code}: {error}") from error
    told = [shown(fact.receipt, fact.height) for fact in verified.receipts]
    if told != [(outcome.id, outcome.status, outcome.height)]:
        raise OutcomeUnproven(f"it is about {told}")
    return verified


def shown(receipt: Receipt, height: int) -> tuple[str, str, int]:
    """What an outcome and its proof have in common."""
    return receipt.id.hex(), receipt.status, height
