"""What a proof bundle proves: checked from the genesis or a trusted header, without a node.

Nothing in a bundle is believed: committees are followed by certified headers
(`chain.light_client`), and every claim leads to a root of one. docs/protocol-proofs.md tells the
same steps in the same order for other languages.
"""

from chain import crypto, merkle
from chain.block import BLOCK_VERSION, Header, SignatureVerifier
from chain.bundle import (
    LEFT,
    RIGHT,
    Anchor,
    Bundle,
    Proven,
    ReceiptClaim,
    StateClaim,
    TransactionClaim,
    read_bundle,
)
from chain.bundle_facts import (
    CertifiedHeader,
    ReceiptFact,
    StateFact,
    TransactionFact,
    TrustedHeader,
    Verified,
    Vouched,
)
from chain.codec import decode, encode
from chain.committee import Committee, Member
from chain.committees import state_key
from chain.errors import (
    AnchorUntrusted,
    EpochOver,
    HeadersContradict,
    ProofInvalid,
    ProofStale,
    StepUnneeded,
    VersionUnknown,
    WrongChain,
)
from chain.genesis import Genesis
from chain.head import check_heads
from chain.light_client import CommitteeChain
from chain.transaction import SignedTransaction, Transaction, body_hash, transaction_id
from chain.tree_proof import verify_proof

__all__ = ["TrustedHeader", "Verified", "verify_bundle"]


def verify_bundle(
    data: bytes,
    genesis: Genesis,
    *,
    trusted: TrustedHeader | None = None,
    now_ms: int | None = None,
    max_age_ms: int | None = None,
    verify: SignatureVerifier = crypto.verify,
) -> Verified:
    """Check a bundle's file wholly, or raise the `LedgerError` that names what doesn't hold.

    With `max_age_ms` (and then `now_ms`) what it proves must be that fresh (`ProofStale`).
    """
    bundle = read_bundle(data)
    if bundle.genesis_hash != genesis.hash():
        given = f"{genesis.chain_id}, {genesis.hash().hex()}"
        msg = (
            f"a proof about the chain {bundle.genesis_hash.hex()}; the genesis given is of {given}"
        )
        raise WrongChain(msg)
    heights = _check_one_header_a_height(bundle, trusted)
    follower = _start(bundle, genesis, trusted, verify)
    signers = _follow(bundle, follower)
    newest, committee = bundle.proven[-1].header, follower.committee
    check_heads(bundle.heads, newest, committee, verify)
    vouched = tuple(
        Vouched(committee.members[entry.member], entry.time_ms) for entry in bundle.heads
    )
    drift_ms = genesis.consensus.clock_drift_max_ms
    if max_age_ms is not None:
        assert now_ms is not None, "an age is asked for at some time"
        _check_age(newest, committee, vouched, (now_ms - max_age_ms, now_ms + drift_ms))
    headers = tuple(
        _proven(entry, names) for entry, names in zip(bundle.proven, signers, strict=True)
    )
    as_of_ms = _as_of_ms(newest, committee, vouched)
    shown = trusted if trusted is not None and trusted.height in heights else None
    return Verified(bundle.genesis_hash, committee, shown, headers, vouched, as_of_ms)


def _check_one_header_a_height(bundle: Bundle, trusted: TrustedHeader | None) -> list[int]:
    """No two certified headers of one height differ, nor one from what the verifier trusts; the
    heights shown.
    """
    known = {} if trusted is None else {trusted.height: trusted.digest}
    shown = [] if bundle.anchor is None else [bundle.anchor.header]
    shown += [step.header for step in bundle.steps]
    shown += [entry.header for entry in bundle.proven]
    for header in shown:
        if known.setdefault(header.height, header.digest()) != header.digest():
            msg = f"another header at height {header.height} is known"
            raise HeadersContradict(msg)
    return [header.height for header in shown]


def _start(
    bundle: Bundle, genesis: Genesis, trusted: TrustedHeader | None, verify: SignatureVerifier
) -> CommitteeChain:
    """Who decides, as far as is known before the first step."""
    anchor = bundle.anchor
    if anchor is None:
        return CommitteeChain.of(genesis, verify)
    header = anchor.header
    if trusted is None or trusted != TrustedHeader(header.height, header.digest()):
        msg = f"it starts from the header at height {header.height}: {header.digest().hex()}"
        raise AnchorUntrusted(msg)
    _check_anchor(anchor, bundle.genesis_hash)
    record = anchor.committee
    # The header itself may be the one that names the next committee.
    height = header.height - 1
    return CommitteeChain(
        bundle.genesis_hash, record.committee, record.first_height, height, verify
    )


