"""Batches: who makes them, and which codes are in circulation."""

# ruff: noqa: E501 (the rule table is aligned)

from dataclasses import replace

from chain.merkle import leaf_hash, root_of_hashes
from commerce.codes.batch import ACTIVE, DEAD, since_of, stretches_of
from commerce.codes.batching import CodeActivate, CodeBatch, CodeDecommission
from commerce.codes.serials import leaf_bytes
from tests.commerce.attempts import Attempt, Row, play
from tests.commerce.codes.atelier import COUNT, LEAVES, Atelier, batch
from tests.commerce.shop import TEA, gtin

MAKE, ACTIVATE, STOP = "code.batch", "code.activate", "code.decommission"
NOWHERE = bytes(32)
LOW_ORDER = bytes(31) + b"\x80"


def making(_: Atelier) -> list[Row]:
    """The merchant is tea's brand."""
    # fmt: off
    return [
        #       sender      type  payload                          with outcome
        Attempt("merchant", MAKE, batch(TEA[:-1] + "0"),            (), "IdentifierMalformed"),
        Attempt("merchant", MAKE, batch(lot="a lot"),               (), "LotMalformed"),
        Attempt("merchant", MAKE, batch(lot="L24/03(b)"),           (), "ok"),
        Attempt("merchant", MAKE, batch(verifier=LOW_ORDER),        (), "KeyRefused"),
        Attempt("merchant", MAKE, batch(gtin(77)),                  (), "ProductUnknown"),
        Attempt("rival",    MAKE, batch(),                          (), "PrefixNotHeld"),
        Attempt("merchant", MAKE, batch(),                          (), "ok"),
        Attempt("merchant", MAKE, replace(batch(), verifier=None),  (), "ok"),
    ]
    # fmt: on


def circulating(atelier: Atelier) -> list[Row]:
    """Of ten codes some go into circulation, and some out of it."""
    own, other = atelier.batch_id, atelier.another_batch()
    shown = atelier.activation(0, 3)

    def stop(first: int, last: int, batch_id: bytes = own) -> CodeDecommission:
        return CodeDecommission(batch_id, first, last)

    def start(first: int, last: int) -> CodeActivate:
        return CodeActivate(own, first, last, (), ())

    named = (replace(LEAVES[0], serial="no name"), *LEAVES[1:])
    # fmt: off
    return [
        #       sender      type      payload                                         with outcome
        Attempt("merchant", ACTIVATE, replace(shown, batch_id=NOWHERE),                (), "CodeBatchUnknown"),
        Attempt("merchant", ACTIVATE, start(3, 2),                                     (), "CodeRangeInvalid"),
        Attempt("merchant", ACTIVATE, start(0, COUNT),                                 (), "CodeRangeInvalid"),
        Attempt("rival",    ACTIVATE, shown,                                           (), "PrefixNotHeld"),
        Attempt("merchant", ACTIVATE, replace(shown, leaves=LEAVES[:3]),               (), "LeafInvalid"),
        Attempt("merchant", ACTIVATE, replace(shown, leaves=LEAVES[1:5]),              (), "LeafInvalid"),
        Attempt("merchant", ACTIVATE, replace(shown, path=()),                         (), "LeafInvalid"),
        Attempt("merchant", ACTIVATE, replace(shown, leaves=named[:4]),                (), "LeafInvalid"),
        Attempt("merchant", ACTIVATE, shown,                                           (), "ok"),
        Attempt("merchant", ACTIVATE, start(3, 5),                                     (), "CodesActive"),
        Attempt("merchant", ACTIVATE, replace(shown, batch_id=other),                  (), "SerialElsewhere"),
        Attempt("merchant", ACTIVATE, start(6, 9),                                     (), "ok"),
        Attempt("merchant", ACTIVATE, start(4, 6),                                     (), "CodesActive"),
        Attempt("merchant", STOP,     stop(0, 0, NOWHERE),                             (), "CodeBatchUnknown"),
        Attempt("merchant", STOP,     stop(9, 10),                                     (), "CodeRangeInvalid"),
        Attempt("rival",    STOP,     stop(3, 4),                                      (), "PrefixNotHeld"),
        Attempt("merchant", STOP,     stop(3, 4),                                      (), "ok"),
        Attempt("merchant", STOP,     stop(2, 3),                                      (), "CodesDead"),
        Attempt("merchant", ACTIVATE, start(4, 5),                                     (), "CodesDead"),
        Attempt("merchant", ACTIVATE, start(5, 5),                                     (), "ok"),
    ]
    # fmt: on


def test_a_brand_makes_batches_of_its_products() -> None:
    atelier = Atelier()
    play(atelier, making(atelier))


def test_codes_go_into_circulation_and_out_of_it_once() -> None:
    atelier = Atelier(shown=False)
    play(atelier, circulating(atelier))
    active = [entry[:2] for entry in stretches_of(ACTIVE, atelier.state, atelier.batch_id)]
    assert active == [(0, 3), (5, 5), (6, 9)]
    known = [since_of(ACTIVE, atelier.state, atelier.batch_id, i) is not None for i in range(COUNT)]
    assert known == [True] * 4 + [False] + [True] * 5
    dead = [since_of(DEAD, atelier.state, atelier.batch_id, i) is not None for i in range(COUNT)]
    assert [i for i, is_dead in enumerate(dead) if is_dead] == [3, 4]


# A brand that put a serial into its tree which no code may have.
def misnamed(atelier: Atelier) -> list[Row]:
    """The tree is right, its first serial isn't."""
    return [Attempt("merchant", ACTIVATE, crooked(atelier), (), "SerialMalformed")]


def crooked(atelier: Atelier) -> CodeActivate:
    """A batch of one code, whose serial has a slash."""
    leaf = replace(LEAVES[0], serial="a/b")
    root = root_of_hashes([leaf_hash(leaf_bytes(leaf))])
    made = atelier.done("merchant", (MAKE, CodeBatch(TEA, None, 1, root, None)))
    batch_id = made[0].data["batch_id"]
    assert isinstance(batch_id, bytes)
    return CodeActivate(batch_id, 0, 0, (leaf,), ())


def test_a_serial_that_no_link_could_hold_never_enters_the_state() -> None:
    atelier = Atelier()
    play(atelier, misnamed(atelier))
