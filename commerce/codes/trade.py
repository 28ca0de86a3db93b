"""Who deals in goods by trade, and from whom a hidden code can't take a thing.

Shops sell off the chain too: what a brand, a merchant or a carrier has there becomes a consumer's
by its hidden code. But the brand's own people and its printer know all hidden codes: what a
consumer owns on the chain, because an order or its former owner brought it, no code takes away.
"""

from chain.state import StateReader
from commerce.codes.serials import link_of
from commerce.goods.things import maker_of, owner_of
from commerce.roles import has_role

TRADE = ("merchant", "carrier")


def is_of_trade(state: StateReader, account: bytes, gtin: str, serial: str) -> bool:
    """Is the account the thing's brand, or has it a role in the trade with such goods?"""
    if maker_of(state, link_of(gtin, serial)) == account:
        return True
    return any(has_role(state, account, role, f"gcp:{gtin[1:]}") for role in TRADE)


def may_claim(state: StateReader, account: bytes, gtin: str, serial: str) -> bool:
    """Could the thing become this account's by its hidden code?"""
    owner = owner_of(state, link_of(gtin, serial))
    return owner in (None, account) or is_of_trade(state, owner or b"", gtin, serial)
