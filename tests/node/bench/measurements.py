"""Runs that were never run, for whatever tells of runs."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from node.bench.histogram import Histogram
from node.bench.measured import (
    Agreement,
    LoadResult,
    Machine,
    Measured,
    Probe,
    Ramp,
    Second,
    Signing,
)
from node.bench.plan import Load

MIB = 1024 * 1024
BEFORE = Probe(
    cpu_s=1.0,
    rss_bytes=64 * MIB,
    rss_anon_bytes=32 * MIB,
    height=3,
    view=0,
    sent_bytes=1_000,
    received_bytes=1_000,
    disk_bytes=10_000,
    started_ms=7,
)
AFTER = replace(BEFORE, cpu_s=1.5, height=8, sent_bytes=3_000, disk_bytes=14_000)


def second(offered: int, decided: int, *latencies_ms: float) -> Second:
    return Second(offered, decided, decided, Histogram.of(latencies_ms))


def result(seconds: Sequence[Second], **changes: Any) -> LoadResult:
    """What these seconds make, one kind of step; `changes` replace fields."""
    decided = sum(one.decided for one in seconds)
    latency = Histogram.together(one.latency for one in seconds)
    plain = LoadResult(
        offered=sum(one.offered for one in seconds),
        decided=decided,
        decided_operations=decided,
        decided_signatures=decided,
        refused={},
        failed={},
        retry_after_ms={},
        retried={},
        latency=latency,
        latency_by_kind={"pay.transfer": latency},
        seconds=seconds,
        pauses=(),
        offered_s=float(len(seconds)),
        decided_s=float(len(seconds)),
        broken_chains=0,
        cpu_s=0.5,
        late_ms=1.0,
        ran_out=False,
    )
    return replace(plain, **changes)


AGREEMENT = Agreement(
    8, 5, 100, 10, (), (), (), filled_blocks=4, transactions=100, largest_block=40
)


def run(made: LoadResult | None = None, load: Load | None = None, **changes: Any) -> Measured:
    """Two living nodes of two; by default ten decided in each of ten seconds."""
    made = made or result([second(10, 10, *range(10, 110, 10))] * 10)
    plain = Measured(
        load=load or Load("transfer", float(len(made.seconds)), 100, 10, None),
        names=("pudong", "xuhui"),
        members=2,
        accounts=6,
        result=made,
        before=(BEFORE, BEFORE),
        after=(AFTER, AFTER),
        agreement=AGREEMENT,
        machine=Machine(cores=2, load_before=0.1, load_after=1.2),
        verify_us=50.0,
        signing=Signing(steps=100, cpu_s=0.2, took_s=0.1, processes=2),
    )
    return replace(plain, **changes)


def ramp(*rates: tuple[int, int], overload: bool = False) -> Ramp:
    """A ramp of (offered, decided) a second, whose last is the peak."""
    steps = [
        run(
            result([second(offered, decided, 10.0, 20.0 + at)] * 5),
            Load("transfer", 5.0, 100, offered, None),
        )
        for at, (offered, decided) in enumerate(rates)
    ]
    closed = Load("transfer", 5.0, 100, None, 400)
    return Ramp(
        probe=replace(steps[-1], load=closed),
        steps=steps,
        peak=steps[-1],
        overload_factor=2.0 if overload else None,
        overload=steps[-1] if overload else None,
    )
