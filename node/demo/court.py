"""Arbiters for a story: their bonds, the panel that the nodes draw, and how it votes."""

import secrets
from collections.abc import Mapping, Sequence
from typing import Final

from chain.bech32m import encode_account
from commerce.assets import AssetIssue
from commerce.disputes.arbiters import ArbiterBond
from commerce.disputes.limits import limit
from commerce.disputes.votes import DisputeCommit, DisputeReveal, vote_commitment
from commerce.registry import operation
from node.client import NotFound, Outcome
from node.demo.chronicle import Chronicle, Placed, placed_claims
from node.demo.market import Market
from node.demo.stage import SYMBOL, Party, cny
from node.demo.story import Claim
from node.genesis_file import load_genesis
from node.testnet_layout import GENESIS

ARBITER: Final = "arbiter"
SALT_SIZE: Final = 32
# Dealers with a secret that a draw needs: f + 1.
SECRETS_WAIT_S: Final = 60.0
DRAW_WAIT_S: Final = 30.0

Vote = tuple[int, ...]
Sealed = Mapping[Party, tuple[Vote, bytes]]


class Court:
    """The testnet's arbiters beside a market's story."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self.stage = market.stage
        places = [p for p in self.stage.testnet.accounts if p.role == ARBITER and p.name != ARBITER]
        self.arbiters = [self.stage.party(place.name) for place in places]
        self.genesis = load_genesis(self.stage.testnet.directory / GENESIS)

    def open(self) -> None:
        """Bonds for all who lack one, and secrets for a draw; told in one step."""
        least_minor = limit(self.genesis, "arbiter_bond_min_minor")
        missing = {party: least_minor - self._bond_minor(party) for party in self.arbiters}
        lacking = {party: amount for party, amount in missing.items() if amount > 0}
        outcomes = self._bond(lacking)
        self._await_secrets()
        held = [
            Claim(f"/v1/arbiters/{encode_account(party.account)}", "/symbol", SYMBOL)
            for party in self.arbiters
        ]
        self.stage.tell_of(
            f"{len(self.arbiters)} arbiters, each with a bond of at least {cny(least_minor)}. While"
            " there are any, the nodes deal one another secrets, of which panels will be drawn.",
            {"arbiters": str(len(self.arbiters)), "bonds posted now": str(len(outcomes))},
            held,
        )

    def panel(self, dispute_id: str, round_: int) -> tuple[Placed, list[Party]]:
        """Whom the nodes' secrets have drawn for a round, once they have."""
        wait_s = self.market.pacing.real_s(("draw_ms",)) + DRAW_WAIT_S
        drawn = self.market.chronicle.wait(
            wait_s, "dispute.panel", dispute_id=dispute_id, round=round_
        )
        return drawn, [self.named(account) for account in drawn["data"]["arbiters"]]

    def tell_panel(self, words: str, drawn: Placed, panel: Sequence[Party]) -> None:
        """Tell who sits."""
        names = ("dispute_id", "round", "seed", "arbiters")
        self.stage.tell_of(
            words,
            {
                "panel": ", ".join(party.name for party in panel),
                "seed": drawn["data"]["seed"],
                "height": str(drawn["height"]),
            },
            placed_claims(drawn, *names),
        )

    def named(self, account: str) -> Party:
        """The arbiter of an account."""
        return next(p for p in self.arbiters if encode_account(p.account) == account)

    def await_vote(self, dispute_id: str, drawn: Placed) -> None:
        """Until a panel has the evidence and may commit."""
        chronicle = self.market.chronicle

        def may_commit() -> bool:
            told = [e for e in chronicle.events if e["height"] > drawn["height"]]
            return any(
                entry["type"] == "dispute.phase"
                and entry["data"]["dispute_id"] == dispute_id
                and entry["data"]["phase"] == "COMMIT"
                for entry in told
            )

        patience_s = self.market.pacing.patience_s(("evidence_ms",))
        chronicle.wait_until(patience_s, may_commit, "the panel may vote")

    def commit(self, dispute_id: str, round_: int, votes: Mapping[Party, Vote]) -> Sealed:
        """Each seals its vote, all in one go; what it takes to open them."""
        sealed = {party: (vote, secrets.token_bytes(SALT_SIZE)) for party, vote in votes.items()}
        known_id = bytes.fromhex(dispute_id)
        commitments = {
            party: vote_commitment(known_id, round_, party.account, salt, vote)
            for party, (vote, salt) in sealed.items()
        }
        self.stage.send_each(
            [
                (party, "dispute.commit", DisputeCommit(known_id, commitment))
                for party, commitment in commitments.items()
            ]
        )
        return sealed

    def reveal(self, dispute_id: str, sealed: Sealed) -> Outcome:
        """Each shows its vote, all in one go; the outcome of the last one."""
        known_id = bytes.fromhex(dispute_id)
        outcomes = self.stage.send_each(
            [
                (party, "dispute.reveal", DisputeReveal(known_id, vote, salt))
                for party, (vote, salt) in sealed.items()
            ]
        )
        # Who is last in a block isn't said by the order in which they are handed in.
        ruled = [one for one in outcomes if any(e["type"] == "dispute.ruled" for e in one.events)]
        return ruled[0] if ruled else outcomes[-1]

    def _bond_minor(self, party: Party) -> int:
        try:
            told = self.stage.client.get(f"/v1/arbiters/{encode_account(party.account)}")
        except NotFound:
            return 0
        return int(told["bond_minor"])

    def _bond(self, lacking: Mapping[Party, int]) -> Sequence[Outcome]:
        if not lacking:
            return ()
        token = secrets.token_hex(8)
        issues = [
            AssetIssue(SYMBOL, party.account, amount, f"bond-{token}-{party.name}")
            for party, amount in lacking.items()
        ]
        issuing = [operation("asset.issue", issue) for issue in issues]
        self.stage.send_all(self.stage.party("issuer"), issuing)
        return self.stage.send_each(
            [
                (party, "arbiter.bond", ArbiterBond(SYMBOL, amount))
                for party, amount in lacking.items()
            ]
        )

    def _await_secrets(self) -> None:
        """Until f + 1 members have a secret in stock: what was made ready, less what was drawn."""
        stage = self.stage
        types = ("beacon.ready", "dispute.opened", "dispute.appealed")
        told = Chronicle(lambda: stage.client, "0.0.0", *types)
        needed = (len(self.genesis.members) - 1) // 3 + 1
        told.wait_until(SECRETS_WAIT_S, lambda: stocked(told.events) >= needed, "secrets")


def stocked(events: Sequence[Placed]) -> int:
    """How many dealers have a secret: each draw takes one of every dealer that has any."""
    stock: dict[str, int] = {}
    for entry in events:
        if entry["type"] == "beacon.ready":
            dealer = str(entry["data"]["dealer"])
            stock[dealer] = stock.get(dealer, 0) + 1
        else:
            stock = {dealer: max(0, count - 1) for dealer, count in stock.items()}
    return sum(1 for count in stock.values() if count)
