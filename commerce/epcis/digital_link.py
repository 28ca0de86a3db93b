"""GS1 Digital Link URIs: found in any web address, constrained to their finest identification.

GS1 Digital Link URI Syntax 1.2 §4 and CBV 2.0 §8.9 rule 18: the domain becomes id.gs1.org, names
become application identifiers, GTINs get 14 digits, each value has one spelling; query, fragment,
variant and every coarser level go. Lengths and characters of each value are those of the General
Specifications; a path that breaks them holds no key.
"""

import re
import string
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

DOMAIN = "https://id.gs1.org/"

_SCHEME_AND_HOST = re.compile(r"[Hh][Tt][Tt][Pp][Ss]?://([^/?#]*)")
# General Specifications, figures 7.11-1 and 7.11-2: character sets 82 and 39.
_X = '[!"%-/0-9:-?A-Z_a-z]'
_Y = r"[#\-/0-9A-Z]"
# §3.2: what a value of each application identifier is, its escapes read.
_KEYS = {
    "00": "[0-9]{18}",
    "01": "[0-9]{8}|[0-9]{12,14}",
    "253": f"[0-9]{{13}}{_X}{{0,17}}",
    "255": "[0-9]{13,25}",
    "401": f"[0-9]{{4}}{_X}{{1,26}}",
    "402": "[0-9]{17}",
    "414": "[0-9]{13}",
    "415": "[0-9]{13}",
    "417": "[0-9]{13}",
    "8003": f"0[0-9]{{13}}{_X}{{0,16}}",
    "8004": f"[0-9]{{4}}{_X}{{1,26}}",
    "8006": "[0-9]{18}",
    "8010": f"[0-9]{{4}}{_Y}{{1,26}}",
    "8013": f"[0-9]{{4}}{_X}{{1,21}}",
    "8017": "[0-9]{18}",
    "8018": "[0-9]{18}",
}
_KEY_FORMS = {ai: re.compile(form) for ai, form in _KEYS.items()}
_QUALIFIER_FORMS = {
    **dict.fromkeys(("10", "21", "22", "254"), re.compile(f"{_X}{{1,20}}")),
    "235": re.compile(f"{_X}{{1,28}}"),
    "7040": re.compile(f"[0-9]{_X}{{3}}"),
    "8011": re.compile("[0-9]{1,12}"),
    "8019": re.compile("[0-9]{1,10}"),
    "8020": re.compile(f"{_X}{{1,25}}"),
}
# The short names of version 1.0, which addresses still have.
NAMES = {
    "sscc": "00",
    "gtin": "01",
    "gdti": "253",
    "gcn": "255",
    "ginc": "401",
    "gsin": "402",
    "gln": "414",
    "payTo": "415",
    "party": "417",
    "grai": "8003",
    "giai": "8004",
    "itip": "8006",
    "cpid": "8010",
    "gmn": "8013",
    "gsrnp": "8017",
    "gsrn": "8018",
    "cpv": "22",
    "lot": "10",
    "ser": "21",
    "tpx": "235",
    "glnx": "254",
    "cpsn": "8011",
    "srin": "8019",
    "refno": "8020",
}
# A segment before another that names a key: most web addresses have none.
_NAMED_KEY = re.compile(f"/(?:{'|'.join([*_KEYS, *NAMES])})/")
# What may follow a key, in this order, in one of these sequences (§4.4); the last one identifies.
_SEQUENCES = {
    "01": (("22", "10", "21"), ("235",)),
    "8006": (("22", "10", "21"),),
    "414": (("254",), ("7040",)),
    "417": (("7040",),),
    "8004": (("7040",),),
    "8010": (("8011",),),
    "8017": (("8019",),),
    "8018": (("8019",),),
    "415": (("8020",),),
}
# A variant identifies nothing of its own; a place to pay to nothing without its reference.
_VARIANT, _PAY_TO = "22", "415"
# How many leading digits end in a check digit; keys not named here have none.
_CHECKED = {
    **dict.fromkeys(("00", "8017", "8018"), 18),
    **dict.fromkeys(("01", "8003", "8006"), 14),
    **dict.fromkeys(("253", "255", "414", "415", "417"), 13),
    "402": 17,
}
_ESCAPED = re.compile(r"%([0-9A-Fa-f]{2})")
# What EPC URIs and links both leave as it is.
_BARE = frozenset(string.ascii_letters + string.digits + "-._';=")
_BARE_ONLY = re.compile(r"[A-Za-z0-9\-._';=]+")
_ESCAPES = {code: f"%{code:02X}" for code in range(128) if chr(code) not in _BARE}


