"""GS1 Digital Link URIs: found in any web address, constrained to their finest identification.

GS1 Digital Link URI Syntax 1.2 §4 and CBV 2.0 §8.9 rule 18: the domain becomes id.gs1.org, names
become application identifiers, GTINs get 14 digits; query, fragment, variant and every coarser
level go.
"""

import re

DOMAIN = "https://id.gs1.org/"

_SCHEME_AND_HOST = re.compile(r"https?://[^/?#]*")
_TEXT = r"(?:[!-.0-~])+"  # any visible ASCII but the slash; escapes included
_KEYS = {
    "00": r"[0-9]{18}",
    "01": r"[0-9]{8}|[0-9]{12,14}",
    "253": rf"[0-9]{{13}}(?:{_TEXT})?",
    "255": r"[0-9]{13,25}",
    "401": r"[0-9]{4}" + _TEXT,
    "402": r"[0-9]{17}",
    "414": r"[0-9]{13}",
    "417": r"[0-9]{13}",
    "8003": rf"[0-9]{{14}}(?:{_TEXT})?",
    "8004": r"[0-9]{4}" + _TEXT,
    "8006": r"[0-9]{18}",
    "8010": r"[0-9]{4}" + _TEXT,
    "8017": r"[0-9]{18}",
    "8018": r"[0-9]{18}",
}
_KEY_FORMS = {ai: re.compile(form) for ai, form in _KEYS.items()}
_NAMES = {
    "sscc": "00",
    "gtin": "01",
    "gdti": "253",
    "gcn": "255",
    "ginc": "401",
    "gsin": "402",
    "gln": "414",
    "party": "417",
    "grai": "8003",
    "giai": "8004",
    "itip": "8006",
    "cpid": "8010",
    "gsrnp": "8017",
    "gsrn": "8018",
    "cpv": "22",
    "lot": "10",
    "ser": "21",
}
# A segment before another that names a key: most web addresses have none.
_NAMED_KEY = re.compile(f"/(?:{'|'.join([*_KEYS, *_NAMES])})/")
# The qualifiers a key may have, finest first; "22" (variant) identifies nothing of its own here.
_QUALIFIERS = {
    "01": ("21", "235", "10", "22"),
    "8006": ("21", "10", "22"),
    "8010": ("8011",),
    "414": ("254",),
}
_VALUE = re.compile(_TEXT)
# How many leading digits end in a check digit; keys not named here have none.
_CHECKED = {
    **dict.fromkeys(("00", "8017", "8018"), 18),
    **dict.fromkeys(("01", "8003", "8006"), 14),
    **dict.fromkeys(("253", "255", "414", "417"), 13),
    "402": 17,
}
_ESCAPED = re.compile(r"%[0-9A-Fa-f]{2}")


def from_link(uri: str, finest: str = "") -> str | None:
    """The constrained canonical form of a Digital Link, or None if the address holds no key.

    With `finest`, the form on the level of that qualifier, or None if the link lacks it.
    """
    host = _SCHEME_AND_HOST.match(uri)
    if host is None or _NAMED_KEY.search(uri, host.end()) is None:
        return None
    path = uri[host.end() :].partition("#")[0].partition("?")[0]
    segments = path.removesuffix("/").split("/")[1:]
    for position in range(len(segments) - 1):
        ai = _NAMES.get(segments[position], segments[position])
        form = _KEY_FORMS.get(ai)
        if form is not None and form.fullmatch(segments[position + 1]):
            return _constrained(ai, segments[position + 1], segments[position + 2 :], finest)
    return None


def checked_digits(link: str) -> str | None:
    """The digits of a canonical link that must end in a check digit; None if its key has none."""
    ai, _, rest = link[len(DOMAIN) :].partition("/")
    size = _CHECKED.get(ai)
    return None if size is None else rest[:size]


def upper_escapes(text: str) -> str:
    """RFC 3986 §6.2.2.1: `%2f` and `%2F` are one."""
    if "%" not in text:
        return text
    return _ESCAPED.sub(lambda match: match.group().upper(), text)


def _constrained(ai: str, key: str, rest: list[str], finest: str) -> str | None:
    allowed = _QUALIFIERS.get(ai, ())
    found: dict[str, str] = {}
    if len(rest) % 2:
        return None
    for name, value in zip(rest[::2], rest[1::2], strict=True):
        qualifier = _NAMES.get(name, name)
        if qualifier not in allowed or qualifier in found or not _VALUE.fullmatch(value):
            return None
        found[qualifier] = value
    key = key.zfill(14) if ai == "01" else upper_escapes(key)
    link = f"{DOMAIN}{ai}/{key}"
    for qualifier in (finest,) if finest else allowed:
        if qualifier in found and qualifier != "22":
            return f"{link}/{qualifier}/{upper_escapes(found[qualifier])}"
    return None if finest else link
