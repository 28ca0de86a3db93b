"""The crowd's accounts are opened and paid on a real ledger, once."""

from dataclasses import replace
from pathlib import Path

import pytest

from chain.block import OK
from node.bench.crowd import Crowd, WithCrowd, crowd_seed
from node.bench.opening import MEMBER, OPENING, openings, pocket_money, sponsors, transactions_for
from node.bench.plan import BenchRefused, LoadPlan, Sender
from node.testnet import ISSUER, SYMBOL
from tests.chain.world import account, key
from tests.node.bench.market import Market, market_genesis, plan

MEMBERS = [member.name for member in market_genesis().members]
COUNT = 120


def opening_plan() -> LoadPlan:
    crowd = Crowd(crowd_seed(market_genesis().hash()), COUNT)
    known = [Sender(account(name), Path(), MEMBER) for name in MEMBERS]
    return replace(
        plan(OPENING, transactions_for(COUNT)),
        senders=WithCrowd(known, COUNT, crowd.sender),
        accounts=WithCrowd([one.account for one in known], COUNT, crowd.account),
    )


def test_all_are_opened_by_the_members_in_turn_and_none_twice() -> None:
    market, wanted = Market(), opening_plan()
    crowd = Crowd(crowd_seed(market_genesis().hash()), COUNT)
    signing = WithCrowd([key(name) for name in MEMBERS], COUNT, crowd.key)
    money = pocket_money([account(name) for name in MEMBERS], COUNT, SYMBOL, 1)
    (funded,) = market.decide(market.world.signed(ISSUER, *money).raw)
    assert funded.status == OK
    chains = list(openings(wanted, signing, market.now_ms))
    assert [one.steps[0].operations for one in chains] == [50, 50, 20]
    assert [one.steps[0].signatures for one in chains] == [51, 51, 21]
    raws = [one.steps[0].raw for one in chains]
    assert [receipt.status for receipt in market.decide(*raws)] == [OK] * 3
    again = replace(wanted, run=1, first=1)
    (raw, _) = [one.steps[0].raw for one in openings(again, signing, market.now_ms)]
    assert [receipt.status for receipt in market.decide(raw)] == ["AccountExists"]


def test_nobody_opens_accounts_without_a_members_key() -> None:
    with pytest.raises(BenchRefused, match="members' keys"):
        sponsors(plan("transfer", 1))
