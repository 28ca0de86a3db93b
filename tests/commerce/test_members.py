"""Rules of member.register and member.update."""

# ruff: noqa: E501 (the rule table is aligned)

from dataclasses import replace

import pytest

from chain.account import ACCOUNTS
from commerce import members
from commerce.accounts import AccountOpen
from commerce.members import MEMBERS, MemberRegister, MemberUpdate, is_member
from commerce.registry import operation
from tests.commerce.attempts import Attempt, Row, play
from tests.commerce.seats import change, seat
from tests.commerce.world import QUORUM, Sent, World, account, key, policy

NEW = MemberRegister(account("minhang"), "minhang", (key("node of minhang"),), None)
KEYS = tuple(sorted([key("node of minhang"), key("second node")], reverse=True))
SAME_KEY = replace(NEW, account=account("friend"), node_keys=(key("node of m0"),))
TYPE = "member.register"
NODE = key("node of m0")
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
UPDATE = "member.update"
SPARE = key("spare of m0")


def updated(*keys: bytes) -> MemberUpdate:
    return MemberUpdate(tuple(sorted(keys)), bytes([9]) * 32)


UPDATING: list[Row] = [
    Attempt("m0",    UPDATE, MemberUpdate(updated(NODE, SPARE).node_keys[::-1], None), (),  "KeysUnsorted"),
    Attempt("m0",    UPDATE, MemberUpdate((NODE, NODE), None),                     (),      "KeysUnsorted"),
    Attempt("m0",    UPDATE, updated(bytes(32)),                                   (),      "KeyRefused"),
    Attempt("buyer", UPDATE, updated(SPARE),                                       ("m0",), "NotAMember"),
    Attempt("m0",    UPDATE, updated(NODE, key("node of m1")),                     (),      "MemberExists"),
    Attempt("m0",    UPDATE, updated(SPARE),                                       (),      "NodeKeySeated"),
    Attempt("m0",    UPDATE, updated(NODE, SPARE),                                 (),      "ok"),
    Attempt("m1",    UPDATE, updated(key("node of m1"), SPARE),                    (),      "MemberExists"),
    Attempt("m0",    UPDATE, updated(NODE),                                        (),      "ok"),
    Attempt("m1",    UPDATE, updated(key("node of m1"), SPARE),                    (),      "ok"),
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


def test_a_member_changes_its_own_keys_and_papers_but_not_its_seat() -> None:
    world = World()
    play(world, UPDATING)
    record = MEMBERS.load(world.state, account("m0"))
    assert record is not None
    assert (record.node_keys, record.certificate) == ((NODE,), bytes([9]) * 32)
    assert (record.organisation, record.registered_ms) == ("m0", world.genesis.time_ms)


def test_an_update_tells_the_keys_that_peers_admit_from_now_on() -> None:
    (told,) = World().done("m0", (UPDATE, updated(NODE, SPARE)))
    assert told.type == "member.updated"
    assert told.data == {
        "account": account("m0"),
        "certificate": bytes([9]) * 32,
        "node_keys": tuple(sorted((NODE, SPARE))),
    }


def test_a_key_stays_until_neither_the_old_nor_the_next_committee_has_it() -> None:
    world = World()
    world.done("m0", (UPDATE, updated(NODE, SPARE)))
    made = change(world, replaced=[seat(world, "m0", "spare of m0")])
    drop_old, drop_new = updated(SPARE), updated(NODE)
    world.done("m0", ("committee.change", made), with_=QUORUM)
    # In one block: the old key governs once more, the new one is about to.
    tried = [Sent("m0", (operation(UPDATE, drop),)) for drop in (drop_old, drop_new)]
    receipts = world.block(*(world.transaction(entry) for entry in tried)).receipts
    assert [receipt.status for receipt in receipts] == ["NodeKeySeated"] * 2
    assert world.send("m0", (UPDATE, drop_new)).status == "NodeKeySeated", "now it governs"
    world.done("m0", (UPDATE, drop_old))
