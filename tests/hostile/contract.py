"""The API held against its OpenAPI document by schemathesis: `python -m tests.hostile.contract`.

Every operation gets data that fits the document and data that doesn't. No answer may be a failure
of the node, have a status, a media type, a header or a body that the document doesn't tell of, or
take what the document says it doesn't. Served is a node with one trade; `--url` names another.

Not asked: that all which fits a pattern is accepted. Account ids and GTINs end in check digits, and
page tokens are given by the node: no pattern can say that.
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tests.node.api.market import reviewed, trade
from tests.node.api.service import served

SCHEMATHESIS: Final = Path(sys.executable).with_name("schemathesis")
EXAMPLES: Final = 50
SEED: Final = 1
# They end when their client leaves: a fuzzer would wait for each.
STREAMS: Final = "(/stream|/v1/events)$"
NOT_ASKED: Final = "positive_data_acceptance"


async def hold(url: str, examples: int, seed: int, phases: str) -> tuple[int, str]:
    """Exit code and words of a run against this node."""
    # It keeps notes where it runs.
    with TemporaryDirectory(prefix="hushang-contract-") as place:
        return await _hold(Path(place), url, examples, seed, phases)


async def _hold(place: Path, url: str, examples: int, seed: int, phases: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        SCHEMATHESIS,
        "run",
        f"{url}/v1/openapi.json",
        *("--max-examples", str(examples), "--seed", str(seed), "--phases", phases),
        *("--exclude-path-regex", STREAMS, "--exclude-checks", NOT_ASKED),
        *("--suppress-health-check", "all", "--request-timeout", "20", "--no-color"),
        *("--generation-database", "none", "--warnings", "off"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=place,
    )
    told, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, told.decode("utf-8", "replace")


async def hold_own(examples: int, seed: int, phases: str) -> tuple[int, str]:
    """As `hold`, of a node served here, in whose chain is one trade."""
    async with served(hurried=True) as node:
        market = await trade(node.service)
        await reviewed(node.service, market.order_id)
        return await hold(f"http://127.0.0.1:{node.port}", examples, seed, phases)


def main(arguments: Sequence[str]) -> int:
    """Run and tell what schemathesis tells; its exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.hostile.contract", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--examples", type=int, default=EXAMPLES, help="of each operation")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--url", help="of a running node")
    wanted = parser.parse_args(arguments)
    phases = "examples,coverage,fuzzing"
    if wanted.url:
        code, told = asyncio.run(hold(wanted.url, wanted.examples, wanted.seed, phases))
    else:
        code, told = asyncio.run(hold_own(wanted.examples, wanted.seed, phases))
    sys.stdout.write(told)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
