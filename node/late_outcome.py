"""What became of a transaction whose time is over: the door refuses it then, decided or not.

It can stand in blocks up to its `valid_until_ms` only, and block times never go back. So once a
block is past it and none up to there has the transaction, none ever will.
"""

from collections.abc import Mapping
from typing import Any

from chain.codec import decode
from chain.transaction import SignedTransaction, Transaction
from node.client import NodeClient, NotFound, OutcomeUnknown


def late_receipt(
    client: NodeClient, transaction_id: str, signed: SignedTransaction
) -> Mapping[str, Any] | None:
    """Its receipt; None if no block will ever have it. `OutcomeUnknown` if that isn't sure yet."""
    # Its time is over by a node's clock; blocks may still come from before.
    latest = client.get("/v1/headers/latest")["header"]
    found = receipt_of(client, transaction_id)
    if found is not None:
        return found
    if int(latest["time_ms"]) <= decode(Transaction, signed.content).valid_until_ms:
        raise OutcomeUnknown("the chain's time has not passed it yet", transaction_id)
    return None


def receipt_of(client: NodeClient, transaction_id: str) -> Mapping[str, Any] | None:
    """The receipt of what is decided."""
    try:
        told = client.get(f"/v1/transactions/{transaction_id}")
    except NotFound:
        return None
    receipt: Mapping[str, Any] | None = told["receipt"]
    return receipt
