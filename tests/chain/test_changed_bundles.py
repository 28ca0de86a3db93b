"""No byte of a proof bundle can be changed, by chance or by one who knows the check sum."""

from itertools import pairwise
from random import Random

import pytest

from chain.bundle import read_bundle
from chain.bundle_check import verify_bundle
from chain.codec import pack
from chain.errors import BundleDamaged, LedgerError
from tests.chain.bundles import ABSENT, content_of, plain, small_chain
from tests.chain.changed_bundles import changed, changed_and_resealed, places, spans

CHAIN = small_chain()
GOOD = CHAIN.good()
CHANGES = 1_000


@pytest.mark.parametrize("name", GOOD)
def test_every_value_of_a_bundle_is_met(name: str) -> None:
    content = content_of(GOOD[name][0])
    found = list(spans(plain(GOOD[name][0])))
    assert found[0][0] == 0
    assert found[-1][1] == len(content)
    assert all(end == start for (_, end), (start, _) in pairwise(found))
    assert pack(plain(GOOD[name][0])) == content


@pytest.mark.parametrize("name", GOOD)
def test_a_thousand_changed_bytes_are_refused(name: str) -> None:
    data, trusted = GOOD[name]
    random = Random(name)
    for place in places(data, CHANGES, random):
        with pytest.raises(BundleDamaged):
            verify_bundle(changed(data, place, random), CHAIN.genesis, trusted=trusted)


@pytest.mark.parametrize("name", GOOD)
def test_a_thousand_changed_bytes_under_a_right_check_sum_are_refused(name: str) -> None:
    """All but those that ask about another absent key: they prove what is true of that one."""
    data, trusted = GOOD[name]
    random, refused = Random(name), 0
    for place in places(data, CHANGES, random):
        lie = changed_and_resealed(data, place, random)
        try:
            made = verify_bundle(lie, CHAIN.genesis, trusted=trusted)
        except LedgerError:
            refused += 1
            continue
        truth = verify_bundle(data, CHAIN.genesis, trusted=trusted)
        (was,) = set(truth.states) - set(made.states)
        (now,) = set(made.states) - set(truth.states)
        assert (was.key, was.value) == (ABSENT, None)
        assert (now.value, len(now.key)) == (None, len(ABSENT))
        assert made.headers[0].header == truth.headers[0].header
        assert CHAIN.world.ledger.state.get(now.key) is None
        assert len(read_bundle(lie).proven) == len(read_bundle(data).proven)
    assert refused >= CHANGES - 60
