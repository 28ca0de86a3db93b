"""One code, five hundred scans in nine cities, and the buyer third to claim what is its own.

No scan is told "genuine": before the claim the label is suspect, after it whoever isn't the owner
is told that it has a copy or something stolen.
"""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any, Final

from chain.bundle_check import verify_bundle
from chain.crypto import PrivateKey, sha256
from chain.merkle import leaf_hash
from commerce.codes.batching import CodeActivate, CodeBatch
from commerce.codes.binding import CodeBind
from commerce.codes.claiming import ClaimCommit, ClaimReveal
from commerce.codes.items import CODES
from commerce.codes.passing import ItemTransfer
from commerce.codes.scanning import SCANS_MAX, Scan, ScanRecord
from commerce.codes.serials import ClaimSeal, Leaf, claim_code_hash, code_id, leaf_bytes, seal_of
from commerce.codes.stretches import levels_of
from commerce.codes.taps import Tap, TapStatement, tap_message
from commerce.registry import operation
from node.client import Outcome
from node.clock import now_ms
from node.code_text import CODE_SIZE, in_letters
from node.demo.chronicle import placed_claims
from node.demo.market import BUYER, CARRIER, NEIGHBOUR, SELLER, Market, Offer, open_market
from node.demo.proven import OutcomeUnproven
from node.demo.stage import Party, Stage, cny
from node.demo.story import Claim, ClaimFalse, receipt_claims
from node.genesis_file import load_genesis
from node.keystore import new_seed
from node.testnet_layout import GENESIS

COPIER: Final = "copier"
FORGER: Final = "forger"
FUNDS: Final = {SELLER: 0, BUYER: 100_000, NEIGHBOUR: 0, COPIER: 0, FORGER: 0, CARRIER: 0}
BAG_MINOR: Final = 88_800
WAITS: Final = ("claim_ms",)
WINDOWS: Final = ("pay_ms", "claim_ms")
COUNT: Final = 8
SCANS_BEFORE: Final = 300
SCANS_AFTER: Final = 200
# Shanghai, Beijing, Guangzhou, Suzhou, Hangzhou, Nanjing, Wuhan, Chengdu, Xi'an: geohashes.
CITIES: Final = ("wtw3", "wx4f", "ws0e", "wttf", "wtmk", "wtsq", "wt3q", "wm3y", "wqj7")
SALT_SIZE: Final = 32
UID: Final = bytes.fromhex("04de5f1eacc040")


class Label:
    """The bag's code, what is under its cover, and the tag inside."""

    def __init__(self, market: Market, bag: Offer) -> None:
        self.market = market
        self.stage = market.stage
        self.gtin = bag.gtin
        self.verifier = PrivateKey(new_seed())
        self.serials = [in_letters(secrets.randbits(65), 13) for _ in range(COUNT)]
        self.codes = [secrets.token_bytes(CODE_SIZE) for _ in range(COUNT)]
        self.serial, self.hidden = self.serials[0], self.codes[0]
        self.salts: dict[Party, bytes] = {}

    @property
    def path(self) -> str:
        """Where its verdict is."""
        return f"/v1/codes/{self.gtin}/{self.serial}"

    def verdict(self) -> Mapping[str, Any]:
        """What any scan is told now."""
        told: Mapping[str, Any] = self.stage.client.get(self.path)
        return told

    def expect(self, verdict: str) -> str:
        """The witness says this verdict now, and nobody says genuine; its words."""
        self.stage.holds_now([Claim(self.path, "/code/verdict", verdict)])
        said = self.verdict()["said"]
        words = str(said["title"]["en"])
        if "genuine" in str(said).lower():
            raise ClaimFalse(f"{self.path} calls something genuine")
        return words

    def commitment(self, party: Party, hidden: bytes) -> ClaimCommit:
        """A claimant's, under a salt of its own."""
        salt = self.salts.setdefault(party, secrets.token_bytes(SALT_SIZE))
        seal = ClaimSeal(self.gtin, self.serial, hidden, party.account, salt)
        return ClaimCommit(seal_of(seal))

    def reveal(self, party: Party, hidden: bytes) -> ClaimReveal:
        """What opens it."""
        return ClaimReveal(self.gtin, self.serial, hidden, self.salts[party], None)

    def scans(self, count: int, tap: Tap | None = None) -> Outcome:
        """The brand's gateway tells of scans, one city after another; the last one's outcome."""
        brand = self.market.party(SELLER)
        records = [
            (brand, "scan.record", ScanRecord(tuple(part))) for part in self.batches(count, tap)
        ]
        return self.stage.send_each(records)[-1]

    def batches(self, count: int, tap: Tap | None) -> Sequence[Sequence[Scan]]:
        """Scans at one time, as many at once as there may be."""
        told_ms = now_ms()
        scans = [
            Scan(
                gtin=self.gtin,
                serial=self.serial,
                scanner=sha256(secrets.token_bytes(SALT_SIZE)),
                time_ms=told_ms,
                cell=CITIES[place % len(CITIES)],
                member=None,
                tap=tap,
            )
            for place in range(count)
        ]
        return [scans[at : at + SCANS_MAX] for at in range(0, count, SCANS_MAX)]


