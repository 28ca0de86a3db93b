"""Serials and what is made of them."""

import pytest

from commerce.codes.errors import LotMalformed, SerialMalformed
from commerce.codes.serials import SERIAL_MAX, check_lot, check_serial, code_id, link_of
from commerce.epcis.identifiers import identity, is_class
from tests.commerce.shop import CAKE, TEA


def test_the_link_of_a_code_is_the_identity_that_epcis_knows() -> None:
    for serial in ("1", "A-1", "a.b_c", "0" * SERIAL_MAX):
        link = link_of(TEA, serial)
        assert identity(link) == link
        assert not is_class(link)


def test_a_serial_has_one_spelling_and_is_no_part_of_a_path() -> None:
    check_serial("S-1.2_x")
    for serial in ("", ".", "..", "-1", "a/b", "a%2Fb", "a b", "é", "1\n", "\uff11"):
        with pytest.raises(SerialMalformed):
            check_serial(serial)


def test_codes_of_two_products_or_serials_have_two_ids() -> None:
    assert len({code_id(TEA, "1"), code_id(CAKE, "1"), code_id(TEA, "2")}) == 3


def test_a_lot_has_what_gs1_allows_and_nothing_else() -> None:
    for lot in ("L-24", "!\"%&'()*+,-./:;<=>?_", "L" * SERIAL_MAX, "2027/03(B)"):
        check_lot(lot)
    for lot in ("", "L" * (SERIAL_MAX + 1), "a lot", "批", "L\n", "L#", "L@", "L%41 "):
        with pytest.raises(LotMalformed):
            check_lot(lot)
