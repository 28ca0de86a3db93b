"""A hundred thousand malformed frames and requests at four real nodes.

A million: `python -m tests.hostile.malformed`.
"""

from collections.abc import Callable
from pathlib import Path

from tests.hostile import malformed

FRAMES = 96_000
REQUESTS = 4_000
SEED = 5


def test_malformed_frames_and_requests_end_no_process_and_meet_no_bug(
    tmp_path: Path, tell: Callable[[str], None]
) -> None:
    report = malformed.run(tmp_path, FRAMES, REQUESTS, SEED)
    for line in report.lines():
        tell(line)
    # How late the loops were is told and not judged: other tests may have the processors.
    assert not report.broken, "\n".join(report.broken)
    assert report.frames + report.requests >= 0.95 * (FRAMES + REQUESTS)
    assert report.taken_mib > report.sent_mib / 2
    assert report.kinds["ends the connection"]
    assert report.statuses["400"]
