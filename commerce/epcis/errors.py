"""Why an EPCIS document is refused: unreadable, too large, or against a rule at a named place.

The texts are ours, never a library's, so that they are the same on every Python.
"""

from chain.errors import LedgerError


class EpcisMalformed(LedgerError):
    """The bytes are not strict UTF-8 JSON, or a string or number in them can't be agreed on."""


class EpcisTooLarge(LedgerError):
    """The document exceeds a cap on size, depth, events or nodes (HTTP 413)."""


class EpcisInvalid(LedgerError):
    """The document breaks a rule of EPCIS 2.0 or CBV 2.0.

    `path` says where. Checks raise it bare; each level that it passes on its way up adds its step
    (`within`), so that valid documents never pay for paths.
    """

    def __init__(self, rule: str, path: str = "") -> None:
        super().__init__(f"{path}: {rule}" if path else rule)
        self.rule = rule
        self.path = path

    def within(self, step: str | int) -> None:
        """Put `step` (a member's name or an index) before the path gathered so far."""
        head = f"[{step}]" if isinstance(step, int) else step
        separator = "." if self.path and not self.path.startswith("[") else ""
        self.path = f"{head}{separator}{self.path}"
        self.args = (f"{self.path}: {self.rule}",)
