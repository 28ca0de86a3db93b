"""How a tutorial is read, and what fits what it shows."""

import pytest

from tests.tutorials.pages import fits, steps

PAGE = """\
Words.

<!-- not run: a reason -->
```console
make setup
```

```console
one
two
```
```text
two ...
```

```text
something else that is shown
```

```console
three
```
"""


def test_a_page_is_its_boxes_in_order_with_what_each_prints() -> None:
    found = steps(PAGE)
    assert [(step.line, step.commands, step.expected) for step in found] == [
        (4, "make setup", None),
        (8, "one\ntwo", "two ..."),
        (20, "three", None),
    ]
    assert [step.not_run for step in found] == ["a reason", "", ""]


def test_a_box_without_an_end_is_an_error_of_the_page() -> None:
    with pytest.raises(AssertionError, match="line 1 has no end"):
        steps("```console\nls\n")


@pytest.mark.parametrize(
    ("printed", "expected", "does_fit"),
    [
        ("ready yes\n", "ready yes", True),
        ("ready     yes\n", "ready yes", True),
        ("ready no\n", "ready yes", False),
        ("ready yes\nmore\n", "ready yes", False),
        ("ready yes\nmore\n", "ready yes\n...", True),
        ("first\nready yes\n", "...\nready yes", True),
        ("ready yes\n", "...\nready yes\n...", True),
        ("height 17\n", "height ...", True),
        ("height\n", "height ...", False),
        ("a 1 c\n", "a ... c", True),
        ("a 1 d\n", "a ... c", False),
        (" name  pid\n ─────────\n a     1\n", "name pid\na ...", True),
        ("a (b)* [c]\n", "a (b)* [c]", True),
        ("", "", True),
        ("", "...", True),
        ("x\n", "", False),
        ("two\none\n", "one\ntwo", False),
    ],
)
def test_what_is_printed_fits_what_is_shown(printed: str, expected: str, *, does_fit: bool) -> None:
    assert fits(printed, expected) is does_fit
