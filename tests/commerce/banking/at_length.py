"""Random banking for longer than a test may take: `python -m tests.commerce.banking.at_length`.

Each example is up to `--steps` random operations on a chain and in the model of
tests/commerce/banking/bank_model.py, which must agree after each. A failure prints the shortest
sequence that shows it.

    python -m tests.commerce.banking.at_length --examples 16700   # a million operations
"""

import argparse
import sys
import time

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.commerce.banking.test_bank_machine import BankMachine


def main() -> None:
    """Run, and say how long it took."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.commerce.banking.at_length",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--examples", type=int, default=500, help="sequences from a fresh chain")
    parser.add_argument("--steps", type=int, default=60, help="operations in each, at most")
    args = parser.parse_args()
    began = time.perf_counter()
    wanted = settings(
        max_examples=args.examples,
        stateful_step_count=args.steps,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(BankMachine, settings=wanted)
    took_s = time.perf_counter() - began
    sys.stdout.write(
        f"{args.examples} sequences of up to {args.steps} operations agree: {took_s:.0f} s\n"
    )


if __name__ == "__main__":
    main()
