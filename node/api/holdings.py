"""Who holds a company prefix or a location, as the API shows it."""

from dataclasses import dataclass

from pydantic import BaseModel

from chain.codec import Hash
from commerce.rights import LOCATIONS, PREFIXES, Holding, prefix_size
from node.api.parameters import text_in_path
from node.api.problems import ObjectNotFound
from node.api.render import model_of, render_fields
from node.api.replies import Reply, json_reply
from node.api.routing import Call

DIGITS = text_in_path(
    "digits", "[0-9]{6,18}", "digits of a GS1 key without its indicator: what its prefix begins"
)
GLN = text_in_path("gln", "[0-9]{13}", "a Global Location Number of 13 digits")


@dataclass(frozen=True, slots=True)
class HoldingView:
    """A company prefix or a location and who holds it; `certificate` is the hash of its proof."""

    number: str
    holder: Hash
    certificate: Hash | None
    granted_ms: int


HOLDING_MODEL: type[BaseModel] = model_of(HoldingView)


def read_prefix_holder(call: Call) -> Reply:
    """GET /v1/prefixes/{digits}."""
    state, digits = call.service.ledger.state, call.get(DIGITS)
    known = digits[: prefix_size(state, digits)]
    found = PREFIXES.load(state, known.encode())
    if found is None:
        msg = "nobody holds a company prefix that these digits begin with"
        raise ObjectNotFound(msg, "path.digits")
    return _reply(known, found)


def read_location_holder(call: Call) -> Reply:
    """GET /v1/locations/{gln}."""
    found = LOCATIONS.load(call.service.ledger.state, call.get(GLN).encode())
    if found is None:
        msg = "nobody holds this location"
        raise ObjectNotFound(msg, "path.gln")
    return _reply(call.get(GLN), found)


def _reply(number: str, found: Holding) -> Reply:
    view = HoldingView(number, found.holder, found.certificate, found.granted_ms)
    return json_reply(render_fields(view))
