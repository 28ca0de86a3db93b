"""Two verifiers of proof bundles that share no code: they say the same of good, bad and random."""

import json
from random import Random
from typing import Any

import pytest

from chain.bundle_check import TrustedHeader, Verified, verify_bundle
from chain.codec import decode
from chain.errors import LedgerError
from chain.genesis import Genesis
from tests.chain.changed_bundles import changed, changed_and_resealed, places
from tests.vectors.generate import frozen
from tests.vectors.reader_bytes import RefusedError
from tests.vectors.reader_proofs import Asked, verify

VECTORS = json.loads(frozen("proofs"))
RAW = bytes.fromhex(VECTORS["genesis"])
GENESIS = decode(Genesis, RAW)
CHANGES = 200


def trusted_of(row: Any) -> TrustedHeader | None:
    digest = row["trusted_digest"]
    return None if digest is None else TrustedHeader(row["trusted_height"], bytes.fromhex(digest))


def ours(data: bytes, row: Any) -> Verified | str:
    """What it proves, or the name of the refusal."""
    try:
        return verify_bundle(
            data,
            GENESIS,
            trusted=trusted_of(row),
            now_ms=row["now_ms"],
            max_age_ms=row["max_age_ms"],
        )
    except LedgerError as error:
        return error.code


def theirs(data: bytes, row: Any) -> dict[str, Any] | str:
    """The same by the independent reader."""
    trusted = trusted_of(row)
    known = None if trusted is None else (trusted.height, trusted.digest)
    try:
        return verify(data, Asked(RAW, known, row["now_ms"] or 0, row["max_age_ms"]))
    except RefusedError as error:
        return error.name


def test_there_is_a_refusal_of_every_name() -> None:
    named = {row["refusal"] for row in VECTORS["refused"]}
    assert named >= {
        *("BundleDamaged", "BundleMalformed", "EncodingInvalid", "VersionUnknown", "WrongChain"),
        *("HeadersContradict", "AnchorUntrusted", "EpochUnexpected", "EpochOver", "StepUnneeded"),
        *("HeaderOutdated", "CommitteeUnproven", "CertificateInvalid", "HeadInvalid"),
        *("ProofStale", "ProofInvalid"),
    }


@pytest.mark.parametrize("row", VECTORS["refused"], ids=lambda row: str(row["name"]))
def test_a_bad_bundle_is_refused_by_its_rule(row: Any) -> None:
    assert ours(bytes.fromhex(row["bundle"]), row) == row["refusal"]


@pytest.mark.parametrize("row", VECTORS["good"], ids=lambda row: str(row["name"]))
def test_of_a_changed_byte_both_say_the_same(row: Any) -> None:
    """Under a right check sum, so that the change is met where it matters."""
    data, random = bytes.fromhex(row["bundle"]), Random(row["name"])
    assert isinstance(ours(data, row), Verified)
    assert theirs(data, row) == row["proves"]
    for place in places(data, CHANGES, random):
        assert ours(changed(data, place, random), row) == "BundleDamaged"
        lie = changed_and_resealed(data, place, random)
        own, other = ours(lie, row), theirs(lie, row)
        if isinstance(own, Verified):
            assert isinstance(other, dict), (place, other)
            told = [(fact.key.hex(), fact.height) for fact in own.states]
            assert told == [(fact["key"], fact["height"]) for fact in other["states"]]
        elif own not in ("EncodingInvalid", "TextNotCanonical", "TooLarge"):
            assert own == other, place
        else:
            assert isinstance(other, str), place
