"""Catalogues of any size: `python -m tests.commands.import_files 10000 > tea.csv`.

To measure: `hushang testnet up -n 4`, then `time hushang import catalogue tea.csv --as merchant`.
"""

import sys

PREFIX = "06901234"


def gtin(number: int) -> str:
    """The GTIN of a number, of the test network's merchant."""
    digits = f"{PREFIX}{number:05d}"
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(digits))
    return digits + str(-total % 10)


def catalogue(first: int, count: int) -> str:
    """A CSV file of so many products, each with an offer."""
    rows = [f"{gtin(n)},Tea {n},tea,CNY 129.00,10\n" for n in range(first, first + count)]
    return "gtin,title,class,price,stock\n" + "".join(rows)


if __name__ == "__main__":
    sys.stdout.write(catalogue(0, int(sys.argv[1])))
