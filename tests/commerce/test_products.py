"""Rules of product.register."""

from dataclasses import replace

from commerce.products import load_product
from tests.commerce.attempts import Attempt, Row, play
from tests.commerce.shop import TEA, gtin, product
from tests.commerce.world import World, account

REGISTER = "product.register"
BAD_DIGIT = TEA[:-1] + str((int(TEA[-1]) + 1) % 10)
NOT_OURS = gtin(1, "6900009")

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
# fmt: on


def test_only_the_holder_of_the_prefix_registers_a_product() -> None:
    world = World()
    play(world, TABLE)
    registered = load_product(world.state, TEA)
    assert (registered.holder, registered.version) == (account("merchant"), 1)
