"""What MATCH_… values match (EPCIS 2.0 §8.2.7.1.1): one thing, or all that a pattern stands for.

A pattern is `urn:epc:idpat:…` with `*` for the last fields (Tag Data Standard 2.0 §8), or a Digital
Link of GS1 whose last value is `*`. Things are compared by their identities, so that it doesn't
matter how either side is spelt.
"""

import re
from dataclasses import dataclass

from commerce.epcis.digital_link import DOMAIN
from commerce.epcis.identifiers import canonical, prefix_digits
from commerce.epcis.prefixes import Scope
from commerce.epcis.query.errors import QueryRefused
from commerce.epcis.summary import identity_in

PATTERN = "urn:epc:idpat:"
# Application identifier, and what stands between key and serial in a link.
_SCHEMES = {
    "sgtin": ("01", "/21/"),
    "lgtin": ("01", "/10/"),
    "upui": ("01", "/235/"),
    "itip": ("8006", "/21/"),
    "sscc": ("00", ""),
    "sgln": ("414", "/254/"),
    "pgln": ("417", ""),
    "grai": ("8003", ""),
    "giai": ("8004", ""),
    "gsrn": ("8018", ""),
    "gsrnp": ("8017", ""),
    "gdti": ("253", ""),
    "sgcn": ("255", ""),
    "cpi": ("8010", "/8011/"),
    "ginc": ("401", ""),
    "gsin": ("402", ""),
}
_FIELDS = re.compile(r"(?:\*|[0-9]{6,12})(?:\.(?:\*|[^.*]+))*")
_LINK_PATTERN = re.compile(r"https?://\S+/\*")


@dataclass(frozen=True, slots=True)
class Wanted:
    """The things that one value stands for: those whose identity is `exact`, or begins so.

    `stems` are beginnings of identities with something after them; `digits` the first digits of a
    key of an application identifier (`ai`), with `infix` between key and serial. `indexed` is the
    name under which the index has rows of all of them, or None.
    """

    exact: str | None = None
    stems: tuple[str, ...] = ()
    ai: str = ""
    digits: str = ""
    infix: str = ""
    indexed: str | None = None

    @property
    def is_pattern(self) -> bool:
        """Does it stand for more than one thing?"""
        return bool(self.stems or self.ai)

    def matches(self, identity: str) -> bool:
        """Does it stand for this thing?"""
        if identity == self.exact:
            return True
        if any(identity.startswith(stem) and len(identity) > len(stem) for stem in self.stems):
            return True
        if not self.ai or not identity.startswith(f"{DOMAIN}{self.ai}/"):
            return False
        has_serial = self.infix in identity or (
            # TDS 2.0 §6.3.3: an SGLN without extension has the extension 0.
            self.ai == "414" and "/254/" not in identity
        )
        return has_serial and (prefix_digits(identity) or "").startswith(self.digits)


def wanted(text: str, scope: Scope, parameter: str, *, classes: bool) -> Wanted:
    """What a value of MATCH_… stands for; with `classes`, of an EPC class parameter."""
    if text.startswith(PATTERN):
        return _of_pattern(text, parameter, classes=classes)
    if _LINK_PATTERN.fullmatch(text):
        # With a letter in place of the star it is a link like others.
        sample = canonical(text[:-1] + "1")
        if sample is None or not sample.endswith("/1"):
            raise QueryRefused("no GS1 Digital Link has a * there", parameter)
        return Wanted(stems=(sample[:-1],), indexed=_class_above(sample))
    identity = identity_in(text, scope)
    return Wanted(exact=identity, indexed=identity)


def _of_pattern(text: str, parameter: str, *, classes: bool) -> Wanted:
    name, _, rest = text.removeprefix(PATTERN).partition(":")
    scheme = _SCHEMES.get(name)
    if scheme is None or _FIELDS.fullmatch(rest) is None:
        raise QueryRefused("is no EPC pattern", parameter)
    fields = rest.split(".")
    stars = [field == "*" for field in fields]
    if stars != sorted(stars):
        raise QueryRefused("in a pattern only the last fields may be *", parameter)
    if not any(stars):
        return _exact(text, parameter)
    if classes:
        return _of_classes(text, fields, scheme[0])
    ai, infix = scheme
    if stars[1]:
        digits = "" if stars[0] else fields[0]
        return Wanted(ai=ai, digits=digits, infix=infix)
    return _of_serials(name, fields, parameter)


def _exact(text: str, parameter: str) -> Wanted:
    identity = canonical(text.replace(PATTERN, "urn:epc:id:", 1))
    if identity is None:
        raise QueryRefused("is no EPC pattern", parameter)
    return Wanted(exact=identity, indexed=identity)


def _of_classes(text: str, fields: list[str], ai: str) -> Wanted:
    """An event may name a class by a pattern; a wider pattern stands for the narrower ones."""
    identity = canonical(text)
    if identity is not None:
        return Wanted(exact=identity, indexed=identity)
    return Wanted(ai=ai, digits="" if fields[0] == "*" else fields[0])


def _of_serials(name: str, fields: list[str], parameter: str) -> Wanted:
    kind = "class" if name == "lgtin" else "id"
    known = [field for field in fields if field != "*"]
    ones = ["01" if name == "itip" and at in {2, 3} else "1" for at in range(len(fields))]
    sample = canonical(f"urn:epc:{kind}:{name}:{'.'.join(known + ones[len(known) :])}")
    if sample is None or len(fields) - len(known) != 1:
        raise QueryRefused("is no EPC pattern", parameter)
    stem = sample[: -len("1")]
    exact = stem.removesuffix("/254/") if name == "sgln" else None
    return Wanted(exact=exact, stems=(stem,), indexed=_class_above(sample))


def _class_above(link: str) -> str | None:
    """Items and lots have rows of their GTIN too (`summary.classes_above`)."""
    start = f"{DOMAIN}01/"
    return link[: len(start) + 14] if link.startswith(start) else None
