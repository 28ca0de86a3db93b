"""What is wrong between nodes: which direction each fault touches, and what it costs there."""

import random

import pytest
from pydantic import ValidationError

from node.faults import NONE, Delay, Faults, Loss, OneWay, Rate, Rule

NAMES = ("pudong", "xuhui", "jingan", "hongkou")


def cut_ways(faults: Faults) -> set[str]:
    """Every direction that is cut, as initials: speaker, then listener."""
    return {a[0] + b[0] for a in NAMES for b in NAMES if faults.rule(a, b).cut}


@pytest.mark.parametrize(
    ("groups", "cut"),
    [
        ((), set()),
        ((("pudong",),), {"px", "pj", "ph", "xp", "jp", "hp"}),
        ((("pudong", "xuhui"),), {"pj", "ph", "xj", "xh", "jp", "hp", "jx", "hx"}),
        (
            (("pudong", "xuhui"), ("jingan",)),
            {"pj", "ph", "xj", "xh", "jp", "jx", "jh", "hp", "hx", "hj"},
        ),
        ((NAMES,), set()),
    ],
)
def test_groups_hear_nothing_of_one_another_and_all_of_themselves(
    groups: tuple[tuple[str, ...], ...], cut: set[str]
) -> None:
    assert cut_ways(Faults(groups=groups)) == cut


def test_one_way_cuts_one_direction_only() -> None:
    faults = Faults(one_way=(OneWay(speaker="pudong", listener="xuhui"),))
    assert cut_ways(faults) == {"px"}


def test_a_delay_touches_the_ways_of_its_nodes_in_both_directions() -> None:
    faults = Faults(delay=Delay(delay_ms=200, jitter_ms=5, nodes=("pudong",)))
    assert faults.rule("pudong", "xuhui") == faults.rule("xuhui", "pudong")
    assert faults.rule("pudong", "xuhui").delay_ms == 200
    assert faults.rule("jingan", "xuhui") == Rule()
    everywhere = Faults(delay=Delay(delay_ms=200))
    assert all(everywhere.rule(a, b).delay_ms == 200 for a in NAMES for b in NAMES if a != b)


def test_without_loss_or_jitter_bytes_take_the_delay_and_nothing_else() -> None:
    draw = random.Random(1)
    rule = Rule(delay_ms=200)
    assert {rule.travel_s(size, draw) for size in (0, 1, 100_000)} == {0.2}
    assert Rule().travel_s(1, draw) == 0.0


def test_the_jitter_stays_within_its_bounds_and_never_hurries_anything() -> None:
    draw = random.Random(2)
    late = [Rule(delay_ms=10, jitter_ms=30).travel_s(1, draw) for _ in range(1_000)]
    assert min(late) == 0.0
    assert 0.030 < max(late) <= 0.040


def test_a_lost_segment_costs_a_timeout_that_doubles() -> None:
    """RFC 6298 § 5.5; the share of stalled segments is the loss."""
    draw = random.Random(3)
    rule = Rule(delay_ms=50, loss_ppm=50_000)
    stalls = [round(rule.travel_s(1_000, draw) * 1000) - 50 for _ in range(20_000)]
    assert set(stalls) >= {0, 300, 900}
    assert all(stall in {300 * (2**times - 1) for times in range(16)} for stall in stalls)
    lost = sum(stall > 0 for stall in stalls) / len(stalls)
    assert 0.045 < lost < 0.055


def test_of_a_long_message_some_segment_is_likelier_lost() -> None:
    draw = random.Random(4)
    rule = Rule(loss_ppm=50_000)
    long = sum(rule.travel_s(100 * 1_448, draw) > 0 for _ in range(500))
    assert long > 490, "of 100 segments all arrive at once in 0.6 % of cases"


def test_a_rate_spreads_bytes_over_time() -> None:
    assert Rule(rate=1_000_000).leaving_s(500_000) == 0.5
    assert Rule().leaving_s(500_000) == 0.0


def test_only_cut_ways_are_reset() -> None:
    faults = Faults(groups=(("pudong",),), reset=True)
    assert faults.rule("pudong", "xuhui").rejects
    assert not faults.rule("jingan", "xuhui").rejects
    assert not Faults(groups=(("pudong",),)).rule("pudong", "xuhui").rejects


def test_every_fault_is_told_in_words_and_survives_its_file() -> None:
    faults = Faults(
        groups=(("pudong", "xuhui"),),
        one_way=(OneWay(speaker="jingan", listener="hongkou"),),
        reset=True,
        delay=Delay(delay_ms=200, jitter_ms=20, nodes=("jingan",)),
        loss=Loss(loss_ppm=5_000),
        rate=Rate(rate=1_024_000),
    )
    assert faults.words(NAMES) == [
        "partition: pudong xuhui | jingan hongkou",
        "one way: hongkou doesn't hear jingan",
        "what is cut is reset",
        "delay: 200 ms ± 20 ms at jingan",
        "loss: 0.5 %",
        "rate: 1024000 bytes/s",
    ]
    assert Faults.model_validate_json(faults.model_dump_json()) == faults
    assert NONE.words(NAMES) == []


@pytest.mark.parametrize(
    "record",
    [
        {"delay": {"delay_ms": -1}},
        {"delay": {"delay_ms": 60_001}},
        {"loss": {"loss_ppm": 500_001}},
        {"rate": {"rate": 0}},
        {"partition": []},
    ],
)
def test_nonsense_is_no_fault(record: object) -> None:
    with pytest.raises(ValidationError):
        Faults.model_validate(record)
