"""A sample of the fuzzer over every decoder; what it found once; and that nothing was forgotten."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fuzz.__main__ import main
from tests.fuzz.decoders import Decoder
from tests.fuzz.mutation import BOMBS, Form
from tests.fuzz.own import OWN
from tests.fuzz.run import DECODERS, inputs, judge, run
from tests.fuzz.scan import readers

SAMPLE = 250
SEED = 8


def named(name: str) -> Decoder:
    (found,) = [one for one in DECODERS if one.name == name]
    return found


@pytest.mark.parametrize("decoder", DECODERS, ids=lambda decoder: decoder.name)
def test_a_decoder_refuses_by_its_own_names_in_little_time_and_memory(decoder: Decoder) -> None:
    failures = [failure for failure in run(decoder, SEED, SAMPLE) if failure is not None]
    assert not failures, "\n".join(failure.words() for failure in failures[:3])


# Inputs that once ended in an error that nobody had declared, or took more than they weigh.
FOUND: list[tuple[str, bytes]] = [
    *(("canonical", bomb) for bomb in BOMBS),
    ("strict JSON", b'{"' + b"k" * 40_000 + b'":[' + b"0," * 40_000 + b"0]}"),
    ("tap of a label", b"https://[::1"),
    ("tap of a label", b"https://a/?" + b"a=b&" * 40),
    ("name of a place in the state", b"order\xff/00"),
    ("frame of a journal", b"\xf5\x00\x00\x00\x01\x85\x6a\x5a\xa8\x00\x96\x2d\x30\x74"),
    ("operations of a file", b'[{"type": [], "payload": {}}]'),
    ("hushang.toml", b"name = " + b"9" * 5000),
    ("hushang.toml", b"name = " + b"[" * 5000),
    ("contexts.toml", b"a = " + b"[" * 5000),
    ("sealed vote", b'{"dispute_id": "hs1qqq"}'),
    ("code files", b'{"format": 1}\n\nS1,"' + b"a" * 140_000),
    ("code files", b"[" * 200_000),
    ("claim file", b"[" * 3000),
    ("claim file", b'{"format": "a", "gtin": [], "account": "hs1q", "code": "x", "salt": "0"}'),
    ("tag keys", b"[" * 200_000),
    ("relay's plan", b'{"ways": [' + b"0, " * 4_000 + b"0]}"),
    ("feed's cursor", b"[" * 60_000),
    ("outbox of a client", b"[" * 60_000),
]


@pytest.mark.parametrize(("name", "data"), FOUND)
def test_what_was_found_once_is_dealt_with(name: str, data: bytes) -> None:
    assert judge(named(name), data, weigh=True) is None


def test_every_reader_of_raw_bytes_is_fuzzed_or_said_to_need_no_fuzzing() -> None:
    fuzzed = {place for decoder in DECODERS for place in decoder.covers}
    own = {place for places in OWN.values() for place in places}
    there = set(readers())
    assert sorted(there - fuzzed - own) == [], "put it into a decoder's covers, or into own.py"
    assert not fuzzed & own


def test_every_decoder_takes_some_of_its_examples_but_for_tokens_of_another_process() -> None:
    def takes(decoder: Decoder, data: bytes) -> bool:
        try:
            decoder.read(data)
        except decoder.refuses:
            return False
        return True

    idle = [one.name for one in DECODERS if not any(takes(one, data) for data in one.corpus())]
    assert idle == ["body: SubscriptionForm", "page token"]
    assert len({decoder.name for decoder in DECODERS}) == len(DECODERS)


def test_a_seed_gives_the_same_inputs_each_time_and_another_seed_others() -> None:
    decoder = named("consensus message")
    first, again, other = (list(inputs(decoder, seed, 200)) for seed in (5, 5, 6))
    assert first == again
    assert first != other


def test_changed_inputs_reach_behind_the_check_sum() -> None:
    decoder = named("proof bundle")
    told: Counter[str] = Counter()
    for data in inputs(decoder, SEED, 400):
        try:
            decoder.read(data)
        except decoder.refuses as refusal:
            told[type(refusal).__name__] += 1
    assert {"BundleDamaged", "EncodingInvalid"} <= told.keys()
    assert len(told) >= 3


def toy(read: Callable[[bytes], object], *refuses: type[Exception]) -> Decoder:
    return Decoder("toy", read, refuses, Form.PACKED, lambda: [b"\x93\x01\x02\x03"], (), bytes)


def hungry(data: bytes) -> object:
    return bytes(64 * 1024 * 1024) and data


def slow(data: bytes) -> bytes:
    return data if sum(range(20_000_000)) else b""


@pytest.mark.parametrize(
    ("decoder", "what"),
    [
        (toy(lambda data: data + b"x"), "accepts other bytes"),
        (toy(lambda data: int(data.hex() + "x", 16), ValueError), None),
        (toy(hungry), "bytes of memory"),
        (toy(slow), " ms, at most 50"),
    ],
)
def test_the_judge_sees_what_it_looks_for(decoder: Decoder, what: str | None) -> None:
    found = judge(decoder, b"\x93", weigh=True)
    assert (found is None) if what is None else (found is not None and what in found)


def test_an_error_that_nobody_declared_ends_the_run_and_its_input_is_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    decoder = toy(lambda data: data[99], ValueError)
    with pytest.raises(IndexError):
        list(run(decoder, SEED, 1))
    told = capsys.readouterr().err.splitlines()
    assert told[:2] == ["toy: an error that it doesn't declare", "93010203"]


def test_the_command_says_how_many_inputs_and_takes_one_again(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["--runs", "40", "--decoder", "Certificate", "--seed", "2"]) == 0
    assert "40 inputs of seed 2 to 1 decoders: 0 wrong" in capsys.readouterr().out
    file = tmp_path / "input"
    file.write_text("dd00010000" * 511, "ascii")
    assert main(["--decoder", "canonical", "--hex", str(file)]) == 0
    assert capsys.readouterr().out == "nothing is wrong\n"
