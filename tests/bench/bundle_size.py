"""How large a proof bundle is: `python -m tests.bench.bundle_size [KEYS]` (10^6 by default).

Four members, three of whom certify and all of whom say that the header is their newest; a state
of as many keys; the bundle of one row of 300 bytes, or of its absence. Besides, what each change of
the committee adds.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace

from chain.block import Certificate, CommitSignature, Header, commit_bytes
from chain.bundle import Bundle, CommitteeStep, Proven, StateClaim, encode_bundle
from chain.bundle_check import verify_bundle
from chain.crypto import sha256
from chain.genesis import genesis_header
from chain.store_memory import MemoryStore
from chain.tree import StateTree
from tests.chain.bundles import head
from tests.chain.world import genesis, key

KEYS = 1_000_000
ASKED = 2_000
VALUE = bytes(300)
KEYS_A_STAGE = 20_000
MADE = genesis()


@dataclass(frozen=True, slots=True)
class Sizes:
    """In bytes, over all that were asked for; `step` is what one change of the committee adds."""

    smallest: int
    mean: int
    largest: int
    largest_proof: int
    step: int


def row(number: int) -> bytes:
    """A key as the tables have them."""
    return b"order/" + sha256(number.to_bytes(8, "big"))


def grown(keys: int) -> StateTree:
    """A tree with this many keys."""
    store = MemoryStore()
    tree = StateTree.open(store, b"t")
    for start in range(0, keys, KEYS_A_STAGE):
        numbers = range(start, min(keys, start + KEYS_A_STAGE))
        staged = tree.stage({row(number): VALUE for number in numbers})
        store.write(staged.writes)
        tree.commit(staged)
    return tree


def certified(header: Header) -> Certificate:
    """By three of four members."""
    bare = Certificate(header.height, 0, header.digest(), ())
    message = commit_bytes(header.genesis_hash, 0, bare)
    signatures = (CommitSignature(i, key(f"node of m{i}").sign(message)) for i in range(3))
    return replace(bare, signatures=tuple(signatures))


def bundles(tree: StateTree, keys: int, asked: int) -> Iterator[tuple[bytes, int]]:
    """A bundle for each of as many keys, half of them absent, and the size of its proof."""
    header = replace(
        genesis_header(MADE), height=2**40, time_ms=2**41, state_root=tree.root, view=2**20
    )
    certificate, committee = certified(header), MADE.committee()
    heads = tuple(head(header, committee, member, 2**41) for member in range(4))
    for number in range(keys - asked // 2, keys + asked // 2):
        value = VALUE if number < keys else None
        claim = StateClaim(row(number), value, tree.prove(row(number)))
        proven = (Proven(header, certificate, (claim,), (), ()),)
        bundle = Bundle(MADE.hash(), None, (), proven, heads)
        yield encode_bundle(bundle), len(claim.proof)


def step_size() -> int:
    """Of a change among four members."""
    committee = MADE.committee()
    header = replace(genesis_header(MADE), height=2**40, next_committee_hash=committee.hash())
    proven = (Proven(header, certified(header), (), (), ()),)
    step = CommitteeStep(header, certified(header), committee)
    with_, without = (
        len(encode_bundle(Bundle(MADE.hash(), None, steps, proven, ()))) for steps in ((step,), ())
    )
    return with_ - without


def sizes(keys: int, asked: int) -> Sizes:
    """Over this many keys that are asked for; each bundle is verified."""
    found = []
    for data, proof in bundles(grown(keys), keys, asked):
        verify_bundle(data, MADE)
        found.append((len(data), proof))
    whole = [size for size, _ in found]
    largest_proof = max(proof for _, proof in found)
    mean = sum(whole) // len(whole)
    return Sizes(min(whole), mean, max(whole), largest_proof, step_size())


def main(arguments: list[str]) -> int:
    """The command."""
    keys = int(arguments[0]) if arguments else KEYS
    found = sizes(keys, ASKED)
    sys.stdout.write(
        f"{keys} keys, {ASKED} asked for, four members, four head statements\n"
        f"bundle: {found.smallest} to {found.largest} bytes, mean {found.mean}\n"
        f"state proof in it: at most {found.largest_proof} bytes\n"
        f"each change of the committee adds {found.step} bytes\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
