"""GS1 identifiers: check digits, EPC URIs, GS1 Digital Links and the one form that joins them.

EPC Tag Data Standard 2.0 §6 (URNs) and GS1 Digital Link URI Syntax 1.2 §4 (links). The canonical
form is the constrained link of CBV 2.0 §8.9 rule 18: `https://id.gs1.org/` and the finest level of
identification, without attributes. GTIN, lot and serial of one thing meet there whatever their
spelling was.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from commerce.epcis.digital_link import (
    DOMAIN,
    checked_digits,
    escaped,
    from_link,
    is_at_gs1,
    unescaped,
)
from commerce.epcis.other_epcs import is_other_epc

# URIs of more characters are read anew each time.
KNOWN_SIZE_MAX = 512
# Company prefix and reference of an EPC URI are much shorter; a serial fits behind.
_PRODUCT_SIZE_MAX = 64

# TDS 2.0 §6.3, GS3A3 and CPRef: what must be escaped in a URN is; other escapes need not be.
_SERIAL = re.compile(
    r"(?:[!')(*+,\-.0-9:;=A-Z_a-z]|%(?:2[125-9A-Fa-f]|3[0-9A-Fa-f]|[46][1-9A-Fa-f]|5[0-9AaFf]"
    r"|7[0-9Aa]))+"
)
_PART_REFERENCE = re.compile(r"(?:[\-0-9A-Z]|%(?:2[3DdFf]|3[0-9]|4[1-9A-Fa-f]|5[0-9Aa]))+")
_DIGITS = re.compile(r"[0-9]+")
_TWO_DIGITS = re.compile(r"[0-9]{2}")
PREFIX_SIZES = range(6, 13)
_GTIN_SIZES = (8, 12, 13, 14)


@dataclass(frozen=True, slots=True)
class Scheme:
    """How an EPC URI of one kind becomes a key: `body` digits, then a check digit.

    `body` 0: no check digit, company prefix and reference are just joined (GIAI, GINC, CPI).
    `lead`: a digit before the body (GRAI); `indicator`: the reference's first digit leads.
    `serial` None: there is none; "": it is appended to the key; else its qualifier in a link.
    """

    ai: str
    body: int
    serial: str | None
    serial_max: int = 0
    indicator: bool = False
    lead: str = ""
    numeric_serial: bool = False


SCHEMES = {
    "sgtin": Scheme("01", 13, "21", 20, indicator=True),
    "upui": Scheme("01", 13, "235", 28, indicator=True),
    "itip": Scheme("8006", 13, "21", 20, indicator=True),
    "sscc": Scheme("00", 17, None, indicator=True),
    "sgln": Scheme("414", 12, "254", 20),
    "pgln": Scheme("417", 12, None),
    "grai": Scheme("8003", 12, "", 16, lead="0"),
    "giai": Scheme("8004", 0, None, 30),
    "gsrn": Scheme("8018", 17, None),
    "gsrnp": Scheme("8017", 17, None),
    "gdti": Scheme("253", 12, "", 17),
    "sgcn": Scheme("255", 12, "", 12, numeric_serial=True),
    "cpi": Scheme("8010", 0, "8011", 12, numeric_serial=True),
    "ginc": Scheme("401", 0, None, 30),
    "gsin": Scheme("402", 16, None),
}
LOT = Scheme("01", 13, "10", 20, indicator=True)
# Whose links end in the serial as it is, whatever it is (the extension 0 of an SGLN is none).
_STEMMED = {name: SCHEMES[name] for name in ("sgtin", "upui", "grai", "gdti")} | {"lgtin": LOT}
_LED = frozenset({"00", "01", "8003", "8006"})
_PATTERNS = frozenset({"sgtin", "grai", "gdti", "sgcn", "cpi", "itip", "upui"})
# GIAI, GINC and CPI: company prefix and reference together.
JOINED_MAX = 30


def check_digit(digits: str) -> str:
    """The check digit that follows `digits` (GS1 General Specifications §7.9: weights 3, 1, …)."""
    codes = digits.encode()
    total = 3 * sum(codes[::-2]) + sum(codes[-2::-2])
    # Each code is 48 more than its digit; the last digit has weight 3.
    excess = ord("0") * (2 * len(codes) + len(codes) % 2)
    return str((excess - total) % 10)


def is_key(digits: str) -> bool:
    """Whether a GTIN, GLN, SSCC, GSRN, … ends in its check digit and is not all zeros."""
    return (
        _DIGITS.fullmatch(digits) is not None
        and digits.strip("0") != ""
        and check_digit(digits[:-1]) == digits[-1]
    )


_CLASS = f"{DOMAIN}01/"
_CLASS_SIZE = len(_CLASS) + 14


def canonical(uri: str) -> str | None:
    """The constrained canonical link of an EPC URI or a GS1 Digital Link; None for other URIs."""
    return known(uri)[0] if len(uri) <= KNOWN_SIZE_MAX else _read(uri)[0]


def _read(uri: str) -> tuple[str | None, bool]:
    """The canonical link of a URI, if it has one, and whether it is well-formed."""
    if uri.startswith("urn:epc:"):
        # The items of a product differ in nothing but their serials, most of them letters and
        # digits only; there are many.
        product, _, serial = uri.rpartition(".")
        if serial.isalnum() and serial.isascii() and len(uri) <= KNOWN_SIZE_MAX:
            stem, serial_max = _stem(product)
            if len(serial) <= serial_max:
                return stem + serial, True
        link = _from_urn(uri)
        if link is None:
            return None, is_other_epc(uri)
        # What a URN becomes has its check digit from here.
        return link, (checked_digits(link) or "1").strip("0") != ""
    if not _is_address(uri):
        return None, True
    link = from_link(uri)
    if not is_at_gs1(uri):
        return link, True
    digits = None if link is None else checked_digits(link)
    return link, link is not None and (digits is None or is_key(digits))


def _is_address(uri: str) -> bool:
    return uri[:4].lower() == "http"


# For URIs of at most KNOWN_SIZE_MAX characters, as all that name things are: (canonical link, is
# it well-formed). The check, the hash and the index of one event ask for the same ones.
known = lru_cache(maxsize=4096)(_read)


_stems: dict[str, tuple[str, int]] = {}


def _stem(product: str) -> tuple[str, int]:
    """What the links of a product's serials begin with, and how long such a serial may be.

    Of what is no product, or longer than any is: nothing, and 0.
    """
    if not product.startswith("urn:epc:") or len(product) > _PRODUCT_SIZE_MAX:
        return "", 0
    found = _stems.get(product)
    if found is None:
        if len(_stems) >= _KEPT_MAX:
            _stems.clear()
        found = _stems[product] = _read_stem(product)
    return found


def _read_stem(product: str) -> tuple[str, int]:
    link = _from_urn(f"{product}.1")
    if link is None or product.count(".") != 1 or (checked_digits(link) or "1").strip("0") == "":
        return "", 0
    scheme = _STEMMED.get(product.split(":")[3])
    return (link.removesuffix("1"), scheme.serial_max) if scheme else ("", 0)


# Lists of more things are read anew each time.
_LISTED_MAX = 64
_KEPT_MAX = 1_024
_lists: dict[tuple[str, ...], tuple[str, ...]] = {}


def links_of(uris: tuple[str, ...]) -> tuple[str, ...] | None:
    """The canonical links of a list of EPC URIs; None if one has none or is not well-formed.

    The check, the hash and the index of an event ask for the same lists.
    """
    links = _lists.get(uris)
    if links is None:
        links = _links_of(uris)
        if links is not None and len(uris) <= _LISTED_MAX:
            if len(_lists) >= _KEPT_MAX:
                _lists.clear()
            _lists[uris] = links
    return links


def _links_of(uris: tuple[str, ...]) -> tuple[str, ...] | None:
    links: list[str] = []
    for uri in uris:
        # As in `_read`, without a call for each item of a product.
        product, _, serial = uri.rpartition(".")
        stem, serial_max = _stems.get(product) or _stem(product)
        if serial.isalnum() and serial.isascii() and len(serial) <= serial_max:
            links.append(stem + serial)
            continue
        if len(uri) > KNOWN_SIZE_MAX or not uri.startswith("urn:epc:"):
            return None
        link, is_right = known(uri)
        if link is None or not is_right:
            return None
        links.append(link)
    return tuple(links)


def identity(uri: str) -> str:
    """What two spellings of one thing have in common: its canonical link, else the URI itself."""
    return canonical(uri) or uri


def is_well_formed(uri: str) -> bool:
    """Whether a URI that claims to be a GS1 identifier is one; other URIs are not judged.

    EPC URIs and links at id.gs1.org must follow their syntax, end in the right check digit and not
    be zero. Elsewhere a path may look like a key by chance.
    """
    return known(uri)[1] if len(uri) <= KNOWN_SIZE_MAX else _read(uri)[1]


def company_prefix(uri: str) -> str | None:
    """The GS1 company prefix that an EPC URI shows (a link doesn't say how long its prefix is)."""
    if _from_urn(uri) is None:
        return None
    return uri.split(":", 4)[4].split(".", 1)[0]


def prefix_digits(link: str) -> str | None:
    """The digits of a canonical link that begin with its company prefix, whatever its length."""
    ai, slash, key = link.removeprefix(DOMAIN).partition("/")
    if not slash or not link.startswith(DOMAIN):
        return None
    # An indicator, extension or filler digit comes first (TDS 2.0 §6.3).
    digits = key[1:] if ai in _LED else key
    return digits.partition("/")[0]


def gtin_of(uri: str) -> str | None:
    """The 14 digits of the GTIN that a trade item or lot belongs to."""
    link = canonical(uri) or ""
    start = len(f"{DOMAIN}01/")
    return link[start : start + 14] if link.startswith(f"{DOMAIN}01/") else None


def gln_of(link: str) -> str | None:
    """The 13 digits of the GLN that a canonical link of a place has."""
    start = len(f"{DOMAIN}414/")
    return link[start : start + 13] if link.startswith(f"{DOMAIN}414/") else None


def classes_of(uri: str) -> tuple[str, ...]:
    """The identity of a thing and of the class above it: an item or lot, then its GTIN."""
    link = identity(uri)
    gtin = gtin_of(link)
    own_class = f"{DOMAIN}01/{gtin}"
    return (link,) if gtin is None or link == own_class else (link, own_class)


def classes_above(links: Iterable[str]) -> list[str]:
    """The identities of the GTINs above those of items and lots, each once, in their order."""
    above = [link[:_CLASS_SIZE] for link in links if len(link) > _CLASS_SIZE]
    return [own_class for own_class in dict.fromkeys(above) if own_class.startswith(_CLASS)]


# A serial follows as a qualifier of its own, or the key's digits: what has none is a class.
_QUALIFIED = ("01", "8006", "8010")
_SERIAL_QUALIFIERS = ("21", "235", "8011")
_SERIAL_AFTER = {"8003": 14, "253": 13, "255": 13}


def is_class(identity: str) -> bool:
    """Whether an identity names a class of things: a product, a lot; not one item, unit or place.

    URIs that are no GS1 identifiers count as things of their own.
    """
    if not identity.startswith(DOMAIN):
        return False
    ai, _, rest = identity.removeprefix(DOMAIN).partition("/")
    key, _, qualifiers = rest.partition("/")
    if ai in _QUALIFIED:
        return qualifiers.partition("/")[0] not in _SERIAL_QUALIFIERS
    return len(key) <= _SERIAL_AFTER.get(ai, -1)


def is_goods(identity: str) -> bool:
    """Whether an identity names a trade item or part, or a class: what is made once and used up.

    All else, containers and other assets above all, is used again and again.
    """
    if identity.startswith(_CLASS):
        return True
    ai = identity.removeprefix(DOMAIN).partition("/")[0]
    return (ai in _QUALIFIED and identity.startswith(DOMAIN)) or is_class(identity)


def lot_of(uri: str) -> str | None:
    """The lot of a link that names item and lot both (the canonical link drops the lot)."""
    if not _is_address(uri) or not ("/10/" in uri or "/lot/" in uri):
        return None
    return from_link(uri, finest="10")


def lot_of_number(uri: str, number: str) -> str | None:
    """The lot `number` of the trade item that `uri` is one of; None if no lot can be called so."""
    gtin = gtin_of(uri)
    if gtin is None or len(number) > LOT.serial_max:
        return None
    return from_link(f"{DOMAIN}01/{gtin}/10/{escaped(number)}") if number.isascii() else None


def of_query(text: str) -> str:
    """The identity that a person asks for: a URI, a GTIN, or `GTIN/10/LOT` and the like."""
    if _DIGITS.fullmatch(text) and len(text) in _GTIN_SIZES:
        return f"{DOMAIN}01/{text.zfill(14)}"
    return from_link(f"{DOMAIN}01/{text}") or identity(text)


def _from_urn(uri: str) -> str | None:
    parts = uri.split(":", 4)
    if len(parts) != len(("urn", "epc", "kind", "scheme", "fields")):
        return None
    _, _, kind, name, rest = parts
    if kind == "class" and name == "lgtin":
        return _link(LOT, rest, pattern=False, is_itip=False)
    scheme = SCHEMES.get(name)
    if scheme is None or (kind != "id" and (kind != "idpat" or name not in _PATTERNS)):
        return None
    return _link(scheme, rest, pattern=kind == "idpat", is_itip=name == "itip")


def _link(scheme: Scheme, rest: str, *, pattern: bool, is_itip: bool) -> str | None:
    has_serial = scheme.serial is not None
    fields = rest.split(".", (4 if is_itip else 2) if has_serial else 1)
    if len(fields) != (5 if is_itip else 3 if has_serial else 2):
        return None
    prefix, reference = fields[0], fields[1]
    if len(prefix) not in PREFIX_SIZES or _DIGITS.fullmatch(prefix) is None:
        return None
    key = _key(scheme, prefix, reference)
    if key is not None and is_itip:
        key = _with_pieces(key, fields[2], fields[3])
    if key is None:
        return None
    if not has_serial:
        return f"{DOMAIN}{scheme.ai}/{key}"
    return _with_serial(scheme, key, fields[-1], pattern=pattern)


def _key(scheme: Scheme, prefix: str, reference: str) -> str | None:
    if scheme.body == 0:
        allowed = _PART_REFERENCE if scheme.ai == "8010" else _SERIAL
        long = len(prefix) + _length(reference) > JOINED_MAX
        if long or allowed.fullmatch(reference) is None:
            return None
        return prefix + _path(reference)
    if len(prefix) + len(reference) != scheme.body:
        return None
    if reference and _DIGITS.fullmatch(reference) is None:
        return None
    if scheme.indicator:
        digits = reference[:1] + prefix + reference[1:]
    else:
        digits = scheme.lead + prefix + reference
    return digits + check_digit(digits)


def _with_pieces(key: str, piece: str, total: str) -> str | None:
    valid = _TWO_DIGITS.fullmatch(piece) and _TWO_DIGITS.fullmatch(total)
    return key + piece + total if valid else None


def _with_serial(scheme: Scheme, key: str, serial: str, *, pattern: bool) -> str | None:
    link = f"{DOMAIN}{scheme.ai}/{key}"
    if pattern:
        return link if serial == "*" else None
    allowed = _DIGITS if scheme.numeric_serial else _SERIAL
    if _length(serial) > scheme.serial_max or allowed.fullmatch(serial) is None:
        return None
    if scheme.serial == "":
        return link + _path(serial)
    # TDS 2.0 §6.3.3: the extension 0 of an SGLN means that there is none.
    if scheme.ai == "414" and serial == "0":
        return link
    return f"{link}/{scheme.serial}/{_path(serial)}"


def _length(text: str) -> int:
    return len(unescaped(text))


def _path(text: str) -> str:
    """The one spelling that a value has in links: escapes of plain characters read."""
    return escaped(unescaped(text))
