"""Money that goes back after it was released: the first part of it, as far as there is any."""

from commerce.aftersale.recovery import cut


def test_what_there_is_pays_the_first_of_what_is_due() -> None:
    portions = [(0, (0, 250), 1), (1, (600, 1_000), 2)]
    assert cut(portions, 0) == []
    assert cut(portions, 650) == portions
    assert cut(portions, 300) == [(0, (0, 250), 1), (1, (600, 650), 2)]
