"""JSON-LD contexts without fetching: GS1's, pinned, plus the prefixes that a document declares.

A context is read for its prefixes only (names of extensions and compact URIs). Keywords that would
change the meaning of bare names, and contexts of other addresses, are refused: nobody could say
offline what such a document means.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from commerce.epcis.errors import EpcisInvalid, EpcisTooLarge
from commerce.epcis.lexeme import Json
from commerce.epcis.uri import is_uri

CONTEXTS_MAX = 20
PREFIXES_MAX = 200
# A prefix of one letter may stand for this much wherever it is written.
NAMESPACE_SIZE_MAX = 256
# Longer ones make a document larger by standing before each item of an array (CBV 2.0 §8.9).
SHORT_NAME_MAX = 170
# A pattern of more or longer names would cost what it is meant to save.
_SOUGHT_MAX = 24
_SOUGHT_SIZE_MAX = 256

PINNED_CONTEXTS = frozenset(
    {
        "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
        "https://ref.gs1.org/standards/epcis/2.0.1/epcis-context.jsonld",
        "https://ref.gs1.org/standards/epcis/epcis-context.jsonld",
        "https://gs1.github.io/EPCIS/epcis-context.jsonld",
    }
)
PINNED_PREFIXES: Mapping[str, str] = {
    "cbv": "https://ref.gs1.org/cbv/",
    "cbvmda": "urn:epcglobal:cbv:mda:",
    "dcterms": "http://purl.org/dc/terms/",
    "epcis": "https://ref.gs1.org/epcis/",
    "gs1": "https://gs1.org/voc/",
    "owl": "http://www.w3.org/2002/07/owl#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
# A prefix of such a name would turn every plain URI of that scheme into something else.
_SCHEMES = frozenset({"http", "https", "urn", "ni", "geo", "data", "did", "tag", "mailto", "_"})
# So begins what is surely no compact URI.
_WHOLE = ("urn:", "https://", "http://")
# Schemes under which a member's name may be a whole URI.
_NAMING_SCHEMES = frozenset({"http", "https", "urn"})
_HARMLESS_KEYWORDS = frozenset({"@version", "@protected", "@language"})


@dataclass(frozen=True, slots=True)
class Scope:
    """The prefixes in force at one place of a document."""

    prefixes: Mapping[str, str]

    def expand(self, text: str) -> str:
        """A compact URI (`ex:name`) in full; other text unchanged (JSON-LD 1.1 §5.2)."""
        if not self.prefixes or text.startswith(_WHOLE):
            return text
        prefix, colon, local = text.partition(":")
        if not colon or local.startswith("//"):
            return text
        namespace = self.prefixes.get(prefix)
        return text if namespace is None else namespace + local

    def added_size(self, text: str) -> int:
        """How many characters the namespace of a compact URI has; 0 for other text."""
        if not self.prefixes or text.startswith(_WHOLE):
            return 0
        prefix, colon, local = text.partition(":")
        if not colon or local.startswith("//"):
            return 0
        return len(self.prefixes.get(prefix, ""))

    def names_extension(self, name: str) -> bool:
        """Whether a member may have this name without being of the standard."""
        prefix, colon, _ = name.partition(":")
        return bool(colon) and (prefix in self.prefixes or prefix in _NAMING_SCHEMES)

    def with_context(self, context: Json, *, is_document: bool) -> "Scope":
        """The scope below an `@context` member; a document's own must name GS1's context."""
        entries = context if isinstance(context, list) else [context]
        if len(entries) > CONTEXTS_MAX:
            msg = f"at most {CONTEXTS_MAX} contexts"
            raise EpcisInvalid(msg, "@context")
        if any(entry in entries[:i] for i, entry in enumerate(entries)):
            msg = "contexts must be distinct"
            raise EpcisInvalid(msg, "@context")
        prefixes = dict(self.prefixes)
        for entry in entries:
            prefixes.update(_declared(entry))
        if len(prefixes) > PREFIXES_MAX:
            msg = f"at most {PREFIXES_MAX} prefixes"
            raise EpcisInvalid(msg, "@context")
        if is_document and not any(_is_pinned(entry) for entry in entries):
            msg = "the context of EPCIS 2.0 is missing"
            raise EpcisInvalid(msg, "@context")
        return Scope(prefixes)

    def used_in(self, text: str) -> "Scope":
        """The scope that JSON text needs: `NO_PREFIXES` if no string in it can be expanded.

        When in doubt, this scope.
        """
        sought = tuple(self.prefixes)
        if "\\" in text or len(sought) > _SOUGHT_MAX or sum(map(len, sought)) > _SOUGHT_SIZE_MAX:
            return self
        return self if not sought or _sought(sought).search(text) else NO_PREFIXES


@lru_cache(maxsize=64)
def _sought(prefixes: tuple[str, ...]) -> re.Pattern[str]:
    """Finds what begins like a string with one of these prefixes."""
    names = "|".join(map(re.escape, prefixes))
    # Tried first, for most strings begin otherwise. Values are stripped before they are hashed.
    begins = "".join(sorted({re.escape(f"{prefix}:"[0]) for prefix in prefixes}))
    return re.compile(rf'"(?=[\s{begins}])\s*(?:{names}):')


_LONG = re.compile(f'"[^"]{{{SHORT_NAME_MAX + 1}}}')


def may_have_long_names(text: str) -> bool:
    """Whether a string of JSON text is longer than `SHORT_NAME_MAX`; escapes count as they are."""
    return _LONG.search(text) is not None


DOCUMENT_SCOPE = Scope(PINNED_PREFIXES)
NO_PREFIXES = Scope({})


def _is_pinned(entry: Json) -> bool:
    return isinstance(entry, str) and entry in PINNED_CONTEXTS


def _declared(entry: Json) -> dict[str, str]:
    if isinstance(entry, str):
        if entry not in PINNED_CONTEXTS:
            msg = "a context is GS1's own for EPCIS 2.0 or given inline; none is fetched"
            raise EpcisInvalid(msg, "@context")
        return {}
    if not isinstance(entry, dict):
        msg = "a context is a URI, an object or a list of these"
        raise EpcisInvalid(msg, "@context")
    return {name: uri for name, term in entry.items() for uri in _namespace(name, term)}


def _namespace(name: str, term: Json) -> tuple[str, ...]:
    """The namespace that a term of an inline context declares: one, or none."""
    if name.startswith("@"):
        if name not in _HARMLESS_KEYWORDS:
            msg = f"{name} would change what bare names mean"
            raise EpcisInvalid(msg, "@context")
        return ()
    if name in _SCHEMES or name != name.strip():
        msg = f"the prefix {name!r} is a URI scheme or has space around it"
        raise EpcisInvalid(msg, "@context")
    if isinstance(term, dict):
        term = term.get("@id")
        if term is None:
            return ()
    if not isinstance(term, str) or not is_uri(term):
        msg = f"the prefix {name} must stand for a URI"
        raise EpcisInvalid(msg, "@context")
    if len(term) > NAMESPACE_SIZE_MAX:
        msg = f"the prefix {name} stands for more than {NAMESPACE_SIZE_MAX} characters"
        raise EpcisTooLarge(msg)
    # `rail:position: {…}` coerces a type; only plain names are prefixes.
    return () if ":" in name else (term,)
