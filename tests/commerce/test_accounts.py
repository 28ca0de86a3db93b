"""Rules of account.open, and who is independent of whom."""

# ruff: noqa: E501 (the rule table is aligned)

from chain.account import ACCOUNTS, KeyPolicy, WeightedKey
from commerce.accounts import AccountOpen, share_controller
from tests.commerce.attempts import Attempt, Row, play
from tests.commerce.world import World, account, key, policy

NEW = AccountOpen(policy("newcomer"), None)
LOW_ORDER = KeyPolicy((WeightedKey(bytes(32), 1),), 1)
UNREACHABLE = KeyPolicy((WeightedKey(key("newcomer"), 1),), 2)

# fmt: off
TABLE: list[Row] = [
    #       sender   type            payload                          with           outcome
    Attempt("m0",    "account.open", AccountOpen(UNREACHABLE, None),  ("newcomer",), "PolicyMalformed"),
    Attempt("m0",    "account.open", AccountOpen(LOW_ORDER, None),    (),            "KeyRefused"),
    Attempt("buyer", "account.open", NEW,                             ("newcomer",), "NotAMember"),
    Attempt("m0",    "account.open", NEW,                             (),            "CosignerMissing"),
    Attempt("m0",    "account.open", NEW,                             ("buyer",),    "CosignerMissing"),
    Attempt("m0",    "account.open", NEW,                             ("newcomer",), "ok"),
    Attempt("m1",    "account.open", NEW,                             ("newcomer",), "AccountExists"),
]
# fmt: on


def test_an_account_is_opened_by_a_member_and_the_new_keys() -> None:
    world = World()
    play(world, TABLE)
    opened = ACCOUNTS.load(world.state, account("newcomer"))
    assert opened is not None
    assert opened.sponsor == account("m0")


def test_a_key_in_both_policies_is_one_controller() -> None:
    keys = sorted([key("buyer"), key("friend")])
    both = KeyPolicy(tuple(WeightedKey(entry, 1) for entry in keys), 1)
    world = World()
    new_account = both.account_id()
    received = world.send("m0", ("account.open", AccountOpen(both, None)))
    assert received.status == "CosignerMissing"
    assert not share_controller(world.state, account("buyer"), new_account)
    world.open(both, "buyer")
    assert share_controller(world.state, account("buyer"), new_account)
    assert share_controller(world.state, new_account, account("friend"))
    assert not share_controller(world.state, account("merchant"), new_account)
    assert share_controller(world.state, account("merchant"), account("merchant"))
