"""A brand with a batch of codes: names for what its tests do again and again."""

from collections.abc import Sequence

from chain.crypto import sha256
from chain.genesis import Genesis
from chain.merkle import leaf_hash
from commerce.codes.batch import BATCH_CODES_MAX
from commerce.codes.batching import CodeActivate, CodeBatch
from commerce.codes.claiming import ClaimCommit, ClaimReveal
from commerce.codes.items import Code, Membership, find_code
from commerce.codes.scanning import Scan, ScanRecord
from commerce.codes.serials import ClaimSeal, Leaf, claim_code_hash, leaf_bytes, seal_of
from commerce.codes.stretches import levels_of, stretch_path
from commerce.codes.taps import Tap, TapStatement, tap_message
from commerce.codes.views import VerdictView, verdict_view
from commerce.epcis.stored_index import StoredIndex
from commerce.roles import RoleGrant
from tests.commerce.shop import TEA, Shop
from tests.commerce.world import QUORUM, account, key, private_key

COUNT = 10
SHANGHAI, BEIJING, GUANGZHOU = "wtw3", "wx4f", "ws0e"
VERIFIER = "verifier"
UID = bytes.fromhex("04de5f1eacc040")


def serial_of(index: int) -> str:
    """The serial at a place of the batch."""
    return f"S{index}"


def hidden(index: int) -> bytes:
    """Its hidden code."""
    return sha256(f"hidden {index}".encode())[:12]


def salt_of(name: str) -> bytes:
    """A claimant's salt."""
    return sha256(f"salt of {name}".encode())


LEAVES = tuple(Leaf(serial_of(i), claim_code_hash(hidden(i))) for i in range(COUNT))
LEVELS = levels_of([leaf_hash(leaf_bytes(leaf)) for leaf in LEAVES])
ROOT = LEVELS[-1][0]


class Atelier(Shop):
    """The merchant is the brand of tea, which has a batch of ten codes, all active and shown;
    `gateway` has that role.
    """

    def __init__(self, founding: Genesis | None = None, *, shown: bool = True) -> None:
        super().__init__(founding)
        grant = RoleGrant(account("inspector"), "gateway", "", None)
        self.done("m0", ("role.grant", grant), with_=QUORUM)
        made = self.done("merchant", ("code.batch", batch()))[0].data["batch_id"]
        assert isinstance(made, bytes)
        self.batch_id = made
        if shown:
            self.activate(0, COUNT - 1)

    def activate(self, first: int, last: int) -> None:
        """Activate a stretch with its leaves."""
        self.done("merchant", ("code.activate", self.activation(first, last)))

    def activation(self, first: int, last: int) -> CodeActivate:
        """A stretch with its leaves."""
        path = stretch_path(LEVELS, first, last - first + 1)
        return CodeActivate(self.batch_id, first, last, LEAVES[first : last + 1], path)

    def member(self, index: int, batch_id: bytes | None = None) -> Membership:
        """What shows a code."""
        path = stretch_path(LEVELS, index, 1)
        return Membership(batch_id or self.batch_id, index, LEAVES[index].claim_hash, path)

    def another_batch(self) -> bytes:
        """A second batch of the very same codes: a mistake of the brand."""
        made = self.done("merchant", ("code.batch", batch()))[0].data["batch_id"]
        assert isinstance(made, bytes)
        return made

    def scan(
        self,
        index: int = 0,
        cell: str = SHANGHAI,
        *,
        by: bytes = bytes(32),
        ago_ms: int = 0,
        tap: Tap | None = None,
    ) -> Scan:
        """A scan of a known code."""
        return Scan(TEA, serial_of(index), by, self.time_ms - ago_ms, cell, None, tap)

    def scanned(self, *scans: Scan, sender: str = "inspector") -> None:
        """The gateway sends some."""
        self.done(sender, ("scan.record", ScanRecord(scans)))

    def tap(self, counter: int, index: int = 0, *, mac_right: bool = True, uid: bytes = UID) -> Tap:
        """A verdict, signed by the brand's verifier."""
        statement = TapStatement(
            self.chain.genesis_hash, TEA, serial_of(index), uid, counter, mac_right
        )
        return Tap(uid, counter, mac_right, private_key(VERIFIER).sign(tap_message(statement)))

    def committed(self, name: str, index: int = 0) -> None:
        """It does."""
        self.done(name, ("code.claim_commit", commitment(name, index)))

    def revealed(self, name: str, index: int = 0) -> None:
        """It reveals."""
        self.done(name, ("code.claim_reveal", reveal(name, index)))

    def code(self, index: int = 0) -> Code:
        """The code's row."""
        return find_code(self.state, TEA, serial_of(index))

    def verdict(self, index: int = 0) -> VerdictView:
        """What a scan is told."""
        return verdict_view(self.state, StoredIndex(self.state.index), TEA, serial_of(index))

    def kinds(self, index: int = 0) -> Sequence[str]:
        """The signs of copies that the code shows."""
        return [signal.kind for signal in self.code(index).signals]


def batch(gtin: str = TEA, lot: str | None = "L1", verifier: bytes | None = None) -> CodeBatch:
    """The batch."""
    assert COUNT < BATCH_CODES_MAX
    return CodeBatch(gtin, lot, COUNT, ROOT, verifier or key(VERIFIER))


def commitment(
    name: str, index: int = 0, *, code: bytes | None = None, serial: str | None = None
) -> ClaimCommit:
    """What a claimant commits to."""
    sealed = ClaimSeal(
        TEA, serial or serial_of(index), code or hidden(index), account(name), salt_of(name)
    )
    return ClaimCommit(seal_of(sealed))


def reveal(
    name: str,
    index: int = 0,
    *,
    code: bytes | None = None,
    serial: str | None = None,
    member: Membership | None = None,
) -> ClaimReveal:
    """What opens it."""
    shown = serial or serial_of(index)
    return ClaimReveal(TEA, shown, code or hidden(index), salt_of(name), member)
