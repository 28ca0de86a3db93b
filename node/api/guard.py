"""Whom this API answers: no web page of a stranger drives a local node.

A page can reach a node on the visitor's own machine in two ways: by a name that its owner points to
127.0.0.1 after it was loaded (DNS rebinding; the Host header still tells the name), and by plain
cross-origin requests (the Origin header tells the page). An IP literal or localhost can't be
rebound, so those need no setting.
"""

import ipaddress
import re
from functools import lru_cache

from aiohttp import web

from node.api.problems import HostRefused, OriginRefused, RequestInvalid
from node.api.settings import ApiSettings

LOCAL_NAME = "localhost"
PORT_MAX = 65_535
# RFC 9110 section 7.2: uri-host [":" port]; a name by RFC 1123, or an address.
_HOST = re.compile(
    r"(?:\[(?P<address>[0-9A-Fa-f:.]+)\]|(?P<name>[A-Za-z0-9._-]+))(?::(?P<port>[0-9]{0,5}))?"
)
# Headers of the EPCIS binding that a page may send, and that it may read.
_EPCIS_TOLD = (
    *("GS1-EPCIS-Version", "GS1-CBV-Version", "GS1-Extensions", "GS1-EPC-Format"),
    *("GS1-Next-Page-Token-Expires", "GS1-Query-Min-Record-Time"),
)
_EPCIS_ASKED = (
    *("GS1-EPCIS-Version", "GS1-CBV-Version", "GS1-Extensions", "GS1-EPC-Format"),
    *("GS1-EPCIS-Min", "GS1-EPCIS-Max", "GS1-CBV-Min", "GS1-CBV-Max", "GS1-CBV-XML-Format"),
    "GS1-Capture-Error-Behaviour",
)
# Texts of Host headers whose meaning is remembered: most clients always send the same.
HOSTS_KEPT_MAX = 64


def check_host(request: web.BaseRequest, settings: ApiSettings) -> None:
    """`HostRefused` unless Host is an IP address, localhost or a configured name."""
    given = request.headers.getall("Host", [])
    if len(given) != 1:
        msg = "one Host header is needed"
        raise RequestInvalid(msg, "header.Host")
    name = _name_of(given[0])
    if _is_unbindable(name) or name in _names(settings):
        return
    msg = f"this node does not answer for {name[:64]!r}"
    raise HostRefused(msg, "header.Host")


def check_origin(request: web.BaseRequest, settings: ApiSettings) -> str | None:
    """The allowed foreign origin of the page that asks, None without one; `OriginRefused`."""
    origin = request.headers.get("Origin")
    if origin is None:
        return None
    if origin in settings.origins:
        return origin
    # A page that this node serves: same scheme family, same host and port.
    if origin.partition("://")[2].lower() == request.headers["Host"].lower():
        return None
    msg = f"a page of {origin[:128]!r} asks"
    raise OriginRefused(msg, "header.Origin")


def allow_origin(origin: str | None) -> dict[str, str]:
    """The CORS headers that let a configured page read the answer."""
    if origin is None:
        return {}
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Headers": f"Content-Type, Authorization, {', '.join(_EPCIS_ASKED)}",
        "Access-Control-Allow-Methods": "GET, POST, DELETE",
        "Access-Control-Expose-Headers": f"Location, Link, {', '.join(_EPCIS_TOLD)}",
        "Cross-Origin-Resource-Policy": "cross-origin",
        "Vary": "Origin",
    }


@lru_cache(HOSTS_KEPT_MAX)
def _name_of(host: str) -> str:
    """The name or address in lower case; empty where the text is no host and port."""
    found = _HOST.fullmatch(host)
    if found is None or int(found["port"] or 0) > PORT_MAX:
        return ""
    return (found["address"] or found["name"]).lower().rstrip(".")


@lru_cache(HOSTS_KEPT_MAX)
def _is_unbindable(name: str) -> bool:
    """Can no owner of a domain point this name anywhere?"""
    if name == LOCAL_NAME:
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _names(settings: ApiSettings) -> frozenset[str]:
    return frozenset(name.lower() for name in (*settings.hosts, settings.host))
