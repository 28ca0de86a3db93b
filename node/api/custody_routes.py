"""Rows of the route table: whose goods and places, who has what, custody offers, certificates."""

from commerce.certificates.errors import CertificateUnknown
from commerce.goods.errors import OfferUnknown
from node.api import certificates, custody, holdings, paging, provenance
from node.api.problems import ObjectNotFound
from node.api.routing import Route

PAGE = (paging.CURSOR, paging.LIMIT)

CUSTODY: tuple[Route, ...] = (
    Route(
        "GET",
        "/v1/prefixes/{digits}",
        "Whose company prefix the digits of a GS1 key begin with",
        {200: holdings.HOLDING_MODEL},
        read=holdings.read_prefix_holder,
        parameters=(holdings.DIGITS,),
        problems=(ObjectNotFound,),
    ),
    Route(
        "GET",
        "/v1/locations/{gln}",
        "Who holds a location",
        {200: holdings.HOLDING_MODEL},
        read=holdings.read_location_holder,
        parameters=(holdings.GLN,),
        problems=(ObjectNotFound,),
    ),
    Route(
        "GET",
        "/v1/things",
        "A thing: who has it, who owns it, open offers, certificates, its history",
        {200: custody.THING_MODEL},
        read=custody.read_thing,
        parameters=(provenance.EPC, provenance.GTIN, provenance.LOT, *PAGE),
    ),
    Route(
        "GET",
        "/v1/custody/{id}",
        "A custody offer, open or ended",
        {200: custody.OFFER_MODEL},
        read=custody.read_custody,
        parameters=(custody.OFFER_ID,),
        problems=(OfferUnknown,),
    ),
    Route(
        "GET",
        "/v1/accounts/{account}/custody",
        "Custody offers by and to an account, newest first",
        {200: custody.OFFERS_MODEL},
        read=custody.read_custody_of,
        parameters=(custody.PARTY, custody.PART, custody.STATE, *PAGE),
    ),
    Route(
        "GET",
        "/v1/certificates",
        "Certificates of a product, a lot or a location, or by an inspector, newest first",
        {200: certificates.CERTIFICATES_MODEL},
        read=certificates.read_certificates,
        parameters=(
            certificates.OF_GTIN,
            provenance.LOT,
            certificates.OF_GLN,
            certificates.BY_ISSUER,
            *PAGE,
        ),
    ),
    Route(
        "GET",
        "/v1/certificates/{id}",
        "A certificate and what it is worth now",
        {200: certificates.CERTIFICATE_MODEL},
        read=certificates.read_certificate,
        parameters=(certificates.CERTIFICATE_ID,),
        problems=(CertificateUnknown,),
    ),
)
