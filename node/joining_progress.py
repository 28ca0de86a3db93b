"""How far a node is that joins by a snapshot: told while it has no database and serves nothing."""

from collections.abc import Callable
from dataclasses import dataclass, field

from node.service import JoiningPhase, JoiningView

# (parts that are done, parts in all).
Counts = tuple[int, int]


def _nothing() -> Counts:
    return 0, 0


@dataclass(slots=True)
class JoiningProgress:
    """Written by whoever joins, read by whoever is asked. `height` is the node's own before."""

    height: int
    phase: JoiningPhase = "asking"
    # The height of the snapshot that was chosen; 0 before.
    target: int = 0
    # Why there is nothing to choose yet.
    words: str = ""
    counts: Callable[[], Counts] = field(default=_nothing)

    def asks(self, words: str = "") -> None:
        """The peers are asked what they offer."""
        self.phase, self.target, self.words, self.counts = "asking", 0, words, _nothing

    def fetches(self, target: int, counts: Callable[[], Counts]) -> None:
        """The parts of one snapshot are fetched."""
        self.phase, self.target, self.words, self.counts = "fetching", target, "", counts

    def installs(self, counts: Callable[[], Counts]) -> None:
        """All parts are here, and the database is made of them."""
        self.phase, self.counts = "installing", counts

    def view(self) -> JoiningView:
        """As it is now."""
        done, count = self.counts()
        return JoiningView(self.phase, self.target, done, count, self.words)


def joining_words(progress: JoiningProgress) -> str:
    """One line for people."""
    view = progress.view()
    if view.phase == "asking":
        return f"joining: asking the peers for a snapshot{view.words and f': {view.words}'}"
    parts = f"{view.parts_done} of {view.parts} parts of the snapshot at height {view.target}"
    return f"joining: {view.phase} {parts}"
