"""The tree of refusals: names are codes, each explained, and whose fault is never in doubt."""

from collections.abc import Iterator

import chain.store_contract  # noqa: F401  (its errors belong to the tree)
import commerce.errors  # noqa: F401
from chain.errors import EncodingInvalid, HushangError, LedgerError, ProtocolError, TooLarge
from chain.store_contract import StorageError


def family(cls: type[HushangError]) -> Iterator[type[HushangError]]:
    yield cls
    for child in cls.__subclasses__():
        yield from family(child)


LEDGER = [cls for cls in family(LedgerError) if not cls.__module__.startswith("tests.")]


def test_the_code_of_a_refusal_is_the_name_of_its_class() -> None:
    assert TooLarge("x").code == "TooLarge"
    assert str(TooLarge("x")) == "x"


def test_no_two_rules_of_the_ledger_share_a_name() -> None:
    names = [cls.__name__ for cls in LEDGER]
    assert len(set(names)) == len(names)


def test_every_rule_says_in_a_sentence_what_it_is() -> None:
    for cls in LEDGER:
        assert cls.__doc__, cls
        assert cls.__doc__.rstrip().endswith((".", ")")), cls


def test_every_name_fits_a_receipts_status() -> None:
    assert all(len(cls.__name__) <= 64 and cls.__name__.isascii() for cls in LEDGER)
    assert "ok" not in {cls.__name__ for cls in LEDGER}


def test_a_senders_a_peers_and_the_disks_faults_are_three_families() -> None:
    families = [set(family(cls)) for cls in (LedgerError, ProtocolError, StorageError)]
    for i, first in enumerate(families):
        for second in families[i + 1 :]:
            assert not first & second
    assert issubclass(TooLarge, EncodingInvalid)
