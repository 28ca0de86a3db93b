"""What a proof bundle proves, and by which rule each lie is refused."""

from dataclasses import replace

import pytest

from chain.block import Header, Receipt, transactions_root
from chain.bundle import (
    Anchor,
    Bundle,
    CommitteeStep,
    Proven,
    ReceiptClaim,
    StateClaim,
    encode_bundle,
)
from chain.bundle_check import TrustedHeader, verify_bundle
from chain.codec import encode
from chain.committee import Committee
from chain.committees import CommitteeRecord, state_key
from chain.errors import (
    AnchorUntrusted,
    CertificateInvalid,
    CommitteeUnproven,
    EncodingInvalid,
    EpochOver,
    EpochUnexpected,
    HeaderOutdated,
    HeadersContradict,
    LedgerError,
    ProofInvalid,
    StepUnneeded,
    VersionUnknown,
    WrongChain,
)
from chain.store_memory import MemoryStore
from chain.transaction import body_hash
from chain.tree import StateTree
from tests.chain.bundles import (
    ABSENT,
    BUSY,
    FIVE,
    FOUR,
    PRESENT,
    SEAL,
    small_chain,
)
from tests.chain.test_light_client import certified
from tests.chain.toy import COUNTERS, Counter
from tests.chain.world import genesis

CHAIN = small_chain()
GENESIS = CHAIN.genesis
FOUNDERS = GENESIS.committee()


def refused(bundle: Bundle, rule: type[LedgerError], trusted: TrustedHeader | None = None) -> None:
    with pytest.raises(rule) as caught:
        verify_bundle(encode_bundle(bundle), GENESIS, trusted=trusted)
    assert caught.type is rule


def resigned(header: Header, by: Committee, *claims: StateClaim) -> Proven:
    """A header that members of a committee certify, whether or not they may."""
    return Proven(header, certified(header, by), claims, (), ())


# What doesn't: who decides.


def test_a_bundle_of_another_chain_is_refused() -> None:
    data = encode_bundle(CHAIN.bundle(CHAIN.states(2, PRESENT)))
    with pytest.raises(WrongChain):
        verify_bundle(data, genesis(time_scale=2))
    refused(replace(CHAIN.bundle(CHAIN.states(2, PRESENT)), genesis_hash=bytes(32)), WrongChain)


def test_a_missing_step_is_noticed() -> None:
    for steps in ((), CHAIN.steps(0, 1)):
        refused(CHAIN.bundle(CHAIN.states(SEAL, PRESENT), steps=steps), EpochUnexpected)
    refused(CHAIN.bundle(CHAIN.states(SEAL, PRESENT), steps=CHAIN.steps(1, 2)), EpochUnexpected)


def test_a_step_that_nothing_needs_is_refused() -> None:
    refused(CHAIN.bundle(CHAIN.states(2, PRESENT), steps=CHAIN.steps(0, 1)), StepUnneeded)
    refused(CHAIN.bundle(CHAIN.states(5, PRESENT), steps=CHAIN.steps()), StepUnneeded)


def test_a_step_shown_twice_or_out_of_order_is_refused() -> None:
    first, second = CHAIN.steps()
    proven = CHAIN.states(SEAL, PRESENT)
    for steps in ((first, first, second), (second, first)):
        refused(CHAIN.bundle(proven, steps=steps), EpochUnexpected)
    refused(CHAIN.bundle(proven, steps=(first, second, second)), EpochOver)


def test_a_step_names_its_committee_and_no_other() -> None:
    first, second = CHAIN.steps()
    proven = CHAIN.states(SEAL, PRESENT)
    for committee in (FOUNDERS, FOUR, replace(FIVE, members=FIVE.members[:4])):
        steps = (replace(first, committee=committee), second)
        refused(CHAIN.bundle(proven, steps=steps), CommitteeUnproven)
    idle = CHAIN.at(1)
    step = CommitteeStep(idle.header, idle.certificate, FIVE)
    refused(CHAIN.bundle(CHAIN.states(5, PRESENT), steps=(step,)), CommitteeUnproven)


