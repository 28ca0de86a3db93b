"""Rules of member.register."""

# ruff: noqa: E501 (the rule table is aligned)

from dataclasses import replace

import pytest

from chain.account import ACCOUNTS
from commerce import members
from commerce.accounts import AccountOpen
from commerce.members import MemberRegister, is_member
from tests.commerce.attempts import Attempt, Row, play
from tests.commerce.world import QUORUM, World, account, key, policy

NEW = MemberRegister(account("minhang"), "minhang", (key("node of minhang"),), None)
KEYS = tuple(sorted([key("node of minhang"), key("second node")], reverse=True))
SAME_KEY = replace(NEW, account=account("friend"), node_keys=(key("node of m0"),))
TYPE = "member.register"
ALL = (*QUORUM, "minhang")

# fmt: off
TABLE: list[Row] = [
    #       sender  type  payload                                with                  outcome
    Attempt("m0", TYPE, replace(NEW, node_keys=KEYS),            ALL,                  "KeysUnsorted"),
    Attempt("m0", TYPE, replace(NEW, node_keys=(bytes(32),)),    ALL,                  "KeyRefused"),
    Attempt("m0", TYPE, NEW,                                     ("m1", "minhang"),    "CosignerMissing"),
    Attempt("m0", TYPE, NEW,                                     ALL,                  "AccountUnknown"),
    Attempt("m0", "account.open", AccountOpen(policy("minhang"), None), ("minhang",),  "ok"),
    Attempt("m0", TYPE, NEW,                                     QUORUM,               "CosignerMissing"),
    Attempt("m0", TYPE, replace(NEW, organisation="m3"),         ALL,                  "MemberExists"),
    Attempt("m0", TYPE, SAME_KEY,                                (*QUORUM, "friend"),  "MemberExists"),
    Attempt("m0", TYPE, NEW,                                     ALL,                  "ok"),
    Attempt("m0", TYPE, NEW,                                     ALL,                  "MemberExists"),
]
FULL: list[Row] = [
    Attempt("m0", TYPE, replace(NEW, account=account("friend")), (*QUORUM, "friend"),  "TooManyMembers"),
]
# fmt: on


def test_a_member_is_registered_by_a_quorum_and_itself() -> None:
    world = World()
    play(world, TABLE)
    assert is_member(world.state, account("minhang"))
    new_member = ACCOUNTS.load(world.state, account("minhang"))
    assert new_member is not None
    assert new_member.sponsor == account("minhang")


def test_the_number_of_members_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(members, "MEMBERS_MAX", 4)
    play(World(), FULL)
