"""Why an EPCIS document is refused: unreadable, too large, or against a rule at a named place.

The texts are ours, never a library's, so that they are the same on every Python.
"""

from chain.errors import LedgerError

# Told of one document; whoever asks for more mends these first.
PROBLEMS_MAX = 50


class EpcisMalformed(LedgerError):
    """The bytes are not strict UTF-8 JSON, or a string or number in them can't be agreed on."""

    hint = (
        "hushang epcis validate FILE names the place; write the file as UTF-8 without repeated keys"
    )


class EpcisTooLarge(LedgerError):
    """The document exceeds a cap on size, depth, events or nodes (HTTP 413)."""

    hint = "split the document: at most 256 KiB and 100 events each"


class EpcisInvalid(LedgerError):
    """The document breaks a rule of EPCIS 2.0 or CBV 2.0.

    `path` says where. Checks raise it bare; each level that it passes on its way up adds its step
    (`within`), so that valid documents never pay for paths. `others` are further problems, found
    while the same level went on (`also`); receipts know nothing of them.
    """

    hint = "mend what path names; hushang epcis validate FILE lists all of a document's problems"

    def __init__(self, rule: str, path: str = "") -> None:
        super().__init__(f"{path}: {rule}" if path else rule)
        self.rule = rule
        self.path = path
        self.others: list[EpcisInvalid] = []

    def within(self, step: str | int) -> None:
        """Put `step` (a member's name or an index) before the paths gathered so far."""
        head = f"[{step}]" if isinstance(step, int) else step
        for problem in (self, *self.others):
            separator = "." if problem.path and not problem.path.startswith("[") else ""
            problem.path = f"{head}{separator}{problem.path}"
            problem.args = (f"{problem.path}: {problem.rule}",)


def also(first: EpcisInvalid | None, next_: EpcisInvalid) -> EpcisInvalid:
    """The first refusal of a level with a further one; raised here where they become too many."""
    if first is None:
        return next_
    room = PROBLEMS_MAX - 1 - len(first.others)
    first.others += (next_, *next_.others)[:room]
    next_.others = []
    if len(first.others) == PROBLEMS_MAX - 1:
        raise first
    return first