def test_the_old_committee_has_no_word_above_its_last_header() -> None:
    above = replace(CHAIN.at(4).header, epoch=0)
    claim = CHAIN.at(4).claims[PRESENT]
    proven = (resigned(above, FOUNDERS, claim), CHAIN.states(5, PRESENT))
    refused(CHAIN.bundle(*proven), EpochOver)


def test_a_new_committee_has_no_word_below_its_first_height() -> None:
    below = replace(CHAIN.at(3).header, epoch=1, time_ms=5)
    proven = resigned(below, FIVE, CHAIN.at(3).claims[PRESENT])
    refused(CHAIN.bundle(proven), HeadersContradict)
    refused(CHAIN.bundle(resigned(replace(below, height=2), FIVE, *proven.states)), HeaderOutdated)
    ground = replace(below, height=0, epoch=0)
    refused(CHAIN.bundle(resigned(ground, FOUNDERS, *proven.states)), HeaderOutdated)


def test_a_certificate_one_short_is_none() -> None:
    for height in (2, 5, SEAL):
        proven = CHAIN.states(height, PRESENT)
        fewer = replace(proven.certificate, signatures=proven.certificate.signatures[:-1])
        refused(CHAIN.bundle(replace(proven, certificate=fewer)), CertificateInvalid)
    first, second = CHAIN.steps()
    fewer = replace(first.certificate, signatures=first.certificate.signatures[1:])
    steps = (replace(first, certificate=fewer), second)
    refused(CHAIN.bundle(CHAIN.states(SEAL, PRESENT), steps=steps), CertificateInvalid)


def test_a_certificate_of_another_header_or_of_other_people_is_none() -> None:
    proven = CHAIN.states(5, PRESENT)
    other = CHAIN.at(4).certificate
    refused(CHAIN.bundle(replace(proven, certificate=other)), CertificateInvalid)
    refused(CHAIN.bundle(resigned(proven.header, FOUNDERS, *proven.states)), CertificateInvalid)
    moved = replace(proven.certificate, height=6)
    refused(CHAIN.bundle(replace(proven, certificate=moved)), CertificateInvalid)


def test_a_header_of_another_format_or_chain_is_refused() -> None:
    header, claim = CHAIN.at(2).header, CHAIN.at(2).claims[PRESENT]
    versioned = replace(header, version=2)
    refused(CHAIN.bundle(resigned(versioned, FOUNDERS, claim)), VersionUnknown)
    foreign = replace(header, genesis_hash=bytes(32))
    refused(CHAIN.bundle(resigned(foreign, FOUNDERS, claim)), WrongChain)


def test_two_headers_of_one_height_are_refused_even_if_a_quorum_signed_both() -> None:
    named = CHAIN.at(6).header
    forked = replace(named, time_ms=named.time_ms + 1)
    proven = (resigned(forked, FIVE, CHAIN.at(6).claims[PRESENT]), CHAIN.states(SEAL, PRESENT))
    refused(CHAIN.bundle(*proven), HeadersContradict)
    trusted = TrustedHeader(2, bytes(32))
    refused(CHAIN.bundle(CHAIN.states(2, PRESENT)), HeadersContradict, trusted)


# What doesn't: where it starts.


def anchored(anchor: Anchor) -> Bundle:
    return replace(CHAIN.bundle(CHAIN.states(5, PRESENT), steps=()), anchor=anchor)


def test_an_anchor_counts_only_if_it_is_the_header_that_is_trusted() -> None:
    good = anchored(CHAIN.anchor(5))
    verify_bundle(encode_bundle(good), GENESIS, trusted=CHAIN.trusted(5))
    refused(good, AnchorUntrusted)
    refused(good, AnchorUntrusted, CHAIN.trusted(6))
    refused(good, HeadersContradict, TrustedHeader(5, bytes(32)))
    changed = replace(CHAIN.anchor(6), header=replace(CHAIN.anchor(6).header, time_ms=1))
    refused(anchored(changed), HeadersContradict, CHAIN.trusted(6))


