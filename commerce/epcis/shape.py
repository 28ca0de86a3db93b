"""The shape of EPCIS 2.0 JSON: which members an object has, and what each may hold.

A shape is a table from member names to checks; a check raises `EpcisInvalid` without a path and
the levels above add theirs. Formats are asserted here (without that, many a bad date passes).
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import Any, TypeAlias

from commerce.epcis.columns import Check, Judge, are_all, arrays, judged_by, objects
from commerce.epcis.errors import EpcisInvalid, also
from commerce.epcis.identifiers import KNOWN_SIZE_MAX, is_well_formed, known, links_of
from commerce.epcis.lexeme import Json, Number
from commerce.epcis.prefixes import NAMESPACE_SIZE_MAX, Scope
from commerce.epcis.times import read_instant
from commerce.epcis.uri import are_uris, is_uri
from commerce.epcis.vocabulary import Vocabulary

Members: TypeAlias = dict[str, Json]
Shape: TypeAlias = Mapping[str, Check]

# Of what events are found and traced by: identifiers, places, steps; prefixes expanded.
KEY_SIZE_MAX = 512
assert KEY_SIZE_MAX <= KNOWN_SIZE_MAX

# JSON-LD keywords that may stand inside an extension.
_VALUE_KEYWORDS = frozenset({"@type", "@id", "@value", "@language", "@list", "@set"})


def refuse(rule: str, path: str = "") -> EpcisInvalid:
    """The refusal of a rule, to be raised by the caller."""
    return EpcisInvalid(rule, path)


def check_members(value: Json, shape: Shape, scope: Scope, required: tuple[str, ...]) -> Members:
    """Check an object against its shape; what the shape doesn't name must be an extension."""
    if not isinstance(value, dict):
        raise refuse("must be an object")
    first: EpcisInvalid | None = None
    for name in required:
        if name not in value:
            first = also(first, refuse(f"{name} is missing"))
    for name, member in value.items():
        try:
            check = shape.get(name)
            if check is None:
                check_extension(name, member, scope)
            else:
                check(member, scope)
        except EpcisInvalid as refusal:
            refusal.within(name)
            first = also(first, refusal)
    if first is not None:
        raise first
    return value


def check_extension(name: str, value: Json, scope: Scope) -> None:
    """An extension's name has a declared prefix, or is a whole URI; its value is free."""
    if not scope.names_extension(name):
        raise refuse("is no member of EPCIS 2.0, nor an extension with a declared prefix")
    if not is_uri(name):
        raise refuse("an extension's name must be a URI, in full or compact")
    if isinstance(value, dict | list):
        check_free(value, scope)


def check_free(value: Json, scope: Scope) -> None:
    """What an extension holds: anything with declared prefixes and no context of its own."""
    if not isinstance(value, dict | list):
        return
    first: EpcisInvalid | None = None
    for step, member in value.items() if isinstance(value, dict) else enumerate(value):
        try:
            if isinstance(step, str):
                _check_free_name(step, scope)
            check_free(member, scope)
        except EpcisInvalid as refusal:
            refusal.within(step)
            first = also(first, refusal)
    if first is not None:
        raise first


def _check_free_name(name: str, scope: Scope) -> None:
    if name.startswith("@"):
        if name not in _VALUE_KEYWORDS:
            raise refuse("is no JSON-LD keyword that may stand in an extension")
    elif ":" in name and not scope.names_extension(name):
        raise refuse("has a prefix that is not declared")


def array(check: Check, *, at_least: int = 0, distinct: bool = False) -> Check:
    """A check for arrays of what `check` admits; `distinct` only for arrays of strings."""

    def check_array(value: Json, scope: Scope) -> None:
        if not isinstance(value, list):
            raise refuse("must be an array")
        first: EpcisInvalid | None = None
        for index, item in enumerate(value):
            try:
                check(item, scope)
            except EpcisInvalid as refusal:
                refusal.within(index)
                first = also(first, refusal)
        if first is not None:
            raise first
        if len(value) < at_least:
            raise refuse(f"must have at least {at_least} item")
        if distinct and len({item for item in value if isinstance(item, str)}) != len(value):
            raise refuse("must not have an item twice")

    return judged_by(check_array, arrays(check, at_least=at_least, distinct=distinct))


def obj(shape: Shape, *required: str) -> Check:
    """A check for objects of a shape, open to extensions."""

    def check_object(value: Json, scope: Scope) -> None:
        check_members(value, shape, scope, required)

    return judged_by(check_object, objects(dict(shape), frozenset(required), check_extension))


def closed(shape: Shape, *required: str) -> Check:
    """A check for objects that have no extension point."""

    def check_closed(value: Json, scope: Scope) -> None:
        members = check_members(value, shape, scope, required)
        first: EpcisInvalid | None = None
        for name in members:
            if name not in shape:
                rule = "is no member of EPCIS 2.0, and no extension may stand here"
                first = also(first, refuse(rule, name))
        if first is not None:
            raise first

    return judged_by(check_closed, objects(dict(shape), frozenset(required)))


