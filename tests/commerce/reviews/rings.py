"""Rings of fake buyers around one merchant, the mill: how money is cycled through it.

Each shape adds to a bazaar what its ring does. The mill has real customers too, who don't think
much of it.
"""

from collections.abc import Callable, Mapping

from tests.commerce.reviews.bazaar import YUAN, Bazaar, seller_name

RING = 300
MILL = "mill"
SECOND_MILL = "second mill"
MULE = "mule"
PRICE = 100 * YUAN
LAPS = 3
REAL_CUSTOMERS = 20

Shape = Callable[[Bazaar], None]


def fake(number: int) -> str:
    """One of the ring."""
    return f"fake {number}"


def open_mill(bazaar: Bazaar) -> None:
    """The mill's real trade: two stars by people who shop elsewhere too."""
    bazaar.issue(MILL, 50_000 * YUAN)
    for number in range(REAL_CUSTOMERS):
        bazaar.buy(f"buyer {number}", MILL, 80 * YUAN, 2)


def star(bazaar: Bazaar) -> None:
    """The mill hands out the money, and again after each lap."""
    for _ in range(LAPS):
        for number in range(RING):
            bazaar.pay(MILL, fake(number), PRICE)
            bazaar.buy(fake(number), MILL, PRICE, 5)


def chain(bazaar: Bazaar) -> None:
    """One purse goes through all hands; each keeps the price."""
    for number in range(RING):
        left = (RING - number) * PRICE
        bazaar.pay(MILL if number == 0 else fake(number - 1), fake(number), left)
        bazaar.buy(fake(number), MILL, PRICE, 5)


def cliques(bazaar: Bazaar) -> None:
    """Ten cliques with a leader each; members pay one another round before they buy."""
    for leader in range(0, RING, 30):
        bazaar.pay(MILL, fake(leader), 30 * PRICE)
        for number in range(leader, leader + 30):
            if number != leader:
                bazaar.pay(fake(leader), fake(number), PRICE)
            bazaar.pay(fake(number), fake(leader + (number + 1) % 30), 20 * PRICE)
            bazaar.buy(fake(number), MILL, PRICE, 5)


def slowly(bazaar: Bazaar) -> None:
    """Each has money of its own from the bank; what it pays comes back much later, lap by lap."""
    for number in range(RING):
        bazaar.issue(fake(number), PRICE)
        for lap in range(25):
            bazaar.buy(fake(number), MILL, PRICE, 5)
            if lap < 24:
                bazaar.pay(MILL, fake(number), PRICE)


def once(bazaar: Bazaar) -> None:
    """Each buys once with the mill's money."""
    for number in range(RING):
        bazaar.pay(MILL, fake(number), PRICE)
        bazaar.buy(fake(number), MILL, PRICE, 5)


def back_afterwards(bazaar: Bazaar) -> None:
    """Each buys once with money from the bank, and gets it back after the review."""
    for number in range(RING):
        bazaar.issue(fake(number), PRICE)
        bazaar.buy(fake(number), MILL, PRICE, 5)
        bazaar.pay(MILL, fake(number), PRICE)


def next_one(bazaar: Bazaar) -> None:
    """Money of the bank's goes on: the mill pays each what the one before has spent."""
    bazaar.issue(fake(0), PRICE)
    for number in range(RING):
        bazaar.buy(fake(number), MILL, PRICE, 5)
        bazaar.pay(MILL, fake((number + 1) % RING), PRICE)


def camouflaged(bazaar: Bazaar) -> None:
    """As a star, and each buys little things of honest sellers, and says bad things of them."""
    star(bazaar)
    for number in range(RING):
        bazaar.buy(fake(number), seller_name(number % 7), 2 * YUAN, 1)
        bazaar.buy(fake(number), seller_name(7 + number % 11), YUAN, 1)


def by_a_mule(bazaar: Bazaar) -> None:
    """Somebody with twenty times as much of its own hands the mill's money out."""
    bazaar.issue(MULE, 20 * RING * PRICE)
    bazaar.pay(MILL, MULE, RING * PRICE)
    for number in range(RING):
        bazaar.pay(MULE, fake(number), PRICE)
        bazaar.buy(fake(number), MILL, PRICE, 5)


def two_mills(bazaar: Bazaar) -> None:
    """Two merchants feed one another's fakes, so that each one's customers shop elsewhere."""
    for _ in range(LAPS):
        for number in range(RING):
            for giver, seller in ((MILL, SECOND_MILL), (SECOND_MILL, MILL)):
                bazaar.pay(giver, fake(number), PRICE)
                bazaar.buy(fake(number), seller, PRICE, 5)


def through_the_bank(bazaar: Bazaar) -> None:
    """The money leaves the chain and comes back as somebody's savings: no trace of it, three laps.

    They spend a little elsewhere too, and say nothing of that.
    """
    for number in range(RING):
        for _ in range(LAPS):
            bazaar.issue(fake(number), PRICE)
            bazaar.buy(fake(number), MILL, PRICE, 5)
        bazaar.issue(fake(number), PRICE)
        bazaar.buy(fake(number), seller_name(number % 13), 10 * YUAN, None)


def two_mills_through_the_bank(bazaar: Bazaar) -> None:
    """As before, at two merchants that vouch for one another."""
    for number in range(RING):
        for seller in (MILL, SECOND_MILL):
            bazaar.issue(fake(number), PRICE)
            bazaar.buy(fake(number), seller, PRICE, 5)


def stirred(bazaar: Bazaar) -> None:
    """The fakes send each other a thousand times what they spend, in threes, to stir the purse."""
    star(bazaar)
    for first in range(0, RING, 3):
        for number in range(first, first + 3):
            following = first + (number - first + 1) % 3
            bazaar.pay(fake(number), fake(following), 1_000 * PRICE)


def paid_by_the_mill(bazaar: Bazaar) -> None:
    """The mill itself pays the fakes' orders: whoever pays an order gives its buyer the money."""
    for number in range(RING):
        bazaar.buy(fake(number), MILL, PRICE, 5)
        bazaar.pay(MILL, fake(number), PRICE)


SHAPES: Mapping[str, Shape] = {
    shape.__name__: shape
    for shape in (
        *(star, chain, cliques, slowly, once, back_afterwards, next_one, camouflaged, by_a_mule),
        *(two_mills, through_the_bank, two_mills_through_the_bank, stirred, paid_by_the_mill),
    )
}
