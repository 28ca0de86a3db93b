"""The page that checks proofs, from the files of node/web: plain HTML, style and ES modules.

A page needs the policy that lets it run its own scripts and nothing else. The one-file form is for
a reader's disk, where browsers load no modules: there the policy names each part by its hash.
"""

import base64
import re
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final

from node.api.replies import HTML, Reply
from node.api.routing import Call

WEB: Final = Path(__file__).parent.parent / "web"
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
# In the order in which one needs the other; the page's own is the last.
MODULES: Final = (
    "verify.js",
    "verify-genesis.js",
    "verify-codes.js",
    "verify-words.js",
    "verify-page.js",
)
SCRIPT: Final = "text/javascript; charset=utf-8"
STYLE: Final = "text/css; charset=utf-8"
# A browser keeps it and asks each time whether it has changed.
CACHED: Final = "no-cache"

_IMPORT: Final = re.compile(r"^import \{[^}]*\} from \"\./[a-z-]+\.js\";\n", re.MULTILINE)
_SCRIPT_TAG: Final = '<script type="module" src="verify-page.js"></script>\n'
_STYLE_TAG: Final = '<link rel="stylesheet" href="verify.css">\n'


@dataclass(frozen=True, slots=True)
class WebFile:
    """What is served, and the tag by which a browser knows it again."""

    body: bytes
    content_type: str

    @property
    def tag(self) -> str:
        """A strong entity tag (RFC 9110 §8.8.3)."""
        return f'"{sha256(self.body).hexdigest()[:32]}"'


@cache
def web_file(name: str, content_type: str) -> WebFile:
    """A file of node/web, read once."""
    return WebFile((WEB / name).read_bytes(), content_type)


@cache
def one_file() -> WebFile:
    """The page with everything inside it, for a reader who keeps it."""
    page = (WEB / "verify.html").read_text("utf-8")
    style = (WEB / "verify.css").read_text("utf-8")
    script = "".join(_IMPORT.sub("", (WEB / name).read_text("utf-8")) for name in MODULES)
    assert page.count(_SCRIPT_TAG) == page.count(_STYLE_TAG) == 1
    assert "</script" not in script
    assert "</style" not in style
    policy = (
        f"default-src 'none'; script-src {_hash_source(script)}; style-src {_hash_source(style)}; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    inside = (
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n<style>{style}</style>\n'
    )
    page = page.replace(_STYLE_TAG, inside)
    page = page.replace(_SCRIPT_TAG, f'<script type="module">{script}</script>\n')
    return WebFile(page.encode(), HTML)


def _hash_source(text: str) -> str:
    """How a policy names an inline part (Content Security Policy Level 3 §2.3.1)."""
    return f"'sha256-{base64.b64encode(sha256(text.encode()).digest()).decode()}'"


def _reply(call: Call, file: WebFile, **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    shown = {"Cache-Control": CACHED, "ETag": file.tag, **named}
    if call.request.headers.get("If-None-Match") == file.tag:
        return Reply(b"", 304, file.content_type, shown)
    return Reply(file.body, content_type=file.content_type, headers=shown)


def verify_page(call: Call) -> Reply:
    """GET /verify."""
    file = web_file("verify.html", HTML)
    return _reply(call, file, Content_Security_Policy=POLICY)


def verify_one_file(call: Call) -> Reply:
    """GET /verify-offline.html."""
    disposition = 'attachment; filename="hushang-verify.html"'
    return _reply(call, one_file(), Content_Disposition=disposition)


def verify_style(call: Call) -> Reply:
    """GET /verify.css."""
    return _reply(call, web_file("verify.css", STYLE))


def verify_module(call: Call) -> Reply:
    """GET /verify.js."""
    return _reply(call, web_file("verify.js", SCRIPT))


def verify_page_module(call: Call) -> Reply:
    """GET /verify-page.js."""
    return _reply(call, web_file("verify-page.js", SCRIPT))


def verify_genesis_module(call: Call) -> Reply:
    """GET /verify-genesis.js."""
    return _reply(call, web_file("verify-genesis.js", SCRIPT))


def verify_codes_module(call: Call) -> Reply:
    """GET /verify-codes.js."""
    return _reply(call, web_file("verify-codes.js", SCRIPT))


def verify_words_module(call: Call) -> Reply:
    """GET /verify-words.js."""
    return _reply(call, web_file("verify-words.js", SCRIPT))
