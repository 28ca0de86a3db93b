"""What a person's browser gets where a program gets a problem: plain words in two languages.

No script, no style and no other file: whoever sees this may get nothing else from the node.
"""

from collections.abc import Mapping
from functools import lru_cache
from html import escape
from typing import Final

from chain.errors import HushangError
from node.api.label_path import is_label
from node.api.problems import retry_after_s, status_of
from node.api.replies import HTML, Reply

POLICY: Final = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
PAGES: Final = ("/verify", "/verify-offline.html")
# A request's line and nothing of its headers.
LINE_SIZE_MAX: Final = 2_048

# By the status of the refusal: a heading and what to do, English and Chinese.
_WORDS: Final[Mapping[int, tuple[str, str, str, str]]] = {
    400: (
        "The request can't be read",
        "请求无法读取",
        "Open the address again as it was given to you.",
        "请重新打开所给的网址。",
    ),
    404: (
        "There is no such page",
        "页面不存在",
        "Check the address.",
        "请检查网址。",
    ),
    405: (
        "This page can only be read",
        "此页面只能浏览",
        "Open its address in a browser.",
        "请在浏览器中打开网址。",
    ),
    421: (
        "This node doesn't answer under this name",
        "本节点不以此名称提供服务",
        "Ask whoever runs the node for its address.",
        "请向节点运营者索取网址。",
    ),
    429: (
        "Too many requests from your network",
        "您的网络请求过多",
        "Wait a minute and open the page again.",
        "请稍等一分钟后重新打开。",
    ),
    503: (
        "This node is busy",
        "节点繁忙",
        "Open the page again in a minute, or ask another node.",
        "请一分钟后重新打开，或访问其他节点。",
    ),
}
_OTHERWISE: Final = (
    "This page can't be shown",
    "无法显示此页面",
    "Open it again later, or ask another node.",
    "请稍后重新打开，或访问其他节点。",
)
_PAGE: Final = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{title}</title>
<h1>{en} · <span lang="zh-Hans">{zh}</span></h1>
<p>{do_en}</p>
<p lang="zh-Hans">{do_zh}</p>
<p><code>{code}</code></p>
</html>
"""


def is_page(raw_path: str) -> bool:
    """Is it the address of something that people look at?"""
    return raw_path in PAGES or is_label(raw_path)


@lru_cache(64)
def asks_for_page(line: bytes) -> bool:
    """Does a request that begins with this line ask for such?"""
    method, _, rest = line.partition(b" ")
    path = rest.partition(b" ")[0].partition(b"?")[0]
    return method in (b"GET", b"HEAD") and is_page(path.decode("latin-1"))


def first_line(data: bytes) -> bytes:
    """The request line that some bytes begin with, as far as it goes."""
    return data[:LINE_SIZE_MAX].partition(b"\n")[0].rstrip(b"\r")


def page_of(error: HushangError, headers: Mapping[str, str] | None = None) -> Reply:
    """A refusal as a page."""
    status = status_of(type(error))
    english, chinese, do_english, do_chinese = _WORDS.get(status, _OTHERWISE)
    body = _PAGE.format(
        title=escape(f"{english} · {chinese}"),
        en=escape(english),
        zh=escape(chinese),
        do_en=escape(do_english),
        do_zh=escape(do_chinese),
        code=escape(f"{error.code}: {error}"),
    )
    shown = {"Content-Security-Policy": POLICY, **(headers or {})}
    seconds = retry_after_s(error)
    if seconds is not None:
        shown["Retry-After"] = str(seconds)
    return Reply(body.encode(), status, HTML, shown)
