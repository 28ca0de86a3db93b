"""EPC URIs of things that have no GS1 key, and so no link: GID, ADI, USDOD, BIC, IMOVN, raw tags.

EPC Tag Data Standard 2.0 §6.3.8, §6.3.13 to §6.3.17 and §12.5. They stand for themselves; here is
only whether they are well-formed.
"""

import re

# Commercial and Government Entity codes and DoD activity codes: no I, no O.
_CAGE = "[0-9A-HJ-NP-Z]{5,6}"
_NUMBER = "(?:0|[1-9][0-9]{0,11})"
_ADI_CHAR = "(?:[A-Z0-9-]|%2[Ff])"
_ADI = rf"{_CAGE}\.{_ADI_CHAR}{{0,32}}\."
_FORMS = tuple(
    re.compile(f"urn:epc:{form}")
    for form in (
        rf"id:gid:{_NUMBER}\.{_NUMBER}\.{_NUMBER}",
        rf"idpat:gid:{_NUMBER}\.(?:{_NUMBER}\.)?\*",
        rf"id:usdod:{_CAGE}\.{_NUMBER}",
        rf"idpat:usdod:{_CAGE}\.\*",
        rf"id:adi:{_ADI}(?:%23)?{_ADI_CHAR}{{1,30}}",
        rf"idpat:adi:{_ADI}\*",
        r"raw:[1-9][0-9]{0,3}\.(?:x[0-9A-F]{2}\.)?(?:x[0-9A-F]+|0|[1-9][0-9]*)",
    )
)
_CONTAINER = re.compile(r"urn:epc:id:bic:([A-Z]{3}[JUZ][0-9]{6})([0-9])")
_VESSEL = re.compile(r"urn:epc:id:imovn:([0-9]{6})([0-9])")


def is_other_epc(uri: str) -> bool:
    """Whether an EPC URI of one of these kinds is well-formed, check digit included."""
    container, vessel = _CONTAINER.fullmatch(uri), _VESSEL.fullmatch(uri)
    if container is not None:
        return container_check_digit(container[1]) == container[2]
    if vessel is not None:
        return vessel_check_digit(vessel[1]) == vessel[2]
    return any(form.fullmatch(uri) for form in _FORMS)


def container_check_digit(code: str) -> str:
    """ISO 6346 §A: letters count from 10 on, without the multiples of 11; weights 1, 2, 4, …."""
    return str(sum(_letter_value(char) << place for place, char in enumerate(code)) % 11 % 10)


def _letter_value(char: str) -> int:
    if char.isdigit():
        return int(char)
    # A 10, B 12 … K 21, L 23 … U 32, V 34 … Z 38.
    return ord(char) - ord("A") + 10 + sum(char >= jump for jump in "BLV")


def vessel_check_digit(digits: str) -> str:
    """IMO resolution A.1117(30): the digits times 7 to 2, the last digit of the sum."""
    return str(sum(int(digit) * (7 - place) for place, digit in enumerate(digits)) % 10)
