"""Head statements: a member's word about one header, at one time, and about nothing else."""

from dataclasses import replace

import pytest

from chain.block import VoteType, vote_bytes
from chain.committees import ready_bytes
from chain.crypto import verify
from chain.errors import HeadInvalid
from chain.head import HeadStatement, check_heads, head_bytes
from tests.chain.bundles import SEAL, head, small_chain
from tests.chain.world import key

CHAIN = small_chain()
ENTRY = CHAIN.at(SEAL)
HEADER, COMMITTEE = ENTRY.header, ENTRY.committee
TIME_MS = HEADER.time_ms + 7


def refused(*heads: HeadStatement) -> None:
    with pytest.raises(HeadInvalid):
        check_heads(heads, HEADER, COMMITTEE, verify)


def statement(member: int, time_ms: int = TIME_MS) -> HeadStatement:
    return head(HEADER, COMMITTEE, member, time_ms)


def test_what_is_signed_is_the_domain_and_fixed_widths() -> None:
    signed = head_bytes(b"\x01" * 32, 2, 3, b"\x04" * 32, 5)
    numbers = (2).to_bytes(8, "big") + (3).to_bytes(8, "big")
    assert signed == (
        b"hushang/1/head\x00" + b"\x01" * 32 + numbers + b"\x04" * 32 + (5).to_bytes(8, "big")
    )


def test_a_head_statement_is_no_vote_and_no_word_of_being_ready() -> None:
    name, digest = HEADER.genesis_hash, HEADER.digest()
    said = head_bytes(name, HEADER.epoch, HEADER.height, digest, TIME_MS)
    assert said != ready_bytes(name, HEADER.epoch, HEADER.height, digest)
    for kind in VoteType:
        assert said != vote_bytes(name, HEADER.epoch, kind, 0, HEADER.height, digest)


def test_statements_of_any_members_hold_and_so_does_none() -> None:
    check_heads((), HEADER, COMMITTEE, verify)
    check_heads((statement(1),), HEADER, COMMITTEE, verify)
    every = [statement(i, TIME_MS - i) for i in range(COMMITTEE.n)]
    check_heads(every, HEADER, COMMITTEE, verify)


def test_a_repeated_or_misplaced_member_is_refused() -> None:
    refused(statement(0), statement(0))
    refused(statement(0), statement(0, TIME_MS + 1))
    refused(statement(2), statement(1))


def test_a_stranger_and_a_place_that_is_not_there_are_refused() -> None:
    refused(replace(statement(0), member=COMMITTEE.n))
    refused(replace(statement(0), member=1))
    stranger = key("node of nobody").sign(
        head_bytes(HEADER.genesis_hash, HEADER.epoch, HEADER.height, HEADER.digest(), TIME_MS)
    )
    refused(HeadStatement(0, TIME_MS, stranger))


def test_one_bad_statement_voids_the_others() -> None:
    refused(statement(0), replace(statement(1), time_ms=TIME_MS + 1), statement(2))


@pytest.mark.parametrize("field", ["genesis_hash", "epoch", "height", "time_ms"])
def test_a_statement_about_anything_else_is_refused(field: str) -> None:
    value = getattr(HEADER, field)
    other = bytes(32) if isinstance(value, bytes) else value + 1
    refused(head(replace(HEADER, **{field: other}), COMMITTEE, 0, TIME_MS))  # type: ignore[arg-type]
