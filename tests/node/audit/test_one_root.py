"""A sample of `python -m tests.bench.one_root`: processes unlike one another, one state root."""

import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path

from tests.bench.one_root import LOCALES, SEEDS, ZONES, Setting, record, replay, run, settings

SAMPLE = (
    Setting(sys.executable, 0, "C", "UTC", optimised=False),
    Setting(sys.executable, 1, "tr_TR.UTF-8", "Asia/Shanghai", optimised=True),
    Setting(sys.executable, 4_294_967_295, "zh_CN.UTF-8", "America/St_Johns", optimised=True),
    Setting(sys.executable, 17, "C.UTF-8", "Pacific/Apia", optimised=False),
)


def test_a_mixed_history_has_one_root_and_one_store_in_unlike_processes(tmp_path: Path) -> None:
    height = record(tmp_path, transactions=400)
    expected = replay(tmp_path)
    assert int(expected.split()[0]) == height
    with ThreadPoolExecutor(2) as pool:
        lines = list(pool.map(lambda setting: run(setting, tmp_path), SAMPLE))
    assert lines == [expected] * len(SAMPLE)


def test_the_short_form_shows_each_seed_every_locale_and_zone() -> None:
    chosen = list(settings(["python"], full=False))
    assert len(chosen) == 3 * SEEDS
    met = Counter((entry.seed, entry.locale) for entry in chosen)
    assert set(met) == set(product(range(SEEDS), LOCALES))
    assert {(e.seed, e.zone) for e in chosen} == set(product(range(SEEDS), ZONES))
    assert {(e.seed, e.optimised) for e in chosen} == set(product(range(SEEDS), (False, True)))
    assert {(e.locale, e.zone) for e in chosen} == set(product(LOCALES, ZONES))
    assert len(set(settings(["python"], full=True))) == SEEDS * 18
