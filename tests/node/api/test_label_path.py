"""Addresses of labels, as they are printed and as tags make them."""

import pytest

from node.api.label_path import CheckDigitWrong, Label, LabelUnreadable, is_label, label_of
from tests.node.api.market import GTIN


def test_an_address_is_read_whatever_stands_around_product_and_serial() -> None:
    plain = Label(GTIN, "S1", None)
    assert label_of(f"/01/{GTIN}/21/S1") == label_of(f"/v/a/b/01/{GTIN}/21/S1/") == plain
    assert label_of(f"/v/01/{GTIN}/10/L%2f1/21/S1") == Label(GTIN, "S1", "L/1")
    assert plain.path == f"/v/01/{GTIN}/21/S1"
    assert Label(GTIN, "a/b", None).path == f"/v/01/{GTIN}/21/a%2Fb"
    assert label_of(Label(GTIN, "a/b", None).path).serial == "a/b"


def test_what_names_no_thing_is_refused_by_its_reason() -> None:
    for path in ("/v", "/v/", f"/01/{GTIN}", f"/01/{GTIN}/10/L", f"/01/{GTIN}/21/", "/01//21/S"):
        with pytest.raises(LabelUnreadable):
            label_of(path)
    for path in (f"/01/{GTIN}/21/S1/10/L", f"/01/{GTIN}/21/{'s' * 21}", f"/01/{GTIN}/21/%00"):
        with pytest.raises(LabelUnreadable):
            label_of(path)
    with pytest.raises(CheckDigitWrong, match="check digit"):
        label_of(f"/01/{int(GTIN) + 1:014}/21/S1")


def test_only_pages_of_labels_are_read_so() -> None:
    assert all(map(is_label, ("/v", "/v/", "/v/01/1/21/2", "/01/1", "/gtin/1")))
    assert not any(map(is_label, ("/", "/v1/codes", "/verify", "/verify.css", "/0", "/01")))
