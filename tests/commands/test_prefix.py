"""Whose goods and whose places, as people type it."""

from tests.commands.conftest import Shop

PREFIX, GLN = "4098765", "4098765000010"


def test_a_prefix_and_a_place_get_holders_that_anybody_can_look_up(shop: Shop) -> None:
    merchant = shop.network.account("merchant").account
    assert shop.refused("prefix", "show", PREFIX)[1] == "ObjectNotFound"
    alone = ("prefix", "grant", PREFIX, "merchant", "--as", "regulator")
    assert shop.refused(*alone) == (7, "CosignerMissing")
    shop.ok(*alone, "--cosign", "merchant")
    for digits in (PREFIX, f"{PREFIX}00001"):
        told = shop.ok("prefix", "show", digits).json
        assert (told["number"], told["holder"]) == (PREFIX, merchant)
    again = shop.refused(*alone, "--cosign", "merchant")
    assert again == (7, "PrefixHeld")
    words = ("location", "register", GLN, "merchant", "--as", "regulator")
    shop.ok(*words, "--cosign", "merchant")
    told = shop.ok("location", "show", GLN).json
    assert (told["number"], told["holder"]) == (GLN, merchant)
    assert shop.refused("location", "show", "6901234999992")[1] == "ObjectNotFound"
    for noun in ("prefix", "location"):
        assert shop.refused(noun, "show", "²?") == (2, "ParameterInvalid")