@dataclass(frozen=True, slots=True)
class Link:
    """The parts of a Digital Link; values with their escapes read, the key as it was written.

    `stem`: what stands in the path before the key. `attributes`: the query, name by name.
    """

    host: str
    stem: str
    ai: str
    key: str
    qualifiers: tuple[tuple[str, str], ...]
    attributes: tuple[tuple[str, str], ...]

    def constrained(self, finest: str = "") -> str | None:
        """The canonical link of the finest level; of the level `finest`, or None if it lacks it."""
        key = self.key.zfill(14) if self.ai == "01" else escaped(self.key)
        link = f"{DOMAIN}{self.ai}/{key}"
        for ai, value in reversed(self.qualifiers):
            if ai == finest or (not finest and ai != _VARIANT):
                return f"{link}/{ai}/{escaped(value)}"
        return None if finest else link


def parse_link(uri: str) -> Link | None:
    """The parts of a Digital Link, or None if the address holds no key."""
    host = _SCHEME_AND_HOST.match(uri)
    if host is None or _NAMED_KEY.search(uri, host.end()) is None:
        return None
    path, _, query = uri[host.end() :].partition("#")[0].partition("?")
    segments = path.removesuffix("/").split("/")[1:]
    for position in range(len(segments) - 1):
        ai = NAMES.get(segments[position], segments[position])
        form = _KEY_FORMS.get(ai)
        key = None if form is None else _value(form, segments[position + 1])
        qualifiers = None if key is None else _qualifiers(ai, segments[position + 2 :])
        if key is not None and qualifiers is not None:
            stem = "/".join(segments[:position])
            return Link(host[1], stem, ai, key, qualifiers, tuple(_attributes(query)))
    return None


def from_link(uri: str, finest: str = "") -> str | None:
    """The constrained canonical form of a Digital Link, or None if the address holds no key.

    With `finest`, the form on the level of that qualifier, or None if the link lacks it.
    """
    link = parse_link(uri)
    return None if link is None else link.constrained(finest)


def is_value(ai: str, text: str) -> bool:
    """Whether a qualifier of keys, a lot or serial for example, can have this value."""
    return _QUALIFIER_FORMS[ai].fullmatch(text) is not None


def is_at_gs1(uri: str) -> bool:
    """Whether an address is at id.gs1.org, where every path is a key."""
    host = _SCHEME_AND_HOST.match(uri)
    return host is not None and host[1].lower() == "id.gs1.org"


def checked_digits(link: str) -> str | None:
    """The digits of a canonical link that must end in a check digit; None if its key has none."""
    ai, _, rest = link[len(DOMAIN) :].partition("/")
    size = _CHECKED.get(ai)
    return None if size is None else rest[:size]


def escaped(value: str) -> str:
    """A value as a path segment has it: everything escaped that some reader would misread."""
    return value if _BARE_ONLY.fullmatch(value) else value.translate(_ESCAPES)


def unescaped(segment: str) -> str:
    """A segment with its escapes read; no value holds what is not ASCII, marked U+FFFD here."""
    if "%" not in segment:
        return segment
    return _ESCAPED.sub(_character, segment)


def _character(escape: re.Match[str]) -> str:
    char = chr(int(escape[1], 16))
    return char if char.isascii() else "\ufffd"


def _value(form: re.Pattern[str], segment: str) -> str | None:
    value = unescaped(segment)
    return value if form.fullmatch(value) else None


def _qualifiers(ai: str, rest: Sequence[str]) -> tuple[tuple[str, str], ...] | None:
    """What follows a key, if it is all qualifiers of it and in their order."""
    if not rest:
        return None if ai == _PAY_TO else ()
    if len(rest) % 2:
        return None
    names = [NAMES.get(name, name) for name in rest[::2]]
    if not any(_is_within(names, sequence) for sequence in _SEQUENCES.get(ai, ())):
        return None
    found: list[tuple[str, str]] = []
    for name, segment in zip(names, rest[1::2], strict=True):
        value = _value(_QUALIFIER_FORMS[name], segment)
        if value is None:
            return None
        found.append((name, value))
    return tuple(found)


def _is_within(names: Sequence[str], sequence: Sequence[str]) -> bool:
    """Do the names stand in the sequence, in its order, each once?"""
    return list(names) == [name for name in sequence if name in names]


def _attributes(query: str) -> Iterator[tuple[str, str]]:
    """§4.11: pairs between & (or ;, which version 1.0 allowed)."""
    for pair in re.split("[&;]", query):
        name, equals, value = pair.partition("=")
        if equals:
            yield unquote(name), unquote(value)
