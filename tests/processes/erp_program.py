"""A program of somebody's ERP: pays bills one by one and says which; run with NETWORK OUTBOX COUNT.

It is killed at any moment and started again, and knows nothing of its former runs but its outbox.
"""

import sys
from pathlib import Path

from node.client import Client
from node.testnet_layout import load

AMOUNT_MINOR = 3


def main(directory: Path, outbox: Path, count: int) -> None:
    """Pay each bill; print its number once it is paid."""
    network = load(directory)
    key = network.key_file(network.account("buyer"))
    urls = [node.api for node in network.nodes]
    to = network.account("merchant").account
    with Client(urls, key=key, outbox=outbox, wait_s=60.0) as client:
        for number in range(count):
            client.pay(to, "CNY", AMOUNT_MINOR, reference=f"bill {number}").done()
            sys.stdout.write(f"{number}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
