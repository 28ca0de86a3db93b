"""An Output is what its draft became, and the law stands in its docstring."""

import consensus.output
from consensus.output import ALL, Draft, Output, Send
from consensus.records import DecidedRecord
from tests.consensus.samples import CHANGES, PROOF
from tests.consensus.stub_chain import keys


def test_a_draft_becomes_an_output_in_the_order_of_its_making() -> None:
    draft = Draft()
    draft.persist.append(DecidedRecord(PROOF))
    draft.to(keys(3, 1), CHANGES[0])
    draft.to(ALL, CHANGES[1])
    output = draft.finish(wake_at=7)
    assert output.persist == (DecidedRecord(PROOF),)
    assert output.send == (Send(keys(3, 1), CHANGES[0]), Send((), CHANGES[1]))
    assert output.wake_at == 7


def test_an_empty_draft_wants_nothing() -> None:
    assert Draft().finish(0) == Output((), (), (), (), (), (), None, (), (), 0)


def test_the_law_is_written_where_it_is_needed() -> None:
    assert "persist, then send, then write" in str(consensus.output.__doc__)
