"""Addresses of labels: what a phone opens is a GS1 Digital Link with whatever its maker put there.

A tag adds its tap to the query, a printer an expiry date, a brand the lot or its own beginning of
the path. The consumer's page takes all that; it needs the product and the serial.
"""

from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from commerce.epcis.digital_link import DOMAIN, parse_link
from commerce.epcis.identifiers import is_key
from node.api.problems import ApiProblem

# What a node's own links begin with, and what those of a brand whose domain leads to a node do.
_STARTS: Final = ("/v/", "/01/", "/gtin/")
_GTIN_SIZE: Final = 14


class LabelUnreadable(ApiProblem):
    """The address holds no product and serial number."""

    status = 404
    hint = "a label's address is a GS1 Digital Link: …/01/GTIN/21/SERIAL"


class CheckDigitWrong(ApiProblem):
    """No product has this number: its last digit doesn't fit the others."""

    status = 404
    hint = "read the label again"


@dataclass(frozen=True, slots=True)
class Label:
    """What the address of a label names; the lot only where it stands in the path."""

    gtin: str
    serial: str
    lot: str | None

    @property
    def path(self) -> str:
        """The one path of the page of this code."""
        return f"/v/01/{self.gtin}/21/{quote(self.serial, safe='')}"


def is_label(raw_path: str) -> bool:
    """Is it the address of a page for whoever scanned a label?"""
    return raw_path == "/v" or raw_path.startswith(_STARTS)


def label_of(raw_path: str) -> Label:
    """The label of an address, `LabelUnreadable` or `CheckDigitWrong`."""
    link = parse_link(DOMAIN.removesuffix("/") + raw_path)
    qualifiers = {} if link is None else dict(link.qualifiers)
    if link is None or link.ai != "01" or "21" not in qualifiers:
        msg = "the address holds no product and serial number"
        raise LabelUnreadable(msg)
    gtin = link.key.zfill(_GTIN_SIZE)
    if not is_key(gtin):
        msg = f"no product has the number {gtin}: its check digit is wrong"
        raise CheckDigitWrong(msg)
    return Label(gtin, qualifiers["21"], qualifiers.get("10"))
