"""The demo's goods are called as GS1 says, and its events are valid EPCIS 2.0."""

from commerce.epcis.document import read_document
from commerce.epcis.identifiers import gtin_of, is_key
from node.demo import goods
from node.genesis_file import example_path, load_genesis

NOW_MS = 1_800_000_000_000


def test_every_number_has_its_check_digit() -> None:
    assert all(map(is_key, (goods.GTIN, goods.LEAVES_GTIN, goods.SSCC)))
    assert {gtin_of(packet) for packet in goods.PACKETS} == {goods.GTIN}
    assert gtin_of(goods.LEAVES) == goods.LEAVES_GTIN


def test_the_merchant_of_the_example_holds_the_prefix() -> None:
    accounts = {account.name: account for account in load_genesis(example_path()).accounts}
    assert f"gcp:{goods.PREFIX}" in {role.scope for role in accounts["merchant"].roles}


def test_every_event_is_valid_and_of_its_type() -> None:
    makers = (goods.harvest, goods.roasting, goods.packing, goods.shipping, goods.arriving)
    document = read_document(goods.document(NOW_MS, *(make(NOW_MS) for make in makers)))
    assert [event.type for event in document.events] == [
        "ObjectEvent",
        "TransformationEvent",
        "AggregationEvent",
        "ObjectEvent",
        "ObjectEvent",
    ]
