"""Everything that is wrong with a document, for whoever mends it; a receipt names one rule only.

Members are judged one by one, and where each is right, what they mean together: so mending one
document may bring out further problems, never more than were there.
"""

from dataclasses import dataclass

from chain.errors import LedgerError
from commerce.epcis.canonical import canonical_json
from commerce.epcis.document import read_document
from commerce.epcis.errors import EpcisInvalid


@dataclass(frozen=True, slots=True)
class Problem:
    """A broken rule, the path in the document ("" for all of it), and the name of the refusal."""

    code: str
    path: str
    rule: str


def problems_of(data: bytes) -> tuple[Problem, ...]:
    """What capture would refuse the bytes for, in the order of the document; none if it wouldn't.

    At most `PROBLEMS_MAX`; one if the bytes can't be read or are too many.
    """
    try:
        document = read_document(data)
    except LedgerError as refusal:
        return told(refusal)
    found: list[Problem] = []
    for event in document.events:
        try:
            canonical_json(event)
        except EpcisInvalid as refusal:
            found += told(refusal)
    return tuple(found)


def told(refusal: LedgerError) -> tuple[Problem, ...]:
    """The problems that a refusal carries."""
    if not isinstance(refusal, EpcisInvalid):
        return (Problem(refusal.code, "", str(refusal)),)
    every = (refusal, *refusal.others)
    return tuple([Problem(problem.code, problem.path, problem.rule) for problem in every])
