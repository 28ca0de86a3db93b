"""What people are told of a member that serves and does not vote yet.

Its silence ends only with new blocks, so that readiness cannot wait for it on a chain at rest. But
whoever stops another node meanwhile may leave less than a quorum that votes, and then there are no
new blocks.
"""

from collections.abc import Mapping
from typing import Any, Final

from node.heard_words import heard
from node.words import said

AFTERWARDS: Final = said(
    "it serves before it votes, and new blocks end its silence: "
    "stop no other node while hushang status says that it doesn't vote yet"
)


def vote_warning(status: Mapping[str, Any]) -> str:
    """Of an answer of GET /v1/status: a member that casts no votes now; empty of any other."""
    withheld = str(status.get("withheld", ""))
    if not withheld or status["role"] == "observer":
        return ""
    silence = heard(withheld)
    if status["ready"]:
        return said(
            "serves, doesn't vote yet: {silence}: stop no other node until then", silence=silence
        )
    return said("doesn't vote yet: {silence}: stop no other node until then", silence=silence)
