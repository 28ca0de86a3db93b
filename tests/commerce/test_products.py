"""Rules of product.register and product.update."""

from dataclasses import replace

import pytest

from commerce.errors import ProductUnknown
from commerce.products import ProductUpdate, load_product, load_version
from tests.commerce.attempts import Attempt, Row, play
from tests.commerce.shop import TEA, gtin, product
from tests.commerce.world import World, account

REGISTER, UPDATE = "product.register", "product.update"
BAD_DIGIT = TEA[:-1] + str((int(TEA[-1]) + 1) % 10)
NOT_OURS = gtin(1, "6900009")
SAME = ProductUpdate(TEA, 1, f"goods {TEA}", "food", False, "cool and dry", (), False)  # noqa: FBT003
NEWER = replace(SAME, title="green tea", return_exempt=True, licence_required=True)
AGAIN = replace(NEWER, version=2, storage="frozen")

# fmt: off
TABLE: list[Row] = [
    #       sender      type      payload                                    outcome
    Attempt("merchant", REGISTER, product(BAD_DIGIT),                    (), "IdentifierMalformed"),
    Attempt("merchant", REGISTER, product("0" * 14),                     (), "IdentifierMalformed"),
    Attempt("merchant", REGISTER, product(NOT_OURS),                     (), "PrefixNotHeld"),
    Attempt("rival",    REGISTER, product(),                             (), "PrefixNotHeld"),
    Attempt("merchant", REGISTER, product(),                             (), "ok"),
    Attempt("merchant", REGISTER, replace(product(), title="new"),       (), "ProductExists"),
    Attempt("rival",    REGISTER, product(),                             (), "ProductExists"),
]
UPDATING: list[Row] = [
    *TABLE,
    #       sender      type      payload                                    outcome
    Attempt("merchant", UPDATE,   replace(NEWER, gtin=gtin(2)),          (), "ProductUnknown"),
    Attempt("rival",    UPDATE,   replace(NEWER, version=2),             (), "ProductVersionStale"),
    Attempt("rival",    UPDATE,   SAME,                                  (), "UpdateEmpty"),
    Attempt("merchant", UPDATE,   SAME,                                  (), "UpdateEmpty"),
    Attempt("rival",    UPDATE,   NEWER,                                 (), "PrefixNotHeld"),
    Attempt("merchant", UPDATE,   NEWER,                                 (), "ok"),
    Attempt("merchant", UPDATE,   NEWER,                                 (), "ProductVersionStale"),
    Attempt("merchant", UPDATE,   AGAIN,                                 (), "ok"),
]
# fmt: on


def test_only_the_holder_of_the_prefix_registers_a_product() -> None:
    world = World()
    play(world, TABLE)
    registered = load_product(world.state, TEA)
    assert (registered.holder, registered.version) == (account("merchant"), 1)


def test_every_version_of_a_product_stays_readable() -> None:
    world = World()
    play(world, UPDATING)
    versions = [load_version(world.state, TEA, number) for number in (1, 2, 3)]
    assert [(entry.version, entry.title, entry.storage) for entry in versions] == [
        (1, f"goods {TEA}", "cool and dry"),
        (2, "green tea", "cool and dry"),
        (3, "green tea", "frozen"),
    ]
    assert versions[-1] == load_product(world.state, TEA)
    assert (versions[0].licence_required, versions[1].licence_required) == (False, True)


def test_a_product_has_no_versions_but_its_own() -> None:
    world = World()
    with pytest.raises(ProductUnknown):
        load_version(world.state, TEA, 1)
    play(world, TABLE)
    for version in (0, 2):
        with pytest.raises(ProductUnknown):
            load_version(world.state, TEA, version)
