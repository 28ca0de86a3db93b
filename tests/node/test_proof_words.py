"""A proof in words: what it is about, since when, who says so."""

from dataclasses import replace

import pytest

from chain.bundle import encode_bundle
from chain.bundle_check import verify_bundle
from node.proof_words import Telling, age_text
from tests.chain.bundles import ABSENT, PRESENT, SEAL, small_chain
from tests.vectors.material import TIME_MS, genesis
from tests.vectors.proof_chain import ACCOUNT, made_chain

TOY, CHAIN = small_chain(), made_chain()


@pytest.mark.parametrize(
    ("age_ms", "text"),
    [
        (-5, "0 ms"),
        (0, "0 ms"),
        (999, "999 ms"),
        (1_000, "1 s 0 ms"),
        (61_005, "1 min 1 s"),
        (3_600_000, "1 h 0 min"),
        (90_000_000, "1 d 1 h"),
    ],
)
def test_an_age_is_told_by_its_two_largest_units(age_ms: int, text: str) -> None:
    assert age_text(age_ms) == text


def test_a_table_that_is_not_known_is_told_by_its_bytes() -> None:
    made = verify_bundle(encode_bundle(TOY.bundle(TOY.states(SEAL, PRESENT, ABSENT))), TOY.genesis)
    told = "\n".join(Telling(made, TOY.genesis, 0, None).lines())
    assert f"key {PRESENT.hex()} (hex)\n  91" in told
    assert f"the state has no key {ABSENT.hex()} (hex)." in told


def test_lists_inside_a_row_are_told_item_by_item() -> None:
    data = encode_bundle(CHAIN.bundle(CHAIN.states(9, ACCOUNT)))
    lines = list(Telling(verify_bundle(data, genesis()), genesis(), TIME_MS, None).lines())
    assert "    keys 0:" in lines
    assert "      weight: 1" in lines
    assert "  identity_commitment: –" in lines


def test_a_trusted_header_is_named() -> None:
    data, trusted = TOY.good()["from a header"]
    made = verify_bundle(data, TOY.genesis, trusted=trusted)
    told = list(Telling(made, TOY.genesis, 0, None).lines())
    assert "Beside the genesis you trust the header at height 5." in told
    assert Telling(made, TOY.genesis, 0, None).as_json()["trusted"]["height"] == 5


def test_the_age_counts_from_what_f_plus_1_vouched_for() -> None:
    data, _ = TOY.good()["vouched for"]
    made = verify_bundle(data, TOY.genesis)
    told = Telling(made, TOY.genesis, made.as_of_ms + 7, None)
    assert told.as_json()["age"]["age_ms"] == 7
    assert "7 ms ago by this clock." in "\n".join(told.lines())
    assert replace(told, now_ms=0).as_json()["age"]["age_ms"] == 0
