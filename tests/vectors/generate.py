"""Makes the frozen vectors: `python -m tests.vectors.generate --check | --write`.

`--check` says which files the code would write otherwise: then bytes that are signed or hashed have
changed, which CHANGELOG.md must call out as **Chain**. `--write` also brings the worked example in
docs/protocol.md up to date.
"""

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from chain.bech32m import encode_account
from chain.codec import encode
from chain.transaction import body_hash, transaction_id
from tests.vectors.make_basics import accounts, canonical, keys, merkle_trees, state_trees
from tests.vectors.make_blocks import blocks, certificates, votes
from tests.vectors.make_chain import chain
from tests.vectors.make_committees import committees
from tests.vectors.make_epcis import epcis
from tests.vectors.make_evidence import evidence
from tests.vectors.make_genesis import founded
from tests.vectors.make_payloads import payloads
from tests.vectors.make_proofs import proofs
from tests.vectors.make_records import records
from tests.vectors.make_snapshot import snapshot
from tests.vectors.make_transactions import transactions
from tests.vectors.material import Json, account, examples, genesis

FOLDER: Final = Path(__file__).parent
PAGE: Final = FOLDER.parent.parent / "docs" / "protocol.md"
MAKERS: Final[dict[str, Callable[[], Json]]] = {
    "canonical": canonical,
    "keys": keys,
    "accounts": accounts,
    "merkle": merkle_trees,
    "state_tree": state_trees,
    "transactions": transactions,
    "blocks": blocks,
    "votes": votes,
    "certificates": certificates,
    "chain": chain,
    "committees": committees,
    "evidence": evidence,
    "records": records,
    "payloads": payloads,
    "genesis": founded,
    "epcis": epcis,
    "proofs": proofs,
    "snapshot": snapshot,
}


def text_of(name: str) -> str:
    """What the file of this name must hold."""
    return json.dumps(MAKERS[name](), indent=1, ensure_ascii=False) + "\n"


def example_rows() -> list[str]:
    """The table below the worked example of docs/protocol.md."""
    first = examples()[0].signed()
    entry, raw = first.signatures[0], encode(first)
    buyer = account("buyer")
    rows = {
        "GENESIS": genesis().hash().hex(),
        "SENDER, as an address": f"{buyer.hex()}`, `{encode_account(buyer)}",
        "SHOP": account("shop").hex(),
        "public key": entry.public_key.hex(),
        "signature": entry.signature.hex(),
        "id": transaction_id(first.content).hex(),
        "body hash": body_hash(raw).hex(),
    }
    return [f"| {name} | `{value}` |" for name, value in rows.items()]


def with_example(page: str) -> str:
    """The protocol page with that table brought up to date."""
    for row in example_rows():
        head = re.escape(row[: row.index("`")])
        page = re.sub(f"^{head}.*$", lambda _found, row=row: row, page, flags=re.MULTILINE)  # type: ignore[misc]
    return page


def changed() -> list[str]:
    """Files that differ from what the code makes."""
    return [name for name in MAKERS if frozen(name) != text_of(name)]


def frozen(name: str) -> str:
    """The file's text as it is."""
    path = FOLDER / f"{name}.json"
    return path.read_text(encoding="utf-8") if path.exists() else ""


def main(arguments: list[str]) -> int:
    """The command; exit code 1 if something differs."""
    if arguments == ["--write"]:
        for name in MAKERS:
            (FOLDER / f"{name}.json").write_text(text_of(name), encoding="utf-8")
        PAGE.write_text(with_example(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
        return 0
    if arguments != ["--check"]:
        sys.stderr.write("usage: python -m tests.vectors.generate --check | --write\n")
        return 2
    differing = changed()
    sys.stdout.write("".join(f"{name}.json differs\n" for name in differing))
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
