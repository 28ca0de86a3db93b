"""Finds every function that reads bytes or texts from outside by one of the primitives for that."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
PACKAGES: Final = ("chain", "consensus", "commerce", "p2p", "node")
# Programs for measuring and showing read what they themselves wrote.
LEFT_OUT: Final = ("node/bench/", "node/demo/")
# By the last name of what is called: whoever calls one of these makes something of raw bytes.
PRIMITIVES: Final = frozenset(
    (
        *("decode", "unpack", "unpackb", "from_value", "unpack_from", "iter_unpack"),
        *("loads", "read_json", "raw_decode", "model_validate", "model_validate_json"),
        *("reader", "DictReader", "b64decode", "b32decode", "urlsafe_b64decode"),
        *("urlsplit", "parse_qs", "parse_qsl", "fromisoformat", "decode_account", "from_json"),
        *("decode_message", "decode_record", "decode_evidence", "read_message", "read_frames"),
        *("read_bundle", "read_manifest", "read_document", "parse_link", "load_der_x509_crl"),
        *("load_der_x509_certificate", "load_pem_x509_certificate", "load_pem_private_key"),
    )
)


def readers() -> Iterator[str]:
    """`package/file.py:function` (a method as `Class.method`) of each, in order."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            place = path.relative_to(ROOT).as_posix()
            if not place.startswith(LEFT_OUT):
                yield from (f"{place}:{name}" for name in _of(ast.parse(path.read_text("utf-8"))))


def _of(tree: ast.AST, outer: str = "") -> Iterator[str]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef):
            yield from _of(node, f"{node.name}.")
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and any(
            _is_reading(inner) for inner in ast.walk(node)
        ):
            yield outer + node.name


def _is_reading(node: ast.AST) -> bool:
    """`x.decode()` of bytes to text isn't meant: it has no argument, or names the encoding."""
    if not isinstance(node, ast.Call):
        return False
    called = node.func
    name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
    if name not in PRIMITIVES:
        return False
    is_text = name == "decode" and isinstance(called, ast.Attribute)
    return not is_text or bool(node.args and not isinstance(node.args[0], ast.Constant))
