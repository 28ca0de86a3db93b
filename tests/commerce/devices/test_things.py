"""What a device can be and be bound to, whatever its spelling."""

import pytest

from commerce.devices.errors import ThingNotSingle
from commerce.devices.things import require_single, things_in
from commerce.errors import IdentifierMalformed
from tests.commerce.devices.cold import Chain, thing
from tests.commerce.world import PREFIX


def test_one_thing_has_one_name() -> None:
    link = f"https://id.gs1.org/8004/{PREFIX}77"
    assert require_single(f"urn:epc:id:giai:{PREFIX}.77") == link
    assert require_single(link) == link
    assert require_single(f"urn:epc:id:grai:{PREFIX}.00001.9").startswith("https://id.gs1.org/8003")


@pytest.mark.parametrize(
    "uri",
    [
        f"urn:epc:class:lgtin:{PREFIX}.000001.A",
        f"urn:epc:idpat:sgtin:{PREFIX}.000001.*",
        f"urn:epc:id:sgln:{PREFIX}.00001.0",
        "https://example.com/thermometer/7",
    ],
)
def test_classes_places_and_other_names_are_no_single_things(uri: str) -> None:
    with pytest.raises(ThingNotSingle):
        require_single(uri)


def test_a_wrong_check_digit_is_no_name() -> None:
    with pytest.raises(IdentifierMalformed):
        require_single("https://id.gs1.org/00/000000000000000001")


def test_a_parcel_is_its_logistic_unit_and_its_items() -> None:
    chain = Chain()
    assert things_in(chain.shop.parcel(chain.parcel_id)) == (thing(),)
