"""A GS1 identifier in words: its other forms, its parts by application identifier, what is wrong.

For people and their tools; nothing agreed depends on it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from commerce.epcis.digital_link import (
    DOMAIN,
    Link,
    checked_digits,
    is_at_gs1,
    parse_link,
    unescaped,
)
from commerce.epcis.epc_uris import to_urn
from commerce.epcis.identifiers import (
    JOINED_MAX,
    LOT,
    PREFIX_SIZES,
    SCHEMES,
    canonical,
    check_digit,
    company_prefix,
    identity,
    is_well_formed,
)

# General Specifications §3.2.
TITLES = {
    "00": "SSCC",
    "01": "GTIN",
    "10": "lot",
    "21": "serial",
    "22": "variant",
    "235": "third-party serial",
    "253": "GDTI",
    "254": "GLN extension",
    "255": "GCN",
    "401": "GINC",
    "402": "GSIN",
    "414": "GLN of a place",
    "415": "GLN to pay to",
    "417": "GLN of a party",
    "7040": "unique identification code",
    "8003": "GRAI",
    "8004": "GIAI",
    "8006": "ITIP",
    "8010": "CPID",
    "8011": "CPID serial",
    "8013": "GMN",
    "8017": "GSRN of a provider",
    "8018": "GSRN of a recipient",
    "8019": "SRIN",
    "8020": "payment reference",
    "11": "production date",
    "13": "packaging date",
    "15": "best before",
    "16": "sell by",
    "17": "expiry",
}
# Keys that a person writes without their application identifier, by their number of digits.
_BARE = {8: "01", 12: "01", 13: "01", 14: "01", 17: "402", 18: "00"}
_ELEMENTS = re.compile(r"(?:\([0-9]{2,4}\)[^()]+)+")
_ELEMENT = re.compile(r"\(([0-9]{2,4})\)([^()]+)")


@dataclass(frozen=True, slots=True)
class Part:
    """A value and what its application identifier calls it; an attribute of the query has none."""

    ai: str
    title: str
    value: str


@dataclass(frozen=True, slots=True)
class Explained:
    """What an identifier is. `problem` None: well-formed. `note`: what is odd but allowed."""

    given: str
    epc_uri: str | None
    digital_link: str | None
    parts: tuple[Part, ...]
    attributes: tuple[Part, ...]
    company_prefix: str | None
    check_digit: str | None
    note: str | None
    problem: str | None


def explain(text: str, prefix_digits: int | None = None) -> Explained:
    """Explain an EPC URI, a Digital Link, `(01)…(21)…`, `GTIN/21/SERIAL`, or bare digits.

    A link has an EPC URI only with the length of its company prefix: no link tells it.
    """
    uri = _as_uri(text)
    link = parse_link(canonical(uri) or uri)
    given = parse_link(uri) or link
    told = list(_problems(uri, link))
    is_urn = uri.startswith("urn:epc:")
    urn = uri if is_urn else to_urn(uri, prefix_digits) if prefix_digits else None
    return Explained(
        given=text,
        epc_uri=urn,
        digital_link=None if link is None else canonical(uri),
        parts=() if given is None else _parts(given),
        attributes=() if given is None else tuple([_part(*pair) for pair in given.attributes]),
        company_prefix=company_prefix(urn or ""),
        check_digit=None if link is None else _shown_check_digit(identity(uri)),
        note=_note(link, urn, prefix_digits),
        problem="; ".join(told) or None,
    )


def _as_uri(text: str) -> str:
    text = text.strip()
    if text.isdecimal() and len(text) in _BARE:
        return f"{DOMAIN}{_BARE[len(text)]}/{text}"
    if _ELEMENTS.fullmatch(text):
        pairs = _ELEMENT.findall(text)
        return DOMAIN + "/".join(f"{ai}/{value.replace('/', '%2F')}" for ai, value in pairs)
    if text[:1].isdecimal() and "/" in text:
        return f"{DOMAIN}01/{text}"
    return text


def _parts(link: Link) -> tuple[Part, ...]:
    return tuple([_part(ai, value) for ai, value in ((link.ai, link.key), *link.qualifiers)])


def _part(ai: str, value: str) -> Part:
    return Part(ai, TITLES.get(ai, ""), value)


def _shown_check_digit(link: str) -> str | None:
    digits = checked_digits(link)
    return None if digits is None else f"{digits[-1]}, the last of {digits}"


def _problems(uri: str, link: Link | None) -> Iterator[str]:
    if uri.startswith("urn:epc:"):
        if not is_well_formed(uri):
            yield _wrong_urn(uri)
        return
    if link is None:
        words = "no GS1 key and its qualifiers in their order" if is_at_gs1(uri) else "no GS1 key"
        yield f"holds {words}"
        return
    digits = checked_digits(identity(uri))
    if digits is None:
        return
    right = check_digit(digits[:-1])
    if digits.strip("0") == "":
        yield "a key of zeros names nothing"
    elif right != digits[-1]:
        yield f"the check digit of {digits} is {digits[-1]} and should be {right}"


def _note(link: Link | None, urn: str | None, prefix_digits: int | None) -> str | None:
    if link is None or urn is not None:
        return None
    if prefix_digits is None:
        return "its EPC URI depends on the length of its company prefix, which no link tells"
    return f"no EPC URI says this with a company prefix of {prefix_digits} digits"


def _wrong_urn(uri: str) -> str:
    """The first thing that is wrong with an EPC URI, in words."""
    kind, _, rest = uri.removeprefix("urn:epc:").partition(":")
    name, _, fields = rest.partition(":")
    scheme = LOT if name == "lgtin" else SCHEMES.get(name)
    if (
        kind not in ("id", "idpat", "class")
        or scheme is None
        or (kind == "class") != (name == "lgtin")
    ):
        return f"urn:epc:{kind}:{name} is no EPC scheme, or its fields are malformed"
    prefix, _, others = fields.partition(".")
    if not prefix.isdecimal() or len(prefix) not in PREFIX_SIZES:
        return "a company prefix has 6 to 12 digits"
    reference = others.partition(".")[0]
    size = len(prefix) + len(unescaped(reference))
    if scheme.body and (size != scheme.body or not (reference + "0").isdecimal()):
        return f"prefix and reference together are {scheme.body} digits, not {size}"
    if not scheme.body and not 0 < len(unescaped(reference)) <= JOINED_MAX - len(prefix):
        return f"prefix and reference together have at most {JOINED_MAX} characters"
    if (prefix + reference).strip("0") == "":
        return "a key of zeros names nothing"
    if scheme.serial is None:
        return f"{name} has no field after the reference"
    return f"its serial is missing, has more than {scheme.serial_max} characters or a wrong one"
