"""What the commands here that measure have alike: how they are asked, and how they answer."""

import argparse
import sys


def command(name: str, doc: str | None) -> argparse.ArgumentParser:
    """A parser of `python -m tests.bench.<name>`, whose help is the module's docstring as it is."""
    return argparse.ArgumentParser(
        prog=f"python -m tests.bench.{name}",
        description=doc,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def say(line: str) -> None:
    """One line of the result, at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def tell(words: str) -> None:
    """Progress for people."""
    sys.stderr.write(words + "\n")
