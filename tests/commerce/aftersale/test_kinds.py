"""The table of kinds: what the law says of each, and that it fits the automaton."""

from commerce.aftersale.kinds import BY_NAME, KINDS, OTHER_KINDS, Window, when_of
from commerce.escrow import REQUESTABLE, State, When


def test_every_kind_has_one_name_that_the_chain_doesnt_use_itself() -> None:
    assert list(BY_NAME) == [kind.name for kind in KINDS]
    assert not set(BY_NAME) & set(OTHER_KINDS)


def test_for_goods_in_every_state_of_the_normal_path_there_is_a_kind() -> None:
    assert {origin for kind in KINDS for origin in kind.origins} == set(REQUESTABLE)


def test_only_goods_that_have_arrived_go_back() -> None:
    arrived = {State.DELIVERED, State.RELEASED}
    for kind in KINDS:
        assert not kind.gives_back or set(kind.origins) == arrived
        # Windows count from when goods were signed for.
        assert (kind.window is Window.NONE) == (not set(kind.origins) & arrived)
        assert not kind.seller_pays_freight or kind.gives_back


def test_of_the_buyers_rights_the_seller_refuses_none_and_pays_what_the_law_says() -> None:
    """消费者权益保护法 art. 24: the way back of bad goods; art. 25: seven days, freight not."""
    right, bad = BY_NAME["no_reason"], BY_NAME["quality"]
    assert (right.refusable, right.seller_pays_freight) == (False, False)
    assert (bad.refusable, bad.seller_pays_freight) == (True, True)
    assert right.window is Window.NO_REASON


def test_what_was_asked_chooses_the_edge() -> None:
    assert when_of("quality", gives_back=True) is When.RETURNS
    assert when_of("exchange", gives_back=True) is When.EXCHANGES
    assert when_of("exchange", gives_back=False) is When.KEEPS
    assert when_of("allowance", gives_back=False) is When.KEEPS
