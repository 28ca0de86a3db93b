"""Signed chains on disk: they come back whole, in turn, and leave nothing."""

from pathlib import Path

from node.bench.stock import FILE_SIZE, StockWriter, read_stock
from node.bench.workloads import Chain, Step


def chain(number: int, steps: int = 1, size: int = 10) -> Chain:
    kinds = ("order.create", "order.pay")
    return Chain(
        tuple(Step(bytes([number]) * size, at + 1, kinds[at % 2], at + 1) for at in range(steps))
    )


def test_chains_come_back_as_they_were(tmp_path: Path) -> None:
    chains = [chain(1), chain(2, steps=5), chain(3, steps=2)]
    assert list(StockWriter(tmp_path, 0, 0).write(chains)) == [8]
    assert list(read_stock(tmp_path)) == chains


def test_a_file_ends_with_a_whole_chain_once_it_is_large(tmp_path: Path) -> None:
    chains = [chain(at, steps=3, size=FILE_SIZE // 4) for at in range(3)]
    assert list(StockWriter(tmp_path, 0, 0).write(chains)) == [6, 3]
    assert list(read_stock(tmp_path)) == chains


def test_writers_are_offered_by_turns_and_parts_one_after_the_other(tmp_path: Path) -> None:
    large = FILE_SIZE
    for part in (1, 0):
        for writer in (1, 0):
            first = 10 * part + 2 * writer
            chains = [chain(first, size=large), chain(first + 1, size=large)]
            assert len(list(StockWriter(tmp_path, part, writer).write(chains))) == 2
    order = [one.steps[0].raw[0] for one in read_stock(tmp_path)]
    assert order == [0, 2, 1, 3, 10, 12, 11, 13]


def test_what_was_read_is_gone_and_what_is_half_written_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "0000-000000-00.new").write_bytes(b"[")
    list(StockWriter(tmp_path, 0, 1).write([chain(1)]))
    assert len(list(read_stock(tmp_path))) == 1
    assert list(read_stock(tmp_path)) == []


def test_no_chains_make_no_file(tmp_path: Path) -> None:
    assert list(StockWriter(tmp_path, 0, 0).write([])) == []
    assert list(tmp_path.iterdir()) == []
