"""Buckets: what they lose, and that percentiles are those of the sample to that measure."""

import json
import random

import pytest

from node.bench.histogram import Histogram, bucket_end_us, bucket_of

WIDTH = 1 / 64


@pytest.mark.parametrize("value_us", [0, 1, 127, 128, 129, 255, 256, 1_000, 65_535, 10**9])
def test_a_bucket_holds_its_value_and_is_narrow(value_us: int) -> None:
    bucket = bucket_of(value_us)
    assert value_us <= bucket_end_us(bucket) <= value_us * (1 + WIDTH)
    assert bucket_of(bucket_end_us(bucket)) == bucket
    assert bucket_of(bucket_end_us(bucket) + 1) == bucket + 1


@pytest.mark.parametrize("per_cent", [1.0, 50.0, 95.0, 99.0, 99.9, 100.0])
def test_a_percentile_is_the_nearest_rank_to_the_width_of_a_bucket(per_cent: float) -> None:
    draw = random.Random(per_cent)
    values = [draw.expovariate(1 / 40) for _ in range(1_003)]
    exact = sorted(values)[max(1, int(-(-len(values) * per_cent // 100))) - 1]
    told = Histogram.of(values).percentile_ms(per_cent)
    assert told is not None
    assert exact - 0.001 <= told <= exact * (1 + WIDTH) + 0.001


def test_the_greatest_value_is_exact_and_no_percentile_exceeds_it() -> None:
    seen = Histogram.of([1.0, 700.123])
    assert seen.max_ms == 700.123
    assert seen.percentile_ms(100.0) == 700.123
    assert seen.percentile_ms(50.0) == pytest.approx(1.0, rel=WIDTH)


def test_nothing_has_no_percentile() -> None:
    assert Histogram().percentile_ms(50.0) is None
    assert Histogram().max_ms is None


def test_parts_together_are_the_whole() -> None:
    values = [float(at * at) for at in range(50)]
    whole = Histogram.together([Histogram.of(values[:20]), Histogram.of(values[20:])])
    assert whole == Histogram.of(values)


def test_it_travels_as_json() -> None:
    seen = Histogram.of([0.0, 1.5, 1.5, 99.0])
    assert Histogram.from_record(json.loads(json.dumps(seen.record()))) == seen


def test_a_clock_that_went_back_counts_as_nothing() -> None:
    assert Histogram.of([-3.0]) == Histogram.of([0.0])
