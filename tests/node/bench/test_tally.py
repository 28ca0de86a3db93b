"""What is counted, second by second, and how it travels."""

from chain.block import OK
from node.bench.tally import PAUSES_MAX, UNKNOWN, Tally, read_result, result_text
from node.bench.workloads import Step

PAY = Step(b"pay", 1, "pay.transfer")
CAPTURE = Step(b"capture", 100, "epcis.capture", 2)


def test_each_step_counts_in_the_second_it_was_due_and_the_one_it_was_decided_in() -> None:
    tally = Tally()
    tally.offer(0.9, 0.91)
    tally.decide(PAY, 0.9, 2.1, OK)
    result = tally.result(3.0, 0.1, ran_out=False)
    assert [second.offered for second in result.seconds] == [1, 0, 0]
    assert [second.decided for second in result.seconds] == [0, 0, 1]
    assert result.latency.max_ms == 1_200.0
    assert (result.offered_s, result.decided_s) == (0.9, 2.1)


def test_operations_and_signatures_are_those_of_what_was_decided() -> None:
    tally = Tally()
    for step in (PAY, CAPTURE, CAPTURE):
        tally.offer(0.0, 0.0)
        if tally.offered < 3:
            tally.decide(step, 0.0, 0.5, OK)
    tally.refuse("PoolFull", 500)
    result = tally.result(1.0, 0.1, ran_out=False)
    assert (result.decided, result.decided_operations, result.decided_signatures) == (2, 101, 3)
    assert sorted(result.latency_by_kind) == ["epcis.capture", "pay.transfer"]
    assert (result.refused, result.retry_after_ms) == ({"PoolFull": 1}, {"PoolFull": 500})


def test_what_broke_a_rule_is_decided_and_failed() -> None:
    tally = Tally()
    tally.offer(0.0, 0.0)
    tally.decide(PAY, 0.0, 0.1, "InsufficientFunds")
    result = tally.result(1.0, 0.1, ran_out=False)
    assert (result.decided, result.failed, result.refused) == (1, {"InsufficientFunds": 1}, {})


def test_what_was_waited_out_is_no_outcome() -> None:
    tally = Tally()
    tally.offer(0.0, 0.0)
    tally.retry("PoolFull", 1, 700)
    tally.decide(PAY, 0.0, 0.9, OK)
    result = tally.result(1.0, 0.1, ran_out=False)
    assert (result.refused, result.retried) == ({}, {"PoolFull": 1})
    assert result.retry_after_ms == {"PoolFull": 700}


def test_what_has_no_outcome_at_the_end_is_unknown() -> None:
    tally = Tally()
    tally.offer(0.0, 0.0)
    tally.offer(0.01, 0.01)
    tally.decide(PAY, 0.0, 0.05, OK)
    result = tally.result(9.0, 0.1, ran_out=False)
    assert result.refused == {UNKNOWN: 1}
    assert result.offered == result.decided + sum(result.refused.values())
    (pause,) = result.pauses
    assert (pause.begin_s, pause.end_s) == (0.05, 9.0)


def test_a_time_without_decisions_is_a_pause_only_while_something_waits() -> None:
    tally = Tally()
    tally.offer(0.0, 0.0)
    tally.decide(PAY, 0.0, 0.05, OK)
    # Nothing waits for ten seconds; then something does for one.
    tally.offer(10.0, 10.0)
    tally.decide(PAY, 10.0, 11.0, OK)
    (pause,) = tally.result(12.0, 0.1, ran_out=False).pauses
    assert (pause.begin_s, pause.took_s) == (10.0, 1.0)


def test_the_longest_pauses_are_kept() -> None:
    tally = Tally()
    now_s = 0.0
    for at in range(3 * PAUSES_MAX):
        tally.offer(now_s, now_s)
        took_s = 1.0 + (at * 7 % 31)
        tally.decide(PAY, now_s, now_s + took_s, OK)
        now_s += took_s
    pauses = tally.result(now_s, 0.1, ran_out=False).pauses
    took = [round(pause.took_s) for pause in pauses]
    everything = sorted((1 + at * 7 % 31 for at in range(3 * PAUSES_MAX)), reverse=True)
    assert took == everything[:PAUSES_MAX]


def test_lateness_is_the_worst_of_the_schedule() -> None:
    tally = Tally()
    tally.offer(1.0, 1.004)
    tally.offer(2.0, 2.001)
    assert round(tally.result(3.0, 0.1, ran_out=False).late_ms, 3) == 4.0


def test_a_result_travels_as_one_line() -> None:
    tally = Tally()
    for at in range(5):
        tally.offer(at / 2, at / 2)
        tally.decide(PAY if at % 2 else CAPTURE, at / 2, at / 2 + 0.4, OK)
    tally.offer(3.0, 3.0)
    tally.refuse("PoolFull", 100)
    tally.retry("Busy", 3)
    result = tally.result(4.0, 0.5, ran_out=True)
    assert "\n" not in result_text(result)
    assert read_result(result_text(result)) == result
