"""Vectors of proof bundles: of each kind a good one, and for each rule what it refuses."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from chain.block import Header, Receipt
from chain.bundle import (
    BUNDLE_FORMAT,
    Bundle,
    CommitteeStep,
    Proven,
    bundle_check_sum,
    encode_bundle,
)
from chain.bundle_check import TrustedHeader, verify_bundle
from chain.codec import encode, pack, unpack
from chain.committee import Committee
from chain.committees import CommitteeRecord
from chain.errors import LedgerError
from tests.vectors.make_committees import certified
from tests.vectors.material import TIME_MS, Json, genesis
from tests.vectors.proof_chain import (
    ABSENT,
    ACCOUNT,
    BUSY,
    CAPTURED,
    PRESENT,
    SEAL,
    ProvenChain,
    made_chain,
)

NOW_MS = TIME_MS + 86_400_000
HOUR_MS = 3_600_000
HASH_SIZE = 32


def proofs() -> Json:
    """Good bundles with all that they prove, bad ones with the rule that refuses them."""
    chain = made_chain()
    good, bad = _good(chain), {**_bad_files(chain), **_bad_chains(chain), **_bad_claims(chain)}
    return {
        "genesis": encode(genesis()).hex(),
        "good": [_good_row(name, *case) for name, case in good.items()],
        "refused": [_bad_row(name, *case) for name, case in bad.items()],
    }


Asked = dict[str, Any]
AGED: Asked = {"now_ms": NOW_MS, "max_age_ms": HOUR_MS}


def _good(chain: ProvenChain) -> dict[str, tuple[Bundle, Asked]]:
    event = chain.states(SEAL, CAPTURED)
    vouched = replace(
        chain.bundle(chain.states(SEAL, ABSENT)),
        heads=chain.heads(SEAL, NOW_MS - 1, None, NOW_MS + 2, 0),
    )
    several = (
        _merged(chain.states(2, PRESENT, ACCOUNT), chain.outcomes(1, 0)),
        chain.sent(5, 0),
        _merged(chain.outcomes(BUSY, 0, 1, 2), chain.states(SEAL, PRESENT, ABSENT)),
    )
    from_header = chain.anchored(5, chain.states(SEAL, PRESENT))
    below = chain.anchored(7, chain.sent(4, 0))
    return {
        "a balance": (chain.bundle(chain.states(SEAL, PRESENT)), {}),
        "an absent order": (chain.bundle(chain.states(2, ABSENT)), {}),
        "a transaction": (chain.bundle(chain.sent(BUSY, 1)), {}),
        "a failed transaction's receipt": (chain.bundle(chain.outcomes(BUSY, 2)), {}),
        "an event": (chain.bundle(chain.sent(4, 0), chain.outcomes(4, 0), event), {}),
        "claims of three epochs": (chain.bundle(*several), {}),
        "from a trusted header": (from_header, {"trusted": chain.trusted(5)}),
        "below a trusted header that names the next committee": (
            below,
            {"trusted": chain.trusted(7)},
        ),
        "from the genesis, with a header trusted besides": (
            chain.bundle(chain.states(SEAL, PRESENT)),
            {"trusted": chain.trusted(7)},
        ),
        "old, and vouched for by f + 1": (vouched, AGED),
        "young": (
            chain.bundle(chain.states(SEAL, ABSENT)),
            {"now_ms": TIME_MS + HOUR_MS, "max_age_ms": HOUR_MS},
        ),
    }


def _merged(*proven: Proven) -> Proven:
    return replace(
        proven[0],
        states=tuple(claim for entry in proven for claim in entry.states),
        receipts=tuple(claim for entry in proven for claim in entry.receipts),
    )


Case = tuple[Bundle | bytes, str, Asked]


def _bad_files(chain: ProvenChain) -> dict[str, Case]:
    good = encode_bundle(chain.bundle(chain.states(2, ABSENT)))
    content = good[:-HASH_SIZE]
    values = unpack(content)
    text = bytearray(good)
    text[content.index(ABSENT)] ^= 1
    two = chain.states(2, ABSENT, PRESENT)
    turned = sorted(two.states, key=lambda claim: claim.key, reverse=True)
    return {
        "a letter of the absent key": (bytes(text), "BundleDamaged", {}),
        "nothing": (b"", "BundleDamaged", {}),
        "one byte more": (_sealed(content + b"\xc0"), "EncodingInvalid", {}),
        "not the shortest form": (
            _sealed(b"\xdc\x00\x07" + content[1:]),
            "EncodingInvalid",
            {},
        ),
        "another format": (_sealed(pack(("proof", *values[1:]))), "BundleMalformed", {}),
        "another version": (_sealed(pack((values[0], 2, *values[2:]))), "VersionUnknown", {}),
        "true as version": (_sealed(pack((values[0], True, *values[2:]))), "VersionUnknown", {}),
        "a field too many": (_sealed(pack((*values, None))), "EncodingInvalid", {}),
        "nothing claimed": (
            chain.bundle(replace(two, states=())),
            "BundleMalformed",
            {},
        ),
        "keys that descend": (_as_given(replace(two, states=tuple(turned))), "BundleMalformed", {}),
        "a key twice": (_as_given(replace(two, states=two.states[:1] * 2)), "BundleMalformed", {}),
        "no header": (replace(chain.bundle(two), proven=()), "EncodingInvalid", {}),
    }


def _sealed(content: bytes) -> bytes:
    return content + bundle_check_sum(content)


def _as_given(*proven: Proven) -> bytes:
    """Without putting claims in order."""
    bundle = Bundle(genesis().hash(), None, (), proven, ())
    return _sealed(pack((BUNDLE_FORMAT, 1, *unpack(encode(bundle)))))


def _bad_chains(chain: ProvenChain) -> dict[str, Case]:
    return {**_bad_steps(chain), **_bad_headers(chain), **_bad_anchors(chain), **_bad_ages(chain)}


def _bad_steps(chain: ProvenChain) -> dict[str, Case]:
    late, middle = chain.states(SEAL, PRESENT), chain.states(5, PRESENT)
    first, second = chain.steps(0, 2)
    other = replace(first, committee=replace(first.committee, members=first.committee.members[:4]))

    def steps(*shown: CommitteeStep, proven: Proven = late) -> Bundle:
        return replace(chain.bundle(proven), steps=shown)

    return {
        "another chain": (replace(chain.bundle(late), genesis_hash=bytes(32)), "WrongChain", {}),
        "a missing step": (steps(first), "EpochUnexpected", {}),
        "a step twice": (steps(first, first, second), "EpochUnexpected", {}),
        "a step too many": (steps(first, second, proven=middle), "StepUnneeded", {}),
        "another committee than the named one": (steps(other, second), "CommitteeUnproven", {}),
    }


def _bad_headers(chain: ProvenChain) -> dict[str, Case]:
    founders, second = chain.at(1).committee, chain.at(5).committee
    late, early = chain.states(SEAL, PRESENT), chain.states(2, PRESENT)
    above = replace(chain.at(4).header, epoch=0)
    below = replace(chain.at(2).header, epoch=1)
    forked = replace(chain.at(7).header, time_ms=chain.at(7).header.time_ms + 1)
    fewer = replace(late.certificate, signatures=late.certificate.signatures[:-1])
    versioned = replace(chain.at(2).header, version=2)
    return {
        "the old committee above its last header": (
            chain.bundle(_resigned(above, founders, early), chain.states(5, PRESENT)),
            "EpochOver",
            {},
        ),
        "a new committee below its first height": (
            chain.bundle(_resigned(below, second, early)),
            "HeaderOutdated",
            {},
        ),
        "two headers of one height": (
            chain.bundle(_resigned(forked, second, chain.states(7, PRESENT)), late),
            "HeadersContradict",
            {},
        ),
        "another header than the trusted one": (
            chain.bundle(late),
            "HeadersContradict",
            {"trusted": TrustedHeader(7, bytes(32))},
        ),
        "a certificate one short": (
            chain.bundle(replace(late, certificate=fewer)),
            "CertificateInvalid",
            {},
        ),
        "a certificate of the block below": (
            chain.bundle(replace(late, certificate=chain.at(BUSY).certificate)),
            "CertificateInvalid",
            {},
        ),
        "a header of another version": (
            chain.bundle(_resigned(versioned, founders, early)),
            "VersionUnknown",
            {},
        ),
    }


def _resigned(header: Header, by: Committee, claims: Proven) -> Proven:
    return replace(claims, header=header, certificate=certified(header, by))


def _bad_anchors(chain: ProvenChain) -> dict[str, Case]:
    good = chain.anchored(5, chain.states(6, PRESENT))
    anchor = good.anchor
    assert anchor is not None
    record = anchor.committee
    smaller = CommitteeRecord(
        replace(record.committee, members=record.committee.members[:4]), record.first_height
    )
    later = CommitteeRecord(replace(record.committee, epoch=2), record.first_height)
    trusted: Asked = {"trusted": chain.trusted(5)}

    def with_record(made: CommitteeRecord) -> Bundle:
        return replace(good, anchor=replace(anchor, committee=made))

    return {
        "an anchor and nothing trusted": (good, "AnchorUntrusted", {}),
        "an anchor at another height": (good, "AnchorUntrusted", {"trusted": chain.trusted(6)}),
        "an anchor with another committee": (with_record(smaller), "ProofInvalid", trusted),
        "an anchor with a committee of another epoch": (
            with_record(later),
            "AnchorUntrusted",
            trusted,
        ),
        "an anchor's epoch that begins above it": (
            with_record(replace(record, first_height=6)),
            "AnchorUntrusted",
            trusted,
        ),
        "a header of the epoch before the anchor's": (
            replace(good, proven=(chain.states(2, PRESENT),)),
            "EpochUnexpected",
            trusted,
        ),
    }


def _bad_ages(chain: ProvenChain) -> dict[str, Case]:
    rest = chain.bundle(chain.states(SEAL, ABSENT))
    two = chain.heads(SEAL, NOW_MS, NOW_MS)

    def heads(*times_ms: int | None) -> Bundle:
        return replace(rest, heads=chain.heads(SEAL, *times_ms))

    busy = replace(
        chain.bundle(chain.states(BUSY, ABSENT)), heads=chain.heads(BUSY, NOW_MS, NOW_MS)
    )
    return {
        "old, and nobody vouches": (rest, "ProofStale", AGED),
        "old, and f vouch": (heads(NOW_MS), "ProofStale", AGED),
        "old, and all but f vouched long ago": (
            heads(NOW_MS, NOW_MS - HOUR_MS - 1, TIME_MS, 0),
            "ProofStale",
            AGED,
        ),
        "old, and all but f vouch from the future": (
            heads(NOW_MS, NOW_MS + 5_001, NOW_MS + HOUR_MS),
            "ProofStale",
            AGED,
        ),
        "of the future": (rest, "ProofStale", {"now_ms": TIME_MS, "max_age_ms": HOUR_MS}),
        "of the future, though vouched for": (
            replace(rest, heads=chain.heads(SEAL, TIME_MS, TIME_MS)),
            "ProofStale",
            {"now_ms": TIME_MS, "max_age_ms": HOUR_MS},
        ),
        "vouched for, above a block with transactions": (busy, "ProofStale", AGED),
        "heads out of order": (replace(rest, heads=two[::-1]), "HeadInvalid", {}),
        "one head twice": (replace(rest, heads=two[:1] * 2), "HeadInvalid", AGED),
        "a head of another header": (
            replace(rest, heads=chain.heads(BUSY, NOW_MS, NOW_MS)),
            "HeadInvalid",
            {},
        ),
        "a head of no member": (
            replace(rest, heads=(replace(two[0], member=9),)),
            "HeadInvalid",
            {},
        ),
        "a head with another time": (
            replace(rest, heads=(replace(two[0], time_ms=NOW_MS + 1),)),
            "HeadInvalid",
            {},
        ),
    }


def _bad_claims(chain: ProvenChain) -> dict[str, Case]:
    states, sent, outcomes = (
        chain.states(SEAL, PRESENT),
        chain.sent(BUSY, 1),
        chain.outcomes(BUSY, 1),
    )
    (state,), (body,), (outcome,) = states.states, sent.transactions, outcomes.receipts
    side, *others = outcome.path
    (first,) = chain.outcomes(BUSY, 0).receipts
    right, *rest = first.path
    ok = Receipt(chain.at(BUSY).receipts[2].id, "ok", None, ())
    lies: dict[str, Callable[[], Proven]] = {
        "another value": lambda: replace(states, states=(replace(state, value=b"\x92\x01\x00"),)),
        "a present key as absent": lambda: replace(states, states=(replace(state, value=None),)),
        "an absent key as present": lambda: replace(
            states, states=(replace(chain.at(SEAL).claims[ABSENT], value=b""),)
        ),
        "a state of another height": lambda: replace(
            states, states=(chain.at(BUSY).claims[PRESENT],)
        ),
        "another index": lambda: replace(sent, transactions=(replace(body, index=0),)),
        "an index beyond the block": lambda: replace(sent, transactions=(replace(body, index=3),)),
        "another transaction": lambda: replace(
            sent, transactions=(replace(body, raw=chain.at(BUSY).bodies[0]),)
        ),
        "a path too short": lambda: replace(
            sent, transactions=(replace(body, path=body.path[:-1]),)
        ),
        "the other side": lambda: replace(
            outcomes,
            receipts=(replace(outcome, path=(bytes([side[0] ^ 1]) + side[1:], *others)),),
        ),
        "a side that is none": lambda: replace(
            outcomes, receipts=(replace(outcome, path=(b"\x02" + side[1:], *others)),)
        ),
        "a side that is none, where it would be the right": lambda: replace(
            outcomes, receipts=(replace(first, path=(b"\x02" + right[1:], *rest)),)
        ),
        "success where there was failure": lambda: replace(
            outcomes, receipts=(replace(chain.outcomes(BUSY, 2).receipts[0], receipt=ok),)
        ),
    }
    return {name: (chain.bundle(lie()), "ProofInvalid", {}) for name, lie in lies.items()}


def _asked(asked: Asked) -> Json:
    trusted = asked.get("trusted")
    return {
        "trusted_height": None if trusted is None else trusted.height,
        "trusted_digest": None if trusted is None else trusted.digest.hex(),
        "now_ms": asked.get("now_ms"),
        "max_age_ms": asked.get("max_age_ms"),
    }


def _good_row(name: str, bundle: Bundle, asked: Asked) -> Json:
    data = encode_bundle(bundle)
    made = verify_bundle(data, genesis(), **asked)
    proves = {
        "epoch": made.epoch,
        "as_of_ms": made.as_of_ms,
        "states": [
            {
                "key": fact.key.hex(),
                "value": None if fact.value is None else fact.value.hex(),
                "height": fact.height,
                "time_ms": fact.time_ms,
            }
            for fact in made.states
        ],
        "transactions": [
            {"id": fact.id.hex(), "height": fact.height, "index": fact.index}
            for fact in made.transactions
        ],
        "receipts": [
            {"id": fact.receipt.id.hex(), "status": fact.receipt.status, "height": fact.height}
            for fact in made.receipts
        ],
    }
    return {"name": name, **_asked(asked), "proves": proves, "bundle": data.hex()}


def _bad_row(name: str, bundle: Bundle | bytes, rule: str, asked: Asked) -> Json:
    data = bundle if isinstance(bundle, bytes) else encode_bundle(bundle)
    refusal = None
    try:
        verify_bundle(data, genesis(), **asked)
    except LedgerError as error:
        refusal = error.code
    assert refusal == rule, (name, refusal, rule)
    return {"name": name, **_asked(asked), "refusal": rule, "bundle": data.hex()}
