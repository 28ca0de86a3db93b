"""What people are told of a member that serves and does not vote yet."""

from typing import Any

from node.vote_words import AFTERWARDS, vote_warning

SILENT: dict[str, Any] = {"role": "member", "ready": True, "withheld": "silent up to height 5"}


def test_a_member_that_keeps_silent_is_called_out_ready_or_not() -> None:
    warned = "doesn't vote yet: silent up to height 5: stop no other node until then"
    assert vote_warning(SILENT) == f"serves, {warned}"
    assert vote_warning(SILENT | {"ready": False}) == warned
    assert "stop no other node" in AFTERWARDS


def test_who_votes_who_never_does_and_who_says_nothing_is_not() -> None:
    assert vote_warning(SILENT | {"withheld": ""}) == ""
    assert vote_warning(SILENT | {"role": "observer"}) == ""
    assert vote_warning({"ready": False, "not_ready_because": ["no answer"]}) == ""
