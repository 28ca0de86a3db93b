"""Claims: what a story tells is what a witness says, or it is not told."""

from typing import Any

import pytest
from typing_extensions import override

from node.client import NodeClient, NotFound
from node.demo import story
from node.demo.story import Claim, ClaimFalse, Step, Story, as_json, as_text, at_pointer, check


class Witness(NodeClient):
    """A node that answers from a script, then keeps to its last answer."""

    def __init__(self, *answers: Any) -> None:
        super().__init__([])
        self.answers = list(answers)

    @override
    def get(self, path: str, query: object = None) -> Any:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer is None:
            raise NotFound(404, {"code": "ReceiptNotFound"})
        return answer


DOCUMENT = {"a": [{"b/c": 1}, {"~": [True]}], "n": None}


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("", DOCUMENT),
        ("/a/0/b~1c", 1),
        ("/a/1/~0/0", True),
        ("/n", None),
        ("/a/2", None),
        ("/a/x", None),
        ("/a/0/b~1c/d", None),
        ("/nothing", None),
    ],
)
def test_a_pointer_leads_where_rfc_6901_says(pointer: str, value: Any) -> None:
    assert at_pointer(DOCUMENT, pointer) == value


def test_a_witness_that_is_a_moment_behind_is_waited_for() -> None:
    check(Witness(None, {"height": 6}, {"height": 7}), Claim("/v1/x", "/height", 7))


@pytest.mark.parametrize("answer", [{"height": 6}, {"height": "7"}, {}, None])
def test_what_the_witness_does_not_say_is_false(
    answer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(story, "PATIENCE_S", 0.0)
    with pytest.raises(ClaimFalse, match="/v1/x"):
        check(Witness(answer), Claim("/v1/x", "/height", 7))


def test_a_step_is_told_only_after_its_claims_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(story, "PATIENCE_S", 0.0)
    told: list[Step] = []
    tale = Story(told.append)
    tale.add("True.", {"height": "7"}, [Claim("/v1/x", "/height", 7)], Witness({"height": 7}))
    with pytest.raises(ClaimFalse):
        tale.add("False.", {}, [Claim("/v1/x", "/height", 8)], Witness({"height": 7}))
    assert [step.words for step in told] == [step.words for step in tale.steps] == ["True."]


def test_people_read_words_and_facts_and_machines_the_claims_too() -> None:
    step = Step(3, "Paid.", {"height": "7", "order": "ab"}, [Claim("/v1/x", "/height", 7)])
    assert as_text(step) == " 3. Paid.\n      height  7\n      order   ab"
    assert as_json(step) == {
        "step": 3,
        "words": "Paid.",
        "facts": {"height": "7", "order": "ab"},
        "claims": [{"path": "/v1/x", "pointer": "/height", "value": 7}],
    }
