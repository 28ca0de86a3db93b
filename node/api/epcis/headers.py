"""The headers that every route of the EPCIS binding shares: versions, formats, what is acceptable.

Defaults are this node's own where the standard lets a server choose; `GS1-EPC-Format` is the one
that departs from it (docs/adr/0102): without the header events are told as they were captured.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from aiohttp import web

from node.api.epcis.library import NAMESPACE, PREFIX
from node.api.epcis.problems import NotAcceptable, QueryParameterRefused
from node.api.replies import Reply

JSON: Final = "application/json"
LD_JSON: Final = "application/ld+json"
VERSION: Final = "2.0.0"
VERSION_SIZE_MAX: Final = 32

_VERSION: Final = re.compile(r"[0-9]{1,4}(?:\.[0-9]{1,4}){0,3}")
_ACCEPT_SIZE_MAX: Final = 1024
# Of one weight, the first of these that the client takes is sent.
_SENT: Final = (JSON, LD_JSON)
_RANGES: Final[Mapping[str, tuple[str, ...]]] = {
    "*/*": _SENT,
    "application/*": _SENT,
    JSON: (JSON,),
    LD_JSON: (LD_JSON,),
    # A refusal has it; who takes only that takes no answer.
    "application/problem+json": (),
}


class EpcFormat(StrEnum):
    """How identifiers are spelt in an answer (header `GS1-EPC-Format`)."""

    NO_PREFERENCE = "No_Preference"
    DIGITAL_LINK = "Always_GS1_Digital_Link"
    URN = "Always_EPC_URN"
    AS_CAPTURED = "Never_Translates"


_CBV_FORMATS: Final = ("No_Preference", "Always_Web_URI", "Always_URN", "Never_Translates")

ANSWERED: Final[Mapping[str, str]] = {
    "GS1-EPCIS-Version": VERSION,
    "GS1-CBV-Version": VERSION,
    "GS1-Extensions": f"{PREFIX}={NAMESPACE}",
}
# What OPTIONS tells of every resource.
DISCOVERED: Final[Mapping[str, str]] = {
    **ANSWERED,
    "GS1-EPCIS-Min": VERSION,
    "GS1-EPCIS-Max": VERSION,
    "GS1-CBV-Min": VERSION,
    "GS1-CBV-Max": VERSION,
    "GS1-EPC-Format": EpcFormat.AS_CAPTURED,
    "GS1-CBV-XML-Format": "Never_Translates",
    "GS1-Vendor-Version": "hushang-1.0",
}


def check_request(request: web.BaseRequest) -> None:
    """`NotAcceptable` unless an answer by EPCIS 2.0 in JSON is one that the client takes."""
    accepted_type(request)
    epc_format(request)
    _choice(request, "GS1-CBV-XML-Format", _CBV_FORMATS)
    for name in ("EPCIS", "CBV"):
        own = _version(VERSION)
        low, high = f"GS1-{name}-Min", f"GS1-{name}-Max"
        # A shorter version means all that begin so: 2.0 takes 2.0.0.
        if low in request.headers and _asked(request, low) > own:
            msg = f"{low} is later than {VERSION}"
            raise NotAcceptable(msg, f"header.{low}")
        if high in request.headers:
            highest = _asked(request, high)
            if highest < own[: len(highest)]:
                msg = f"{high} is earlier than {VERSION}"
                raise NotAcceptable(msg, f"header.{high}")


def check_stated_version(request: web.BaseRequest) -> None:
    """`NotAcceptable` unless what a client sends is of EPCIS and CBV 2.0 by its own headers."""
    for name in ("GS1-EPCIS-Version", "GS1-CBV-Version"):
        if name in request.headers and _asked(request, name)[:2] != _version(VERSION)[:2]:
            msg = f"{name} is not {VERSION}"
            raise NotAcceptable(msg, f"header.{name}")


def accepted_type(request: web.BaseRequest) -> str:
    """The media type of the answer, by the Accept header (RFC 9110 §12.5.1)."""
    given = ",".join(request.headers.getall("Accept", ["*/*"]))
    if len(given) > _ACCEPT_SIZE_MAX:
        msg = "the header is too long"
        raise NotAcceptable(msg, "header.Accept")
    weights: dict[str, float] = {}
    for entry in given.split(","):
        name, *options = (part.strip().lower() for part in entry.split(";"))
        weight = _weight(options)
        for kind in _RANGES.get(name, ()):
            # What is named by itself counts more than a range that it lies in.
            if "*" not in name or kind not in weights:
                weights[kind] = weight
    best = max(_SENT, key=lambda kind: weights.get(kind, 0.0))
    if weights.get(best, 0.0) <= 0:
        msg = f"send Accept: {JSON}"
        raise NotAcceptable(msg, "header.Accept")
    return best


def _weight(options: list[str]) -> float:
    for option in options:
        if match := re.fullmatch(r"q=([01](?:\.[0-9]{0,3})?)", option):
            return float(match[1])
    return 1.0


def epc_format(request: web.BaseRequest) -> EpcFormat:
    """How the client wants identifiers spelt."""
    default = EpcFormat.AS_CAPTURED.value
    return EpcFormat(_choice(request, "GS1-EPC-Format", tuple(EpcFormat), default))


def _choice(
    request: web.BaseRequest, name: str, words: tuple[str, ...], default: str = "No_Preference"
) -> str:
    given = request.headers.get(name, default).strip()
    if given not in words:
        msg = f"{name}: one of {', '.join(words)}"
        raise QueryParameterRefused(msg, f"header.{name}")
    return given


def _asked(request: web.BaseRequest, name: str) -> tuple[int, ...]:
    given = request.headers[name].strip()
    if len(given) > VERSION_SIZE_MAX or not _VERSION.fullmatch(given):
        msg = f"{name}: a version like {VERSION}"
        raise QueryParameterRefused(msg, f"header.{name}")
    return _version(given)


def _version(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(".")))


def with_headers(request: web.BaseRequest, reply: Reply) -> Reply:
    """The reply with the standard's headers, in the media type that the client prefers."""
    kind = accepted_type(request) if reply.content_type == JSON else reply.content_type
    return Reply(reply.body, reply.status, kind, {**ANSWERED, **reply.headers})