def test_the_committee_of_an_anchor_is_proven_by_its_state() -> None:
    good = CHAIN.anchor(5)
    smaller = replace(FIVE, members=FIVE.members[:4])
    wrong = [
        replace(good, committee=CommitteeRecord(smaller, 4)),
        replace(good, committee=CommitteeRecord(FIVE, 3)),
        replace(good, proof=good.proof[:-96]),
        replace(good, proof=CHAIN.anchor(8).proof),
    ]
    for anchor in wrong:
        refused(anchored(anchor), ProofInvalid, CHAIN.trusted(5))


def test_an_anchor_has_the_committee_of_its_own_epoch() -> None:
    good = CHAIN.anchor(5)
    later = replace(good, committee=CommitteeRecord(FOUR, 5))
    refused(anchored(later), AnchorUntrusted, CHAIN.trusted(5))
    ahead = replace(good, committee=CommitteeRecord(FIVE, 6))
    refused(anchored(ahead), AnchorUntrusted, CHAIN.trusted(5))
    entry = CHAIN.at(2)
    first = Anchor(entry.header, CommitteeRecord(FOUNDERS, 0), entry.claims[state_key(1)].proof)
    bundle = replace(CHAIN.bundle(CHAIN.states(2, PRESENT)), anchor=first)
    refused(bundle, AnchorUntrusted, CHAIN.trusted(2))


def test_an_anchor_is_of_this_chain_and_of_a_known_version() -> None:
    for changes, rule in (({"version": 2}, VersionUnknown), ({"genesis_hash": FIVE}, WrongChain)):
        values = {name: bytes(32) if value is FIVE else 2 for name, value in changes.items()}
        header = replace(CHAIN.at(6).header, **values)  # type: ignore[arg-type]
        anchor = replace(CHAIN.anchor(6), header=header)
        refused(anchored(anchor), rule, TrustedHeader(6, header.digest()))


def test_headers_below_the_epoch_of_the_anchor_are_not_proven_by_it() -> None:
    bundle = replace(CHAIN.bundle(CHAIN.states(2, PRESENT), steps=()), anchor=CHAIN.anchor(5))
    refused(bundle, EpochUnexpected, CHAIN.trusted(5))
    passed = replace(
        CHAIN.bundle(CHAIN.states(SEAL, PRESENT), steps=CHAIN.steps()), anchor=CHAIN.anchor(5)
    )
    refused(passed, EpochUnexpected, CHAIN.trusted(5))


def test_a_step_below_the_trusted_header_contradicts_it() -> None:
    """The trusted header is of epoch 1 at height 6, so that its epoch can't have ended at 5."""
    header = replace(CHAIN.at(5).header, next_committee_hash=FOUR.hash(), time_ms=1)
    step = CommitteeStep(header, certified(header, FIVE), FOUR)
    bundle = replace(
        CHAIN.bundle(CHAIN.states(SEAL, PRESENT), steps=(step,)), anchor=CHAIN.anchor(6)
    )
    refused(bundle, HeaderOutdated, CHAIN.trusted(6))


# What doesn't: the claims.


def test_no_other_value_key_or_height_is_proven() -> None:
    good = CHAIN.states(5, PRESENT)
    (claim,) = good.states
    other = encode(Counter(999))
    wrong = [
        replace(claim, value=other),
        replace(claim, value=None),
        replace(claim, value=b""),
        replace(claim, key=PRESENT[:-1] + b"\x01"),
        replace(claim, proof=claim.proof + bytes(192)),
        replace(claim, proof=CHAIN.at(SEAL).claims[PRESENT].proof),
        StateClaim(ABSENT, other, CHAIN.at(5).claims[ABSENT].proof),
        CHAIN.at(8).claims[PRESENT],
    ]
    for lie in wrong:
        refused(CHAIN.bundle(replace(good, states=(lie,))), ProofInvalid)


