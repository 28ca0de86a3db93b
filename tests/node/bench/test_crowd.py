"""A crowd of accounts: made when asked for, the same each time."""

import pytest

from chain.account import single_key_policy
from node.bench.crowd import Crowd, WithCrowd, crowd_seed

SEED = crowd_seed(bytes(32))


def test_an_account_is_that_of_its_key() -> None:
    crowd = Crowd(SEED, 10)
    assert crowd.account(7) == single_key_policy(crowd.key(7).public_key).account_id()
    assert crowd.sender(7).account == crowd.account(7)


def test_each_number_and_each_chain_has_its_own() -> None:
    other = Crowd(crowd_seed(bytes([1]) * 32), 10)
    accounts = {crowd.account(at) for crowd in (Crowd(SEED, 10), other) for at in range(10)}
    assert len(accounts) == 20
    assert Crowd(SEED, 1).account(3) == Crowd(SEED, 10).account(3)


def test_the_known_come_first_and_nobody_comes_after_the_last() -> None:
    crowd = Crowd(SEED, 1_000_000)
    everybody = WithCrowd([b"a", b"b"], crowd.count, crowd.account)
    assert len(everybody) == 1_000_002
    assert everybody[1] == b"b"
    assert everybody[2] == crowd.account(0)
    assert everybody[-1] == crowd.account(999_999)
    assert everybody[1:3] == [b"b", crowd.account(0)]
    with pytest.raises(IndexError):
        everybody[1_000_002]


def test_without_a_crowd_there_are_the_known() -> None:
    nobody = Crowd()
    assert list(WithCrowd([b"a"], nobody.count, nobody.account)) == [b"a"]
