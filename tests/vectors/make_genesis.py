"""Vectors of what a chain starts with: a genesis with roles in scopes, and all of its state."""

from dataclasses import replace

from chain.codec import encode
from chain.genesis import Genesis, GenesisAccount, GenesisRole
from chain.ledger import Ledger
from chain.store_memory import MemoryStore
from commerce.registry import Registry
from tests.vectors.material import Json, genesis, single


def scoped() -> Genesis:
    """The vectors' genesis, and a grower of one company prefix and one place."""
    roles = (
        GenesisRole("merchant", ""),
        GenesisRole("merchant", "gcp:6901234"),
        GenesisRole("inspector", "gln:6901234000016"),
    )
    made = genesis()
    grower = GenesisAccount("grower", single("grower"), "hongkou", roles)
    return replace(made, accounts=(*made.accounts, grower))


def founded() -> Json:
    """The genesis and its state, in key order."""
    made = scoped()
    ledger = Ledger(MemoryStore(), made, Registry())
    return {
        "genesis": encode(made).hex(),
        "genesis_hash": made.hash().hex(),
        "state": [[key.hex(), value.hex()] for key, value in ledger.state.scan(b"")],
        "state_root": ledger.tip.state_root.hex(),
    }