def test_no_other_transaction_place_or_path_is_proven() -> None:
    good = CHAIN.transactions(BUSY, 3)
    (claim,) = good.transactions
    bodies = CHAIN.at(BUSY).block.bodies
    wrong = [
        replace(claim, index=2),
        replace(claim, index=5),
        replace(claim, index=2**32 - 1),
        replace(claim, raw=bodies[2]),
        replace(claim, raw=b""),
        replace(claim, path=claim.path[:-1]),
        replace(claim, path=(*claim.path, bytes(32))),
        replace(claim, path=claim.path[::-1]),
    ]
    for lie in wrong:
        refused(CHAIN.bundle(replace(good, transactions=(lie,))), ProofInvalid)
    elsewhere = replace(CHAIN.states(8, PRESENT), states=(), transactions=(claim,))
    refused(CHAIN.bundle(elsewhere), ProofInvalid)


def test_no_other_receipt_side_or_path_is_proven() -> None:
    good = CHAIN.receipts(BUSY, 3)
    (claim,) = good.receipts
    first, *rest = claim.path
    failed = Receipt(claim.receipt.id, "CounterFull", 0, ())
    wrong = [
        replace(claim, receipt=failed),
        replace(claim, path=(bytes([first[0] ^ 1]) + first[1:], *rest)),
        replace(claim, path=(b"\x02" + first[1:], *rest)),
        replace(claim, path=tuple(rest)),
        replace(claim, path=(*claim.path, b"\x01" + bytes(32))),
    ]
    for lie in wrong:
        refused(CHAIN.bundle(replace(good, receipts=(lie,))), ProofInvalid)


def test_a_third_side_is_none_wherever_the_sibling_stands() -> None:
    for index, side in ((0, b"\x01"), (1, b"\x00")):
        good = CHAIN.receipts(BUSY, index)
        (claim,) = good.receipts
        first, *rest = claim.path
        assert first[:1] == side
        lie = replace(claim, path=(b"\x02" + first[1:], *rest))
        refused(CHAIN.bundle(replace(good, receipts=(lie,))), ProofInvalid)


def test_an_outcome_is_not_in_the_header_of_its_own_block() -> None:
    (claim,) = CHAIN.receipts(8, 0).receipts
    for height in (8, SEAL):
        wrong = replace(CHAIN.states(height, PRESENT), states=(), receipts=(claim,))
        refused(CHAIN.bundle(wrong), ProofInvalid)


def test_no_inner_node_passes_for_a_receipt_or_a_transaction() -> None:
    """A path one shorter would need a receipt whose bytes are two hashes."""
    (claim,) = CHAIN.receipts(BUSY, 3).receipts
    shorter = ReceiptClaim(Receipt(claim.path[0][1:], "ok", None, ()), claim.path[1:])
    refused(CHAIN.bundle(replace(CHAIN.receipts(BUSY, 3), receipts=(shorter,))), ProofInvalid)


def test_what_a_quorum_calls_a_transaction_must_be_one() -> None:
    raw = b"\x92\xc4\x00\x90"
    lie = replace(CHAIN.transactions(8, 0).transactions[0], raw=raw, path=())
    header = replace(CHAIN.at(2).header, transactions_root=transactions_root([body_hash(raw)]))
    proven = replace(resigned(header, FOUNDERS), transactions=(lie,))
    refused(CHAIN.bundle(proven), EncodingInvalid)


# The judge, and the tree.


def test_the_judge_of_signatures_can_be_chosen() -> None:
    data = encode_bundle(CHAIN.bundle(CHAIN.states(SEAL, PRESENT)))
    with pytest.raises(CertificateInvalid):
        verify_bundle(data, GENESIS, verify=lambda *_: False)


def test_a_value_of_a_grown_state_is_proven_as_one_of_a_small_state() -> None:
    tree = StateTree.open(MemoryStore(), b"t")
    rows: dict[bytes, bytes] = {
        COUNTERS.key(bytes([i % 256, i // 256])): b"\x01" for i in range(2_000)
    }
    tree.commit(tree.stage(rows))
    header = replace(CHAIN.at(2).header, state_root=tree.root)
    absent = COUNTERS.key(b"\xff\xff")
    for key, value in ((absent, None), (next(iter(rows)), b"\x01")):
        proven = resigned(header, FOUNDERS, StateClaim(key, value, tree.prove(key)))
        made = verify_bundle(encode_bundle(CHAIN.bundle(proven)), GENESIS)
        assert made.states[0].value == value
