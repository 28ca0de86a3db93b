"""What codes cost a block: `python -m tests.bench.codes`.

Times are of one execution of a block with one transaction, on a dictionary instead of a database,
best of several.
"""

import time
from collections.abc import Callable
from dataclasses import replace

from chain.merkle import leaf_hash
from commerce.codes.batching import CodeActivate, CodeBatch
from commerce.codes.serials import Leaf, claim_code_hash, leaf_bytes
from commerce.codes.stretches import levels_of, stretch_path
from tests.commerce.codes.atelier import Atelier, serial_of
from tests.commerce.shop import TEA

ROUNDS = 5
ACTIVATED = 500
SCANS = 100


def main() -> None:
    """Print what each takes."""
    for name, measure in MEASURES.items():
        print(f"{name}: {min(measure() for _ in range(ROUNDS)) * 1000:.1f} ms")  # noqa: T201


def activating() -> float:
    """A stretch of a batch, all its leaves shown."""
    atelier = quiet()
    leaves = tuple(Leaf(f"A{i}", claim_code_hash(bytes([i % 256] * 12))) for i in range(ACTIVATED))
    levels = levels_of([leaf_hash(leaf_bytes(leaf)) for leaf in leaves])
    batch = CodeBatch(TEA, None, ACTIVATED, levels[-1][0], None)
    batch_id = atelier.done("merchant", ("code.batch", batch))[0].data["batch_id"]
    assert isinstance(batch_id, bytes)
    whole = CodeActivate(batch_id, 0, ACTIVATED - 1, leaves, stretch_path(levels, 0, ACTIVATED))
    return timed(lambda: atelier.done("merchant", ("code.activate", whole)))


def scanning() -> float:
    """Scans of one code in many places."""
    atelier = quiet()
    scans = tuple(atelier.scan(0, cell, by=bytes([i] * 32)) for i, cell in enumerate(_cells()))
    return timed(lambda: atelier.scanned(*scans))


def tapping() -> float:
    """Scans of ten codes, each with a verdict on its tag."""
    atelier = quiet()
    scans = tuple(
        replace(atelier.scan(i % 10), tap=atelier.tap(i, i % 10, uid=bytes([i % 10] * 7)))
        for i in range(SCANS)
    )
    return timed(lambda: atelier.scanned(*scans))


def showing() -> float:
    """Scans of ten codes that the chain doesn't know, each with its path."""
    atelier = quiet(shown=False)
    scans = tuple(
        replace(atelier.scan(i % 10), serial=serial_of(i % 10), member=atelier.member(i % 10))
        for i in range(SCANS)
    )
    return timed(lambda: atelier.scanned(*scans))


def quiet(*, shown: bool = True) -> Atelier:
    """An atelier whose blocks are not audited."""
    atelier = Atelier(shown=shown)
    atelier.audited = False
    return atelier


def timed(act: Callable[[], object]) -> float:
    """Seconds that it took."""
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def _cells() -> list[str]:
    return [f"wt{a}{b}" for a in "0123456789" for b in "0123456789"]


MEASURES = {
    f"activate {ACTIVATED} codes, all shown": activating,
    f"record {SCANS} scans of one code in as many places": scanning,
    f"record {SCANS} scans with a signed tap each": tapping,
    f"record {SCANS} scans that show their code": showing,
}

if __name__ == "__main__":
    main()
