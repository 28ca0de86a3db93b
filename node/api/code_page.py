"""What a consumer sees who scans a label: the verdict as a page of words, without a script.

Everything foreign is escaped. A look-alike page can say anything: so this one leads to the page
that checks the certificate, and says what to compare. What can't be answered is a page too.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from html import escape
from string import Template
from typing import Final
from urllib.parse import quote

from chain.bech32m import encode_account
from chain.errors import HushangError
from commerce.codes.errors import CodeUnknown
from commerce.codes.serials import link_of
from commerce.codes.views import CLAIMED, REGISTERED, VerdictView, verdict_view
from commerce.epcis.digital_link import escaped
from node.api.codes import known_events
from node.api.label_path import Label, label_of
from node.api.pages import WEB
from node.api.parameters import text_in_path
from node.api.problems import status_of
from node.api.replies import HTML, Reply
from node.api.routing import Call
from node.code_words import (
    FOOTER,
    Said,
    Words,
    date_text,
    said_of,
    said_of_lot,
    said_of_refusal,
    said_of_unknown,
)

# No script at all, the style of this server, nothing else.
POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
PAGE: Final = Template((WEB / "code.html").read_text("utf-8"))
REFUSED: Final = Template((WEB / "code-refused.html").read_text("utf-8"))
_NOT_FOUND: Final = 404
# Any serial that GS1 allows has a page, if only one that says that no code has it.
SERIAL: Final = text_in_path("serial", "[!-~]{1,20}", "a serial of up to 20 characters")
# Of a class of verify.css: what colour it has. Nothing is green, for nothing is proven by a label.
_KINDS: Final = {REGISTERED: "warn", CLAIMED: "warn"}


def code_page(call: Call) -> Reply:
    """GET /v/01/{gtin}/21/{serial}, and every other address of the label."""
    label = label_of(call.request.rel_url.raw_path)
    try:
        ledger = call.service.ledger
        verdict = verdict_view(ledger.state, known_events(ledger), label.gtin, label.serial)
    except CodeUnknown:
        return _reply(_page(label, said_of_unknown(), (), "bad"), _NOT_FOUND)
    said = _with_lot(said_of(verdict), label, verdict)
    kind = _KINDS.get(verdict.verdict, "bad")
    return _reply(_page(label, said, _facts(verdict), kind))


def refusal_page(error: HushangError, headers: Mapping[str, str]) -> Reply:
    """What whoever scanned a label sees instead of problem details."""
    rule = type(error)
    said = said_of_refusal(rule.__name__)
    body = REFUSED.substitute(
        title_en=escape(said.title.en),
        title_zh=escape(said.title.zh),
        text_en=escape(said.text.en),
        text_zh=escape(said.text.zh),
        code=escape(f"{rule.__name__}: {error}"),
        **_footer(),
    )
    return _reply(body, status_of(rule), headers)


def _reply(body: str, status: int = 200, more: Mapping[str, str] | None = None) -> Reply:
    headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-cache", **(more or {})}
    return Reply(body.encode(), status, HTML, headers)


def _with_lot(said: Said, label: Label, verdict: VerdictView) -> Said:
    """With a warning where the address has another lot than the brand gave the code."""
    if label.lot is None or verdict.lot is None or label.lot == verdict.lot:
        return said
    return replace(said, notes=(said_of_lot(label.lot, verdict.lot), *said.notes))


def _footer() -> dict[str, str]:
    return {"footer_en": escape(FOOTER[0]), "footer_zh": escape(FOOTER[1])}


def _page(label: Label, said: Said, facts: Iterable[tuple[str, str, str]], kind: str) -> str:
    """The page; every value is escaped, and put in at once."""
    notes = "".join(f"<li>{_both(note)}</li>" for note in said.notes)
    rows = "".join(
        f"<div><dt>{escape(english)} · {_chinese(chinese)}</dt><dd>{escape(value)}</dd></div>"
        for english, chinese, value in facts
    )
    return PAGE.substitute(
        kind=escape(kind),
        title=_both(said.title),
        text_en=escape(said.text.en),
        text_zh=escape(said.text.zh),
        notes=f"<ul>{notes}</ul>" if notes else "",
        facts=rows,
        gtin=escape(label.gtin),
        serial=escape(label.serial),
        proof=escape(f"/v1/proof/code/{label.gtin}/{quote(label.serial, safe='')}"),
        link=escape(link_of(label.gtin, escaped(label.serial))),
        **_footer(),
    )


def _both(words: Words) -> str:
    return f"{escape(words.en)} · {_chinese(words.zh)}"


def _chinese(text: str) -> str:
    return f'<span lang="zh-Hans">{escape(text)}</span>'


def _facts(verdict: VerdictView) -> list[tuple[str, str, str]]:
    """(English, Chinese, value) of what is known."""
    known = [
        ("Product", "商品", verdict.product),
        ("Lot", "批号", verdict.lot),
        ("Brand's account", "品牌账户", encode_account(verdict.brand)),
        ("In circulation since", "启用日期", date_text(verdict.active_ms)),
        ("Sold", "售出日期", date_text(verdict.sold_ms)),
        ("Claimed", "认领日期", date_text(verdict.claimed_ms)),
        ("Scans so far", "累计扫码次数", str(verdict.scans)),
        ("Last scan", "最近扫码", date_text(verdict.last_ms)),
    ]
    return [(english, chinese, value) for english, chinese, value in known if value]
