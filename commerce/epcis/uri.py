"""The format `uri` of the EPCIS schema, asserted: an absolute URI by the grammar of RFC 3986."""

import re
from collections.abc import Collection

_PCT = r"%[0-9A-Fa-f]{2}"
_UNRESERVED_SUB = r"A-Za-z0-9\-._~!$&'()*+,;="
_PCHAR = rf"(?:[{_UNRESERVED_SUB}:@]++|{_PCT})"
_PATH_CHAR = rf"(?:[{_UNRESERVED_SUB}:@/]++|{_PCT})"
_QUERY_CHAR = rf"(?:[{_UNRESERVED_SUB}:@/?]++|{_PCT})"
_USERINFO = rf"(?:[{_UNRESERVED_SUB}:]++|{_PCT})*+@"
_H16 = "[0-9A-Fa-f]{1,4}"
_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_LS32 = rf"(?:{_H16}:{_H16}|{_OCTET}(?:\.{_OCTET}){{3}})"
# RFC 3986 §3.2.2, IPv6address: nine forms by the place of the "::".
_IPV6 = "|".join(
    (
        rf"(?:{_H16}:){{6}}{_LS32}",
        rf"::(?:{_H16}:){{5}}{_LS32}",
        rf"(?:{_H16})?::(?:{_H16}:){{4}}{_LS32}",
        rf"(?:(?:{_H16}:){{0,1}}{_H16})?::(?:{_H16}:){{3}}{_LS32}",
        rf"(?:(?:{_H16}:){{0,2}}{_H16})?::(?:{_H16}:){{2}}{_LS32}",
        rf"(?:(?:{_H16}:){{0,3}}{_H16})?::{_H16}:{_LS32}",
        rf"(?:(?:{_H16}:){{0,4}}{_H16})?::{_LS32}",
        rf"(?:(?:{_H16}:){{0,5}}{_H16})?::{_H16}",
        rf"(?:(?:{_H16}:){{0,6}}{_H16})?::",
    )
)
_HOST = (
    rf"(?:\[(?:{_IPV6}|v[0-9A-Fa-f]+\.[{_UNRESERVED_SUB}:]+)\]|(?:[{_UNRESERVED_SUB}]++|{_PCT})*+)"
)
_AUTHORITY = rf"(?:{_USERINFO})?{_HOST}(?::[0-9]*+)?"
_URI = re.compile(
    rf"[A-Za-z][A-Za-z0-9+.\-]*+:"
    rf"(?://{_AUTHORITY}(?:/{_PATH_CHAR}*+)?|/(?:{_PCHAR}{_PATH_CHAR}*+)?|{_PCHAR}{_PATH_CHAR}*+|)"
    rf"(?:\?{_QUERY_CHAR}*+)?(?:#{_QUERY_CHAR}*+)?"
)


def is_uri(text: str) -> bool:
    """Whether `text` is an absolute URI (a compact one, `prefix:name`, has the same grammar)."""
    return _URI.fullmatch(text) is not None


_URIS = re.compile(rf"(?:{_URI.pattern}\n)*+")


def are_uris(texts: Collection[str]) -> bool:
    """Whether all of them are, in one look."""
    lines = "\n".join(texts) + "\n"
    return lines.count("\n") == len(texts) and _URIS.fullmatch(lines) is not None
