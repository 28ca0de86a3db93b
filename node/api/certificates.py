"""Certificates as the API shows them: of a product, a lot or a place, or by an inspector."""

from dataclasses import dataclass

from pydantic import BaseModel

from commerce import indexes
from commerce.certificates.views import GoodsCertificateView, certificate_view
from commerce.epcis.digital_link import DOMAIN
from commerce.epcis.identifiers import lot_of_number
from commerce.goods.things import name_part
from node.api.paging import CURSOR, LIMIT, newest, split_place
from node.api.parameters import account_in_query, hash_in_path, text_in_query
from node.api.problems import ParameterInvalid
from node.api.provenance import LOT
from node.api.render import model_of, render_fields
from node.api.replies import Reply, json_reply
from node.api.routing import Call

CERTIFICATE_ID = hash_in_path("id", "id of a certificate")
OF_GTIN = text_in_query("gtin", "[0-9]{14}", "of this product and its lots, a GTIN of 14 digits")
OF_GLN = text_in_query("gln", "[0-9]{13}", "of this location, a GLN of 13 digits")
BY_ISSUER = account_in_query("issuer", "certificates by this inspector")


@dataclass(frozen=True, slots=True)
class CertificatesView:
    """Certificates as of the newest block, newest first, those that have ended too."""

    certificates: tuple[GoodsCertificateView, ...]
    next: str | None


CERTIFICATE_MODEL: type[BaseModel] = model_of(GoodsCertificateView)
CERTIFICATES_MODEL: type[BaseModel] = model_of(CertificatesView)


def read_certificate(call: Call) -> Reply:
    """GET /v1/certificates/{id}."""
    ledger = call.service.ledger
    time_ms = ledger.tip.header.time_ms
    view = certificate_view(ledger.state, call.get(CERTIFICATE_ID), time_ms)
    return json_reply(render_fields(view))


def read_certificates(call: Call) -> Reply:
    """GET /v1/certificates?gtin= (and perhaps &lot=), ?gln= or ?issuer=."""
    ledger = call.service.ledger
    time_ms = ledger.tip.header.time_ms
    found, following = newest(ledger, _prefix(call), call.get(CURSOR), call.get(LIMIT))
    ids = [split_place(rest)[1] for rest, _ in found]
    views = tuple([certificate_view(ledger.state, known_id, time_ms) for known_id in ids])
    return json_reply(render_fields(CertificatesView(views, following)))


def _prefix(call: Call) -> bytes:
    """The rows of the one thing that is asked for."""
    gtin, lot = call.get(OF_GTIN), call.get(LOT)
    gln, issuer = call.get(OF_GLN), call.get(BY_ISSUER)
    if sum(value is not None for value in (gtin, gln, issuer)) != 1:
        msg = "give one of gtin, gln and issuer"
        raise ParameterInvalid(msg, "query.gtin")
    if lot is not None:
        identity = None if gtin is None else lot_of_number(f"{DOMAIN}01/{gtin}", lot)
        if identity is None:
            msg = "the lot of a GTIN: give both"
            raise ParameterInvalid(msg, "query.lot")
        return indexes.SUBJECT_CERTIFICATE + name_part(identity)
    if issuer is not None:
        return indexes.ISSUER_CERTIFICATE + issuer
    return indexes.KEY_CERTIFICATE + (gtin or gln or "").encode()