def play(stage: Stage) -> None:
    """The whole story."""
    market = open_market(stage, FUNDS)
    (bag,) = market.offer(("a silk bag", "bags", BAG_MINOR))
    label = Label(market, bag)
    circulate(label)
    order_id = sell(label, bag)
    suspected(label)
    tapped(label)
    guessed(label)
    held_back(label)
    claimed(label)
    told_to_strangers(label)
    proven(label)
    passed_on(label)
    market.settle(
        "The end: five hundred scans, one owner after another, and no copy that was vouched for.",
        [
            Claim(f"/v1/orders/{order_id}", "/released_minor", str(BAG_MINOR)),
            Claim(label.path, "/code/verdict", "claimed"),
            Claim(label.path, "/code/scans", SCANS_BEFORE + SCANS_AFTER + 1),
        ],
    )


def circulate(label: Label) -> None:
    """The brand makes a batch and activates it."""
    stage, brand = label.stage, label.market.party(SELLER)
    leaves = tuple(
        Leaf(serial, claim_code_hash(code))
        for serial, code in zip(label.serials, label.codes, strict=True)
    )
    root = levels_of([leaf_hash(leaf_bytes(leaf)) for leaf in leaves])[-1][0]
    batch = CodeBatch(label.gtin, "SILK-1", COUNT, root, label.verifier.public_key)
    made = stage.send(brand, "code.batch", batch)
    batch_id = str(made.event("code.batched")["batch_id"])
    activation = CodeActivate(bytes.fromhex(batch_id), 0, COUNT - 1, leaves, ())
    active = stage.send(brand, "code.activate", activation)
    words = label.expect("registered")
    stage.tell(
        f"The brand sews a label into each of {COUNT} bags: a code that everybody sees, and a"
        " hidden one of which the chain knows a hash. A scan is told:"
        f" “{words}”.",
        active,
        {"batch": batch_id, "label": label.serial},
        [
            *receipt_claims(made, root=root.hex(), count=COUNT),
            *stage.event_claims(active, 0, "batch_id", "first", "last"),
        ],
    )


def sell(label: Label, bag: Offer) -> str:
    """One bag is sold, and the order names it."""
    market, stage = label.market, label.stage
    bought = market.buy(BUYER, [(bag, 1)])
    market.tell_bought("The buyer orders a bag", bought)
    bind = CodeBind(label.gtin, label.serial, bytes.fromhex(bought.order_id), 0, None)
    bound = stage.send(market.party(SELLER), "code.bind", bind)
    stage.tell(
        f"The seller says which bag it is: {label.serial}, for {cny(BAG_MINOR)}.",
        bound,
        {"order": bought.order_id},
        stage.event_claims(bound, 0, "serial", "order_id", "buyer"),
    )
    parcel = market.ship(bought, (0, 1))
    market.deliver(parcel, bought.code)
    confirmed = market.confirm(BUYER, parcel)
    market.check()
    stage.tell(
        "The bag arrives and is paid, its seal unbroken.",
        confirmed,
        {"parcel": parcel},
        stage.event_claims(confirmed, 0, "order_id", "seller", "amount_minor"),
    )
    return bought.order_id


def suspected(label: Label) -> None:
    """A copier has printed the label many times."""
    outcome = label.scans(SCANS_BEFORE)
    words = label.expect("suspect")
    market = label.market
    found = market.chronicle.wait(20.0, "code.suspected", serial=label.serial)
    label.stage.tell(
        f"A copier prints the label by the hundred: {SCANS_BEFORE} scans in nine cities. One bag"
        f" can't be everywhere, so all that bear it are told: “{words}”.",
        outcome,
        {"signs": ", ".join(found["data"]["kinds"]), "receipt of the notice": found["receipt_id"]},
        placed_claims(found, "serial", "kinds", "brand", "holder"),
    )


def tapped(label: Label) -> None:
    """The tag inside makes a message that works once."""
    stage, brand = label.stage, label.market.party(SELLER)
    statement = TapStatement(stage.genesis_hash, label.gtin, label.serial, UID, 61, mac_right=True)
    signature = label.verifier.sign(tap_message(statement))
    tap = Tap(UID, 61, mac_right=True, signature=signature)
    first = label.scans(1, tap)
    (again,) = label.batches(1, tap)
    replayed = stage.decide(brand, [operation("scan.record", ScanRecord(tuple(again)))])
    stage.tell(
        "The bag's chip signs each tap with a counter; the brand's verifier says that tap 61 has"
        f" the key. Somebody who copied its address sends it again: {replayed.status}.",
        first,
        {"replayed": replayed.id},
        receipt_claims(replayed),
    )


