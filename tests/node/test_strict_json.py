"""JSON that has two readings is refused, with its place."""

import tracemalloc

import pytest

from node.strict_json import JsonRefused, read_json


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('{"a": 1, "a": 2}', "'a'"),
        ('{"a": NaN}', "NaN"),
        ('{"a": -Infinity}', "-Infinity"),
        ('{"a": 1.0}', "1.0"),
        ('{"a": 1e3}', "1e3"),
        ('{"a": ["x", "\\ud800"]}', "a[1]"),
        ('{"\\udfff": 1}', ""),
        ("{'a': 1}", "line 1, column 2"),
        ('{"a": 1} x', "line 1, column 10"),
        ("[" * 40 + "]" * 40, "[0]" * 33),
        ('{"a": ' + "9" * 21 + "}", "9" * 21),
        (b'{"a": "\xff"}', "byte 7"),
    ],
)
def test_a_text_with_two_readings_is_refused_with_its_place(text: str | bytes, place: str) -> None:
    with pytest.raises(JsonRefused) as caught:
        read_json(text)
    assert caught.value.place == place


def test_nesting_beyond_the_interpreters_stack_is_refused() -> None:
    with pytest.raises(JsonRefused, match="deeper"):
        read_json("[" * 200_000)


def test_a_text_over_the_limit_is_refused_before_it_is_read() -> None:
    with pytest.raises(JsonRefused, match="larger"):
        read_json(b"[1, 2, 3]", size_max=8)


def test_plain_json_reads_as_python_reads_it() -> None:
    assert read_json('{"a": [1, -2, true, null, "沪商"]}') == {"a": [1, -2, True, None, "沪商"]}


def test_a_long_name_around_many_values_is_not_written_out_for_each_of_them() -> None:
    name = "k" * 200_000
    tracemalloc.start()
    try:
        read_json(f'{{"{name}": [{"0, " * 20_000}0]}}')
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 3 * 1024 * 1024


def test_a_place_is_told_in_few_words_however_long_the_names_are() -> None:
    name = "k" * 100_000
    for text in (
        f'{{"{name}": 1, "{name}": 2}}',
        f'{{"{name}": ["\\ud800"]}}',
        f'{{"a": "{name}", "b": {"9" * 100_000}}}',
    ):
        with pytest.raises(JsonRefused) as caught:
            read_json(text)
        assert len(str(caught.value)) < 300


def test_a_text_that_is_given_as_text_may_have_no_surrogate_either() -> None:
    with pytest.raises(JsonRefused, match="surrogate"):
        read_json('{"a": "' + chr(0xD800) + '"}')