def uri(value: Json, _scope: Scope) -> None:
    """An absolute URI."""
    if not isinstance(value, str) or not (_is_epc(value) or is_uri(value)):
        raise refuse("must be an absolute URI")


def key_uri(value: Json, scope: Scope) -> None:
    """An absolute URI by which events are found."""
    if not isinstance(value, str):
        raise refuse("must be an absolute URI")
    if _is_epc(value):
        return
    if not is_uri(value):
        raise refuse("must be an absolute URI")
    if len(value) + scope.added_size(value) > KEY_SIZE_MAX:
        raise refuse(f"must have at most {KEY_SIZE_MAX} characters")


def _judge_uris(values: Sequence[Any], scope: Scope) -> bool:
    """Judges what may be no longer than what events are found by, its prefix expanded."""
    if not are_all(values, str):
        return False
    others = [text for text in dict.fromkeys(values) if not _is_epc(text)]
    size_max = KEY_SIZE_MAX - NAMESPACE_SIZE_MAX if scope.prefixes else KEY_SIZE_MAX
    return not others or (max(map(len, others)) <= size_max and are_uris(others))


judged_by(uri, _judge_uris)
judged_by(key_uri, _judge_uris)


def identifier(value: Json, scope: Scope) -> None:
    """A URI that is right about its check digit if it is a GS1 identifier."""
    if isinstance(value, str) and _is_epc(value):
        return
    key_uri(value, scope)
    if not isinstance(value, str) or not is_well_formed(scope.expand(value)):
        raise refuse("is not a well-formed GS1 identifier: syntax, length or check digit")


def identifiers(*, distinct: bool = False) -> Check:
    """As `array(identifier, distinct=distinct)`, quicker where all are well-formed EPC URIs."""
    check_each = array(identifier, distinct=distinct)

    def check_identifiers(value: Json, scope: Scope) -> None:
        if isinstance(value, list):
            right = [text for text in value if isinstance(text, str) and _is_epc(text)]
            if len(right) == len(value) and not (distinct and len(set(right)) != len(right)):
                return
        # Something is wrong, or is no EPC URI: each by itself, for its path.
        check_each(value, scope)

    return judged_by(check_identifiers, _judge_lists(distinct=distinct))


def _judge_lists(*, distinct: bool) -> Judge:
    """Judges lists of identifiers, where all are EPC URIs; what is read is kept (`links_of`)."""

    def judge(values: Sequence[Any], _scope: Scope) -> bool:
        if not are_all(values, list) or not are_all(chain.from_iterable(values), str):
            return False
        if distinct and any(len(set(value)) != len(value) for value in values):
            return False
        return all(links_of(tuple(value)) is not None for value in values)

    return judge


def _is_epc(text: str) -> bool:
    """A well-formed EPC URI is an absolute URI, and no prefix can be called `urn`."""
    return text.startswith("urn:epc:") and len(text) <= KEY_SIZE_MAX and known(text)[1]


def timestamp(value: Json, _scope: Scope) -> None:
    """A date and time with an offset."""
    if not isinstance(value, str) or read_instant(value) is None:
        raise refuse("must be a date and time with an offset, like 2024-05-01T08:00:00.000+08:00")


def string(value: Json, _scope: Scope) -> None:
    """Any string."""
    if not isinstance(value, str):
        raise refuse("must be a string")


def decimal(value: Json, _scope: Scope) -> None:
    """A number."""
    if not isinstance(value, Number):
        raise refuse("must be a number")


judged_by(decimal, lambda values, _scope: are_all(values, Number))


def boolean(value: Json, _scope: Scope) -> None:
    """True or false."""
    if not isinstance(value, bool):
        raise refuse("must be true or false")


judged_by(boolean, lambda values, _scope: are_all(values, bool))


def anything(_value: Json, _scope: Scope) -> None:
    """No rule."""


def term(vocabulary: Vocabulary) -> Check:
    """A bare word of a closed vocabulary, or somebody's own URI."""
    words = vocabulary.uris

    def check_term(value: Json, scope: Scope) -> None:
        if not isinstance(value, str):
            raise refuse("must be a string")
        if value in words:
            return
        if len(value) + scope.added_size(value) > KEY_SIZE_MAX:
            raise refuse(f"must have at most {KEY_SIZE_MAX} characters")
        if not is_uri(value) or not vocabulary.admits(value, scope.expand(value)):
            raise refuse(f"is no {vocabulary.name} of CBV 2.0, nor a URI of another vocabulary")

    return check_term


def matching(is_match: Callable[[str], object], form: str) -> Check:
    """A string of a form."""

    def check_form(value: Json, _scope: Scope) -> None:
        if not isinstance(value, str) or not is_match(value):
            raise refuse(f"must be {form}")

    return check_form
