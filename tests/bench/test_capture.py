"""The bench of capture runs, and its documents are captured as facts."""

import sys
from itertools import islice

import pytest

from commerce.epcis.capture import EpcisCapture
from tests.bench import capture
from tests.commerce.world import World


@pytest.mark.parametrize("option", [[], ["--block", "2"], ["--profile"]])
def test_every_stage_of_a_capture_is_told(
    option: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["capture", "--events", "2", "--repeat", "2", *option])
    capture.main()
    told = capsys.readouterr().out
    expected = ["tottime"] if "--profile" in option else ["CBV hashes", "execution", "ms to"]
    assert all(word in told for word in expected), told


def test_every_event_of_its_documents_is_new_and_a_fact() -> None:
    at, found = World(), set()
    for document in islice(capture.documents(3), 2):
        assert 800 * 3 < len(document) < 1_000 * 3
        payload = EpcisCapture(document, "public")
        for event in at.done(capture.SENDER, ("epcis.capture", payload)):
            assert not event.data["claim"]
            found.add(event.data["event_key"])
    assert len(found) == 6
