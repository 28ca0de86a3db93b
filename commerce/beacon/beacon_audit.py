"""The beacon's rows checked from nothing: for `commerce.audit.full_check`."""

from chain.committee import fault_limit, quorum_size
from chain.group import multiply_base, read_scalar
from chain.state import StateReader, u64
from commerce.beacon.records import (
    DEALERS,
    DEALS,
    DRAWS,
    RESERVED,
    REVEALS,
    Deal,
    Dealer,
    Draw,
    place,
)
from commerce.checks import require


def check_beacon(state: StateReader) -> None:
    """Stocks, draws and revealed shares agree; `InvariantBreach` naming the first that doesn't."""
    stocked = {
        key
        for account, dealer in DEALERS.items(state)
        for key in _check_dealer(state, account, dealer)
    }
    require({key for key, _ in DEALS.items(state)} == stocked, "a deal is in its dealer's stock")
    draws = dict(DRAWS.items(state))
    for draw_id, draw in draws.items():
        _check_draw(state, draw_id, draw)
    for key, _ in RESERVED.items(state):
        owner = draws.get(key[:-1])
        used = 0 if owner is None else len(owner.secrets)
        require(key[-1] < used, "a draw uses what is reserved")
    for key, _ in REVEALS.items(state):
        require(key[:-1] in draws, "shares are revealed for a draw")


def _check_dealer(state: StateReader, account: bytes, dealer: Dealer) -> list[bytes]:
    """The keys of the dealer's deals."""
    numbers = (*dealer.waiting, *dealer.ready)
    require(len(set(numbers)) == len(numbers), "a deal is in stock once")
    for number in numbers:
        require(number < dealer.next_number, "a dealer's numbers ascend")
        is_ready = _is_ready(DEALS.load(state, account, u64(number)))
        require(is_ready == (number in dealer.ready), "a quorum makes a secret ready")
    return [account + u64(number) for number in numbers]


def _is_ready(deal: Deal | None) -> bool:
    require(deal is not None, "what is in stock or reserved is there")
    assert deal is not None
    n, seats = len(deal.points), deal.acknowledged
    require(len(deal.sealed) == n, "a deal has a share for each point")
    require(list(seats) == sorted(set(seats)), "a seat acknowledges once")
    require(all(seat < n for seat in seats), "seats of the committee acknowledge")
    return len(seats) >= quorum_size(n)


def _check_draw(state: StateReader, draw_id: bytes, draw: Draw) -> None:
    dealers = {secret.dealer for secret in draw.secrets}
    require(len(dealers) == len(draw.secrets), "a draw has one secret of a dealer")
    counts = [0] * len(draw.secrets)
    needed = 0
    for index in range(len(draw.secrets)):
        deal = RESERVED.load(state, draw_id, place(index))
        require(_is_ready(deal), "only ready secrets are reserved")
        assert deal is not None
        needed = fault_limit(len(deal.points)) + 1
        for key, reveal in REVEALS.items(state, draw_id):
            share = reveal.shares[index]
            if share is not None:
                is_dealt = multiply_base(read_scalar(share)) == deal.points[key[-1]]
                require(is_dealt, "a revealed share is the one that was dealt")
                counts[index] += 1
    require(list(draw.counts) == counts, "revealed shares are counted")
    require(min(counts) < needed, "a draw ends with the last share that it needs")
