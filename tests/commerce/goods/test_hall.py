"""A sample of the random walks; `python -m tests.commerce.goods.hall` goes on with them."""

from collections import Counter

from tests.commerce.goods.hall import Hall

SEEDS, STEPS = (0, 2, 4), 150
SEEN = {
    *("custody.offer ok", "custody.accept ok", "custody.reject ok", "custody.withdraw ok"),
    *(
        "custody.offer ThingOffered",
        "custody.offer ThingNotPossessed",
        "custody.offer ThingNotOwned",
    ),
    *("custody.accept ContentsChanged", "packing", "unpacking"),
}


def test_the_ledger_hands_over_as_the_model_does() -> None:
    outcomes: Counter[str] = Counter()
    for seed in SEEDS:
        outcomes += Hall(seed).run(STEPS)
    assert set(outcomes) >= SEEN
