"""What a party of a story had, got and gave, and why; every sum is asked of another node."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from chain.bech32m import encode_account
from node.demo.stage import SYMBOL, Party, cny
from node.demo.story import Claim


@dataclass(frozen=True, slots=True)
class Entry:
    """Money that came (positive) or went, and the word for it."""

    amount_minor: int
    why: str


@dataclass(slots=True)
class Purse:
    """The money of one party, counted by hand: entries in their order, and its deposit."""

    party: Party
    entries: list[Entry] = field(default_factory=list)
    deposit_minor: int = 0

    @property
    def available_minor(self) -> int:
        """What its balance must be."""
        return sum(entry.amount_minor for entry in self.entries)

    def move(self, amount_minor: int, why: str) -> None:
        """Something came or went."""
        self.entries.append(Entry(amount_minor, why))

    def claims(self) -> list[Claim]:
        """What any node must say of it now."""
        place = f"/v1/accounts/{encode_account(self.party.account)}"
        # An account has no entry of an asset of which it has nothing.
        claims = [Claim(f"{place}/balances", "/balances", [])]
        if self.available_minor:
            claims = [
                Claim(f"{place}/balances", "/balances/0/symbol", SYMBOL),
                Claim(
                    f"{place}/balances", "/balances/0/available_minor", str(self.available_minor)
                ),
                Claim(f"{place}/balances", "/balances/0/frozen_minor", "0"),
            ]
        if self.deposit_minor:
            held = Claim(f"{place}/deposits", "/deposits/0/held_minor", str(self.deposit_minor))
            claims.append(held)
        return claims

    def words(self) -> str:
        """The whole sum in one line."""
        first, *others = self.entries
        text = f"{first.why} {cny(first.amount_minor)}"
        for entry in others:
            sign = "+" if entry.amount_minor >= 0 else "−"
            text += f" {sign} {entry.why} {cny(abs(entry.amount_minor))}"
        return f"{text} = {cny(self.available_minor)}"


def balances_claims(purses: Sequence[Purse]) -> list[Claim]:
    """What any node must say of all of these now."""
    return [claim for purse in purses for claim in purse.claims()]
