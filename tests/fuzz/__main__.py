"""`python -m tests.fuzz`: changed examples for every decoder; 0 if each was dealt with as promised.

    python -m tests.fuzz --runs 1000000 --seed 7     # so many inputs, shared by all decoders
    python -m tests.fuzz --runs 20000 --decoder "EPCIS document"
    python -m tests.fuzz --decoder "key file" --hex FILE    # one input again

Fewer than 10,000 a decoder take seconds; a million take ten minutes on one core.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.fuzz.decoders import Decoder
from tests.fuzz.run import Failure, chosen, judge, run

FAILURES_MAX = 20


def main(arguments: Sequence[str]) -> int:
    """Run, tell, and say by the exit code whether anything failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--runs", type=int, default=100_000, help="inputs in all (100000)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--decoder", action="append", default=[], help="part of a name; several")
    parser.add_argument("--hex", type=Path, help="a file with one input in hex")
    parser.add_argument("--list", action="store_true", help="name the decoders")
    wanted = parser.parse_args(arguments)
    decoders = chosen(wanted.decoder)
    if not decoders:
        parser.error("no decoder has such a name: --list")
    if wanted.list:
        sys.stdout.write("\n".join(decoder.name for decoder in decoders) + "\n")
        return 0
    if wanted.hex is not None:
        data = bytes.fromhex(wanted.hex.read_text("ascii").strip())
        return _again(decoders, data)
    return _all(decoders, wanted.seed, wanted.runs)


def _again(decoders: Sequence[Decoder], data: bytes) -> int:
    found = [f"{one.name}: {what}" for one in decoders if (what := judge(one, data, weigh=True))]
    sys.stdout.write("\n".join(found or ["nothing is wrong"]) + "\n")
    return 1 if found else 0


def _all(decoders: Sequence[Decoder], seed: int, runs: int) -> int:
    each, began, done = -(-runs // len(decoders)), time.monotonic(), 0
    failures: list[Failure] = []
    for decoder in decoders:
        found = [failure for failure in run(decoder, seed, each) if failure is not None]
        failures += found
        done += each
        took_s = time.monotonic() - began
        sys.stderr.write(f"{done:>9} inputs, {took_s:6.1f} s: {decoder.name}, {len(found)} wrong\n")
    for failure in failures[:FAILURES_MAX]:
        sys.stdout.write(failure.words() + "\n")
    told = f"{done} inputs of seed {seed} to {len(decoders)} decoders: {len(failures)} wrong"
    sys.stdout.write(told + "\n")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
