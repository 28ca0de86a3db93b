"""What checks come to: counts, the code of the first failure."""

from node.doctor.report import Code, as_data, exit_code, failed, not_checked, ok, warning


def test_the_first_failure_gives_the_code_and_warnings_give_none() -> None:
    well = [ok("a", "fine"), warning("b", "soon", "do"), not_checked("c", "nothing there")]
    assert exit_code(well) == 0
    ill = [*well, failed("d", "bad", "do", Code.BAD_CONFIG), failed("e", "away", "do")]
    assert exit_code(ill) == 9


def test_scripts_get_counts_and_a_code_for_each_failure() -> None:
    told = as_data([ok("a", "fine"), failed("d", "bad", "mend it", Code.UNREACHABLE)])
    assert told["counts"] == {"ok": 1, "warning": 0, "failed": 1, "not checked": 0}
    assert told["exit_code"] == 5
    assert told["checks"][1] == {
        "name": "d",
        "state": "failed",
        "means": "bad",
        "do": "mend it",
        "exit_code": 5,
    }
