"""What a certificate is of: a product (GTIN), a lot of it, or a place (GLN); and whose that is."""

from dataclasses import dataclass

from chain.state import StateReader
from commerce.certificates.errors import SubjectUncertifiable
from commerce.epcis.digital_link import DOMAIN
from commerce.epcis.identifiers import canonical, gln_of, gtin_of, is_well_formed
from commerce.goods.things import name_part
from commerce.rights import gtin_holder, location_holder
from commerce.roles import has_role, has_role_for_goods

PRODUCT, LOT, PLACE = "product", "lot", "place"


@dataclass(frozen=True, slots=True)
class Subject:
    """`identity` is the canonical link; `key` the GTIN of a product or lot, or the GLN."""

    kind: str
    identity: str
    key: str

    @property
    def part(self) -> bytes:
        """The key part of this in state tables and indexes."""
        return name_part(self.identity)

    def holder(self, state: StateReader) -> bytes | None:
        """Who makes these goods, or has this place; None: nobody on this chain."""
        if self.kind == PLACE:
            return location_holder(state, self.key)
        return gtin_holder(state, self.key)

    def is_within(self, state: StateReader, account: bytes, role: str) -> bool:
        """Does the account hold the role everywhere, or in a scope that covers this?"""
        if self.kind == PLACE:
            # A location's number begins with its company's prefix.
            return has_role(state, account, role, f"gln:{self.key}", f"gcp:{self.key}")
        return has_role_for_goods(state, account, role, self.key)


def read_subject(uri: str) -> Subject:
    """The product, lot or place that an EPC URI or GS1 Digital Link names, in any spelling;
    `SubjectUncertifiable` for anything else: one item is inspected as one of its lot.
    """
    link = canonical(uri) if is_well_formed(uri) else None
    gtin, gln = gtin_of(link or ""), gln_of(link or "")
    if link is not None and gtin is not None:
        rest = link.removeprefix(f"{DOMAIN}01/{gtin}")
        if not rest:
            return Subject(PRODUCT, link, gtin)
        if rest.startswith("/10/"):
            return Subject(LOT, link, gtin)
    if link is not None and gln is not None and link == f"{DOMAIN}414/{gln}":
        return Subject(PLACE, link, gln)
    msg = f"{uri!r} is no product, lot or location"
    raise SubjectUncertifiable(msg)