def _check_anchor(anchor: Anchor, genesis_hash: bytes) -> None:
    """A trusted header says by its state root which committee its epoch has."""
    header, record = anchor.header, anchor.committee
    if header.version != BLOCK_VERSION:
        msg = f"header version {header.version}; this software speaks {BLOCK_VERSION}"
        raise VersionUnknown(msg)
    if header.genesis_hash != genesis_hash:
        msg = "the trusted header is of another chain"
        raise WrongChain(msg)
    if not 0 < header.epoch == record.committee.epoch:
        msg = f"a header of epoch {header.epoch}, a committee of epoch {record.committee.epoch}"
        raise AnchorUntrusted(msg)
    if not 0 < record.first_height <= header.height:
        msg = f"the epoch begins at {record.first_height}, the header is at {header.height}"
        raise AnchorUntrusted(msg)
    key, value = state_key(header.epoch), encode(record)
    if not verify_proof(header.state_root, key, value, anchor.proof):
        msg = "the state under the trusted header has another committee"
        raise ProofInvalid(msg)


def _follow(bundle: Bundle, follower: CommitteeChain) -> list[tuple[Member, ...]]:
    """Check each header by the committee of its epoch; who certified it."""
    waiting = list(bundle.proven)
    signers = []
    for step in bundle.steps:
        while waiting and waiting[0].header.epoch == follower.committee.epoch:
            entry = waiting.pop(0)
            if entry.header.height > step.header.height:
                msg = f"height {entry.header.height}, the epoch ended at {step.header.height}"
                raise EpochOver(msg)
            signers.append(_signers(entry, follower))
        follower.advance(step.header, step.certificate, step.committee)
    if not waiting:
        msg = f"no header of epoch {follower.committee.epoch} is shown"
        raise StepUnneeded(msg)
    return signers + [_signers(entry, follower) for entry in waiting]


def _signers(entry: Proven, follower: CommitteeChain) -> tuple[Member, ...]:
    follower.check(entry.header, entry.certificate)
    members = follower.committee.members
    return tuple(members[commit.member] for commit in entry.certificate.signatures)


def _check_age(
    header: Header, committee: Committee, vouched: tuple[Vouched, ...], window: tuple[int, int]
) -> None:
    """Raise `ProofStale` unless the header is of the window or f+1 members vouched in it."""
    first_ms, last_ms = window
    if first_ms <= header.time_ms <= last_ms:
        return
    if header.time_ms > last_ms:
        msg = f"the header's time is {header.time_ms - last_ms} ms ahead of this clock"
        raise ProofStale(msg)
    timely = [entry for entry in vouched if first_ms <= entry.time_ms <= last_ms]
    if not _nothing_hidden(header) or len(timely) < committee.weak_quorum:
        too_old_s = (first_ms - header.time_ms) // 1_000
        said = f"{len(timely)} of {len(vouched)} head statements in it are young enough"
        if not vouched:
            said = "no head statements in it say that it is still the newest"
        msg = f"{too_old_s} s older than asked for; {said}, {committee.weak_quorum} are needed"
        raise ProofStale(msg)


def _nothing_hidden(header: Header) -> bool:
    """May the header's state stand for the time after it? A block's own results come one above."""
    return header.transactions_count == 0


def _as_of_ms(header: Header, committee: Committee, vouched: tuple[Vouched, ...]) -> int:
    """One of any f+1 members is correct: the time that f+1 reach, one correct member reaches."""
    times = sorted((entry.time_ms for entry in vouched), reverse=True)
    if not _nothing_hidden(header) or len(times) < committee.weak_quorum:
        return header.time_ms
    return max(header.time_ms, times[committee.weak_quorum - 1])


def _proven(entry: Proven, signers: tuple[Member, ...]) -> CertifiedHeader:
    """Every claim under a certified header, led to its root."""
    header = entry.header
    return CertifiedHeader(
        header,
        signers,
        tuple(_state(claim, header) for claim in entry.states),
        tuple(_transaction(claim, header) for claim in entry.transactions),
        tuple(_receipt(claim, header) for claim in entry.receipts),
    )


def _state(claim: StateClaim, header: Header) -> StateFact:
    if not verify_proof(header.state_root, claim.key, claim.value, claim.proof):
        msg = f"the state proof of {claim.key!r} does not lead to the header's state root"
        raise ProofInvalid(msg)
    return StateFact(claim.key, claim.value, header.height - 1, header.time_ms)


def _transaction(claim: TransactionClaim, header: Header) -> TransactionFact:
    leaf = merkle.leaf_hash(body_hash(claim.raw))
    size, root = header.transactions_count, header.transactions_root
    merkle.verify_inclusion(leaf, claim.index, size, claim.path, root)
    signed = decode(SignedTransaction, claim.raw)
    return TransactionFact(
        transaction_id(signed.content),
        header.height,
        claim.index,
        header.time_ms,
        decode(Transaction, signed.content),
        signed,
    )


def _receipt(claim: ReceiptClaim, header: Header) -> ReceiptFact:
    computed = merkle.leaf_hash(encode(claim.receipt))
    for entry in claim.path:
        side, sibling = entry[:1], entry[1:]
        if side not in (LEFT, RIGHT):
            msg = f"side {side.hex()} in a receipt's path"
            raise ProofInvalid(msg)
        pair = (sibling, computed) if side == LEFT else (computed, sibling)
        computed = merkle.node_hash(*pair)
    if computed != header.receipts_root:
        msg = f"the path of receipt {claim.receipt.id.hex()} does not lead to the receipts root"
        raise ProofInvalid(msg)
    return ReceiptFact(claim.receipt, header.height - 1)
