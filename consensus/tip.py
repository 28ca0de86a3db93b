"""The newest decided block, as the replica needs it to judge and build the next."""

from dataclasses import dataclass

from chain.block import Certificate, Header
from consensus.output import Results


@dataclass(frozen=True, slots=True)
class Tip:
    """`certificate` is the one that decided it, `newest` one of the highest view known.

    `tick`: when it was decided here.
    """

    header: Header
    digest: bytes
    certificate: Certificate
    newest: Certificate
    results: Results
    tick: int

    @property
    def height(self) -> int:
        """The decided height."""
        return self.header.height

    def certificate_for(self, view: int) -> Certificate:
        """What a proposal in `view` carries: a certificate of that view justifies it by itself."""
        return self.newest if self.newest.view == view else self.certificate
