"""From a GS1 Digital Link back to its EPC URI (EPC Tag Data Standard 2.0 §6.3).

No link says where its company prefix ends; who knows its length gets the URI.
"""

from commerce.epcis.digital_link import Link, parse_link
from commerce.epcis.identifiers import LOT, PREFIX_SIZES, SCHEMES, Scheme, canonical

# What an EPC URI has only escaped.
_URN_ESCAPES = {ord(char): f"%{ord(char):02X}" for char in '"#%&/<>?'}


def to_urn(link: str, prefix_digits: int) -> str | None:
    """The EPC URI of a link, given the length of its company prefix; None if it has none.

    A class without serial is a pattern (`urn:epc:idpat:sgtin:….*`), a lot `urn:epc:class:lgtin:…`.
    """
    constrained = canonical(link)
    parts = None if constrained is None else parse_link(constrained)
    if parts is None or prefix_digits not in PREFIX_SIZES:
        return None
    qualifier, serial = parts.qualifiers[-1] if parts.qualifiers else (None, None)
    for name, scheme in SCHEMES.items():
        if scheme.ai == parts.ai and qualifier in (scheme.serial or None, None):
            urn = _urn_of(name, scheme, parts, serial, prefix_digits)
            if canonical(urn) == constrained:
                return urn
    if parts.ai == LOT.ai and qualifier == LOT.serial:
        return _urn_of("lgtin", LOT, parts, serial, prefix_digits)
    return None


def _urn_of(name: str, scheme: Scheme, link: Link, serial: str | None, prefix_digits: int) -> str:
    key = link.key.zfill(14) if scheme.ai == "01" else link.key
    # All of a key that has no check digit.
    size = len(scheme.lead) + scheme.body if scheme.body else len(key)
    body, appended = key[len(scheme.lead) : size], key[size + 1 :]
    # An indicator or extension digit leads the key, and the reference in a URN.
    led = body[: int(scheme.indicator)]
    rest = body[len(led) :]
    fields = [rest[:prefix_digits], led + rest[prefix_digits:].translate(_URN_ESCAPES)]
    if name == "itip":
        fields += [appended[:2], appended[2:]]
    kind = "class" if name == "lgtin" else "id"
    if scheme.serial is not None:
        last = appended if scheme.serial == "" else serial
        if not last and name == "sgln":
            last = "0"
        kind, last = (kind, last.translate(_URN_ESCAPES)) if last else ("idpat", "*")
        fields.append(last)
    return f"urn:epc:{kind}:{name}:{'.'.join(fields)}"
