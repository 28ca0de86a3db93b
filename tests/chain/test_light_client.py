"""A light client follows three changes of the committee on a real chain, and nobody misleads it."""

from dataclasses import dataclass, replace

import pytest

from chain.block import NO_HASH, Certificate, Header
from chain.codec import decode, encode
from chain.committee import Committee
from chain.errors import (
    CertificateInvalid,
    CommitteeUnproven,
    EpochUnexpected,
    HeaderOutdated,
    LedgerError,
    VersionUnknown,
    WrongChain,
)
from chain.light_client import CommitteeChain
from tests.chain.test_committees import committee
from tests.chain.toy import add, elect
from tests.chain.toy_world import ToyWorld

FIVE = committee(1, "m0", "m1", "m2", "m3", "m4")
FOUR = committee(2, "m4", "m3", "m2", "m1")
SEVEN = committee(3, *(f"n{i}" for i in range(7)))


@dataclass(frozen=True, slots=True)
class Shown:
    """What a stranger shows of one height."""

    header: Header
    certificate: Certificate
    named: Committee | None


def history() -> tuple[ToyWorld, list[Shown]]:
    """4 → 5 → 4 → 7 at the heights 4, 7 and 10, and some blocks between."""
    world = ToyWorld()
    elected = {2: FIVE, 5: FOUR, 8: SEVEN}
    shown = []
    for height in range(1, 13):
        named = world.ledger.next_committee
        change = elected.get(height)
        operation = add("a") if change is None else elect(change)
        tip = world.decide(world.signed("buyer", operation))
        shown.append(Shown(tip.header, tip.certificate, named))
    return world, shown


WORLD, HISTORY = history()


def at(height: int) -> Shown:
    return HISTORY[height - 1]


def client(upto: int = 0) -> CommitteeChain:
    """One that was shown the headers up to a height."""
    made = CommitteeChain.of(WORLD.genesis)
    for entry in HISTORY[:upto]:
        made.advance(entry.header, entry.certificate, entry.named)
    return made


def test_every_header_shown_leads_to_the_committee_that_the_ledger_has() -> None:
    made = client()
    for entry in HISTORY:
        height = entry.header.height
        assert made.committee == WORLD.ledger.committee_at(height)
        made.advance(entry.header, entry.certificate, entry.named)
        assert made.height == height
    assert (made.committee, made.first_height) == (SEVEN, 10)


def test_one_header_for_each_change_is_enough() -> None:
    made = client()
    changes = [entry for entry in HISTORY if entry.named is not None]
    assert [entry.header.height for entry in changes] == [3, 6, 9]
    for entry in changes:
        made.advance(entry.header, entry.certificate, entry.named)
    assert made.committee == SEVEN
    made.check(at(12).header, at(12).certificate)


def test_what_it_knows_can_be_kept_and_taken_up_again() -> None:
    known = client(6)
    kept = encode(known.committee), known.first_height, known.height
    again = CommitteeChain(WORLD.genesis.hash(), decode(Committee, kept[0]), *kept[1:])
    for entry in HISTORY[6:]:
        again.advance(entry.header, entry.certificate, entry.named)
    assert again.committee == SEVEN


def test_checking_a_header_of_the_present_epoch_changes_nothing() -> None:
    made = client(8)
    for height in (8, 7):
        made.check(at(height).header, at(height).certificate)
    assert (made.height, made.committee) == (8, FOUR)


def refused(made: CommitteeChain, entry: Shown, rule: type[LedgerError]) -> None:
    before = replace(made)
    with pytest.raises(rule):
        made.advance(entry.header, entry.certificate, entry.named)
    assert made == before


def test_a_change_that_was_left_out_is_noticed() -> None:
    for upto, height in ((0, 4), (2, 4), (5, 7), (5, 12), (7, 6), (9, 9)):
        refused(client(upto), at(height), EpochUnexpected)


def test_what_was_shown_is_not_shown_again_nor_anything_below() -> None:
    for height in (1, 2):
        refused(client(2), at(height), HeaderOutdated)


def certified(header: Header, by: Committee) -> Certificate:
    """As the members of a committee sign, whether or not they may."""
    world = ToyWorld()
    world.ledger.chain = replace(world.ledger.chain, committee=by)
    return world.certify(header)


def test_a_committee_has_no_word_about_heights_below_its_first() -> None:
    header = replace(at(4).header, height=2)
    made = CommitteeChain(WORLD.genesis.hash(), FIVE, first_height=4)
    refused(made, Shown(header, certified(header, FIVE), None), HeaderOutdated)
    refused(client(), Shown(*_genesis(), None), HeaderOutdated)


def _genesis() -> tuple[Header, Certificate]:
    header, certificate = WORLD.ledger.header(0), WORLD.ledger.certificate(0)
    assert header is not None
    assert certificate is not None
    return header, certificate


@pytest.mark.parametrize(
    ("changes", "rule"),
    [({"version": 2}, VersionUnknown), ({"genesis_hash": bytes(32)}, WrongChain)],
)
def test_a_header_of_another_format_or_chain_is_refused(
    changes: dict[str, object], rule: type[LedgerError]
) -> None:
    header = replace(at(1).header, **changes)  # type: ignore[arg-type]
    founders = WORLD.genesis.committee()
    refused(client(), Shown(header, certified(header, founders), None), rule)


def test_a_header_without_a_quorum_of_its_own_committee_is_refused() -> None:
    good = at(3)
    fewer = replace(good.certificate, signatures=good.certificate.signatures[:-1])
    refused(client(2), replace(good, certificate=fewer), CertificateInvalid)
    refused(client(2), replace(good, certificate=at(2).certificate), CertificateInvalid)
    other = replace(good.header, time_ms=good.header.time_ms + 1)
    refused(client(2), replace(good, header=other), CertificateInvalid)
    # The next committee can't seat itself, even if its members are the same people.
    seated = replace(good, certificate=certified(good.header, FIVE))
    refused(client(2), seated, CertificateInvalid)


@pytest.mark.parametrize(
    "shown",
    [
        None,
        FOUR,
        WORLD.genesis.committee(),
        replace(FIVE, epoch=2),
        replace(FIVE, members=FIVE.members[::-1]),
        replace(FIVE, members=FIVE.members[:-1]),
        replace(FIVE, members=(*FIVE.members[:-1], replace(FIVE.members[-1], suspended=True))),
    ],
    ids=["none", "another", "the founders", "epoch", "order", "one less", "suspended"],
)
def test_no_other_committee_than_the_named_one_is_taken(shown: Committee | None) -> None:
    refused(client(2), replace(at(3), named=shown), CommitteeUnproven)


def test_a_committee_that_no_header_names_is_not_taken() -> None:
    refused(client(1), replace(at(2), named=FIVE), CommitteeUnproven)


def test_even_a_quorum_cannot_skip_an_epoch() -> None:
    skipping = replace(FIVE, epoch=2)
    header = replace(at(3).header, next_committee_hash=skipping.hash())
    founders = WORLD.genesis.committee()
    entry = Shown(header, certified(header, founders), skipping)
    refused(client(2), entry, CommitteeUnproven)


def test_the_judge_of_signatures_can_be_chosen() -> None:
    made = CommitteeChain.of(WORLD.genesis, verify=lambda *_: False)
    refused(made, at(1), CertificateInvalid)
    assert at(1).header.next_committee_hash == NO_HASH