def guessed(label: Label) -> None:
    """Two who have copies try first."""
    stage, market = label.stage, label.market
    refused = []
    for name in (COPIER, FORGER):
        party, guess = market.party(name), secrets.token_bytes(CODE_SIZE)
        stage.send(party, "code.claim_commit", label.commitment(party, guess))
        revealed = [operation("code.claim_reveal", label.reveal(party, guess))]
        refused.append(stage.decide(party, revealed))
    stage.tell(
        "Two who bought copies claim first. What is under their covers is made up, and refused:"
        f" {refused[0].status}.",
        refused[0],
        {"the other": refused[1].id},
        receipt_claims(refused[1]),
    )


def held_back(label: Label) -> None:
    """A validator sees the buyer's reveal before it is in a block, and tries to be quicker."""
    stage, market = label.stage, label.market
    buyer, thief = market.party(BUYER), _member(stage)
    commitment = stage.send(buyer, "code.claim_commit", label.commitment(buyer, label.hidden))
    stage.tell(
        "The buyer, third to claim, breaks the seal and commits: a hash, from which nobody learns"
        " what it is about.",
        commitment,
        {"time to reveal": market.pacing.duration("claim_ms")},
        stage.event_claims(commitment, 0, "account", "commitment", "until_ms"),
    )
    reveal = label.reveal(buyer, label.hidden)
    # A member that leads sees this reveal, keeps it from the others, and uses what it says.
    stage.send(thief, "code.claim_commit", label.commitment(thief, label.hidden))
    stolen = stage.send(thief, "code.claim_reveal", label.reveal(thief, label.hidden))
    revealed = stage.send(buyer, "code.claim_reveal", reveal)
    stage.tell(
        f"{thief.name}, a member whose node leads, sees the reveal first, holds it back, commits to"
        " the very code and reveals it. Then the buyer's reveal gets through: its commitment is"
        " older, so it leads. Whoever learns a code from a reveal is too late by then.",
        revealed,
        {"the thief's reveal": stolen.id},
        [*stage.event_claims(revealed, 0, "account", "former"), *receipt_claims(stolen)],
    )


def _member(stage: Stage) -> Party:
    return next(
        stage.party(place.name) for place in stage.testnet.accounts if place.role == "member"
    )


def claimed(label: Label) -> None:
    """Nobody acts; the clock does."""
    market = label.market
    found = market.await_clock(WAITS, "code.claimed", serial=label.serial)
    words = label.expect("claimed")
    label.stage.tell_of(
        "When the buyer's own time to reveal is over, no earlier commitment can come any more: the"
        f" bag is the buyer's. A scan is told: “{words}”.",
        {
            "clock": f"sys.code.claim: {market.pacing.rule('claim_ms')}",
            "receipt": found["receipt_id"],
            "height": str(found["height"]),
        },
        placed_claims(found, "account", "serial", "claimed_ms"),
    )


def told_to_strangers(label: Label) -> None:
    """Copies go on being scanned, and claimed."""
    stage, copier = label.stage, label.market.party(COPIER)
    outcome = label.scans(SCANS_AFTER)
    label.expect("claimed")
    text = str(label.verdict()["said"]["text"]["en"])
    # It has the code by now: it stands on the chain.
    label.salts.pop(copier)
    stage.send(copier, "code.claim_commit", label.commitment(copier, label.hidden))
    late = stage.decide(
        copier, [operation("code.claim_reveal", label.reveal(copier, label.hidden))]
    )
    stage.tell(
        f"{SCANS_AFTER} more scans of copies. Each is told: “{text}” The copier reads the hidden"
        f" code off the chain and claims with it: {late.status}.",
        outcome,
        {"late": late.id},
        receipt_claims(late),
    )


def proven(label: Label) -> None:
    """A look-alike page says what it likes; the members' certificate it can't make."""
    stage = label.stage
    data = stage.client.file(f"/v1/proof/code/{label.gtin}/{label.serial}")
    verified = verify_bundle(data, load_genesis(stage.testnet.directory / GENESIS))
    key = CODES.key(code_id(label.gtin, label.serial))
    rows = [fact.value for fact in verified.states if fact.key == key and fact.value is not None]
    owners = [CODES.read(row).claimed for row in rows]
    if [owner and owner.account for owner in owners] != [label.market.party(BUYER).account]:
        raise OutcomeUnproven("the proof is not of the buyer's claim")
    names = [member.name for member in verified.headers[-1].signers]
    stage.tell_of(
        f"A page that looks like ours can say anything. Checked without any node, {len(data)} bytes"
        " prove what the verdict rests on.",
        {"signed by": ", ".join(names), "page": f"/v/01/{label.gtin}/21/{label.serial}"},
        [],
    )


def passed_on(label: Label) -> None:
    """The buyer sells the bag on, with its past."""
    stage, market = label.stage, label.market
    buyer, neighbour = market.party(BUYER), market.party(NEIGHBOUR)
    transfer = ItemTransfer(label.gtin, label.serial, neighbour.account)
    passed = stage.send(buyer, "item.transfer", transfer, [neighbour])
    stage.tell(
        "A year later the buyer sells the bag to its neighbour. Both sign, and its past stays.",
        passed,
        {"serial": label.serial},
        stage.event_claims(passed, 0, "sender", "to", "serial"),
    )
