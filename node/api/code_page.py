"""What a consumer sees who scans a label: the verdict as a page of words, without a script.

Everything foreign is escaped. A look-alike page can say anything: so this one leads to the page
that checks the certificate, and says what to compare.
"""

from collections.abc import Iterable
from html import escape
from string import Template
from typing import Final

from chain.bech32m import encode_account
from commerce.codes.errors import CodeUnknown
from commerce.codes.serials import link_of
from commerce.codes.views import REGISTERED, VerdictView, verdict_view
from node.api.codes import GTIN, SERIAL, known_events
from node.api.pages import HTML, WEB
from node.api.replies import Reply
from node.api.routing import Call
from node.code_words import Said, Words, date_text, said_of, said_of_unknown

# No script at all, the style of this server, nothing else.
POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
PAGE: Final = Template((WEB / "code.html").read_text("utf-8"))
# Of a class of verify.css: what colour it has. Nothing is green, for nothing is proven by a label.
_KINDS: Final = {REGISTERED: "warn"}


def code_page(call: Call) -> Reply:
    """GET /v/01/{gtin}/21/{serial}."""
    gtin, serial = call.get(GTIN), call.get(SERIAL)
    try:
        ledger = call.service.ledger
        verdict = verdict_view(ledger.state, known_events(ledger), gtin, serial)
    except CodeUnknown:
        return _reply(_page(gtin, serial, said_of_unknown(), (), "bad"))
    kind = _KINDS.get(verdict.verdict, "bad")
    return _reply(_page(gtin, serial, said_of(verdict), _facts(verdict), kind))


def _reply(body: str) -> Reply:
    headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-cache"}
    return Reply(body.encode(), content_type=HTML, headers=headers)


def _page(
    gtin: str, serial: str, said: Said, facts: Iterable[tuple[str, str, str]], kind: str
) -> str:
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
        gtin=escape(gtin),
        serial=escape(serial),
        link=escape(link_of(gtin, serial)),
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
