"""What is said to whoever scanned a code, in English and Chinese: plain, and never "genuine".

A label can be copied, so a scan proves nothing good. It can show that something is wrong, and it
can send the reader to what a copy doesn't have: the hidden code, and the owner's account.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from commerce.codes import signals, views
from commerce.codes.views import VerdictView
from node.money_text import format_time

_DATE_SIZE: Final = len("2026-11-22")

TITLES: Final[Mapping[str, tuple[str, str]]] = {
    views.UNKNOWN: ("Not known", "查无此码"),
    views.INACTIVE: ("Not in circulation", "尚未启用"),
    views.WITHDRAWN: ("Withdrawn by its brand", "品牌方已停用"),
    views.REGISTERED: ("Registered, not yet claimed", "已登记，尚未认领"),
    views.SUSPECT: ("Suspect: there may be copies of this label", "可疑：此标签可能被仿冒"),
    views.CLAIMED: ("Claimed by its owner", "已由所有人认领"),
}
_TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    views.UNKNOWN: (
        "No code with this product and serial number was shown to the chain. Either nobody has "
        "looked at it before you, or the label is made up. Don't buy it unless its seller can "
        "explain this.",
        "链上没有该商品与序列号的防伪码：要么此前无人查询过，要么标签系伪造。除非卖方能作出合理解释，请勿购买。",
    ),
    views.INACTIVE: (
        "Its brand has made this code and not brought it into circulation. Nobody should have "
        "goods with it.",
        "品牌方已制作此码，但尚未启用。市面上不应有带此码的商品。",
    ),
    views.WITHDRAWN: (
        "Its brand has taken this code out of circulation on {withdrawn}. Goods that bear it "
        "should not be for sale.",
        "品牌方已于 {withdrawn} 停用此码，带此码的商品不应再出售。",
    ),
    views.REGISTERED: (
        "The brand made this code, and nobody has claimed it. That does not show that the thing in "
        "your hand is real: labels can be copied. Uncover the hidden code and claim it: only the "
        "real thing has one that works.",
        "此码由品牌方登记，尚无人认领。但这不能证明您手中的商品为真：标签可以被复制。"
        "请刮开隐藏码进行认领，只有真品的隐藏码才能认领成功。",
    ),
    views.SUSPECT: (
        "What was seen of this label doesn't fit one real thing (see below). Anything that bears "
        "it may be a copy, also what you hold: nobody can tell by the label. Uncover the hidden "
        "code and claim it: if that fails, report the thing.",
        "此标签的扫码记录与同一件真品不符（见下）：任何带此标签的商品都可能是仿冒品，包括您手中的这件，仅凭标签无法分辨。"
        "请刮开隐藏码进行认领；如认领失败，请举报。",
    ),
    views.CLAIMED: (
        "Claimed by its owner on {claimed}: if that is not you, this is a copy, or stolen, or "
        "resold without being passed on.",
        "已由所有人于 {claimed} 认领：如果不是您本人，则这是仿冒品、失窃物，或未办理转让的转售品。",
    ),
}
_CLAIMING: Final = (
    "Somebody has shown the hidden code; it is claimed at {until} unless somebody else committed "
    "to it before. If that is not you, don't buy this thing.",
    "有人已出示隐藏码；除非另有人更早提交密封值，将于 {until} 完成认领。如果不是您本人，请勿购买。",
)
_PASSED: Final = (
    "It was last passed on to a new owner on {passed}.",
    "最近一次转让日期：{passed}。",
)
_RECALLED: Final = (
    "The product is recalled: don't use it, ask its seller.",
    "该产品正在召回：请停止使用，并联系卖方。",
)
_REPORTED: Final = (
    "Somebody has reported it as a copy; the brand has not answered yet.",
    "已有人举报为仿冒品，品牌方尚未答复。",
)
SIGNS: Final[Mapping[str, tuple[str, str]]] = {
    signals.TRAVEL: (
        "scanned in two places between which nobody travels so fast",
        "在两地被扫描，间隔之短任何人都无法到达",
    ),
    signals.EARLY: ("scanned before it was in circulation", "启用之前已被扫描"),
    signals.DEAD: ("scanned after its brand withdrew it", "停用之后仍被扫描"),
    signals.SOLD: (
        "in the hands of another shop after it was sold",
        "售出之后出现在其他经营者手中",
    ),
    signals.CUSTODY: ("in the hands of two at once", "同时处于两个经营者手中"),
    signals.CELLS: ("scanned in more places than one thing gets to", "出现的地点过多"),
    signals.TAG: ("a chip on it was false", "其芯片验证失败"),
    signals.BRAND: ("its brand has found copies", "品牌方已确认存在仿冒"),
}


@dataclass(frozen=True, slots=True)
class Words:
    """One thing said in both languages."""

    en: str
    zh: str


@dataclass(frozen=True, slots=True)
class Said:
    """A verdict in words: its title, what it means, and what is known besides."""

    title: Words
    text: Words
    notes: tuple[Words, ...]


def date_text(time_ms: int | None) -> str:
    """The day in Shanghai."""
    return "" if time_ms is None else format_time(time_ms)[:_DATE_SIZE]


def said_of(verdict: VerdictView) -> Said:
    """A verdict in words."""
    values = {
        "withdrawn": date_text(verdict.withdrawn_ms),
        "claimed": date_text(verdict.claimed_ms),
        "passed": date_text(verdict.passed_ms),
        "until": "" if verdict.claim_until_ms is None else format_time(verdict.claim_until_ms),
    }
    notes = [
        (verdict.claim_until_ms is not None, _CLAIMING),
        (verdict.passed_ms is not None, _PASSED),
        (verdict.recalled, _RECALLED),
        (verdict.reports_open > 0, _REPORTED),
        *[(True, SIGNS[signal.kind]) for signal in verdict.signals],
    ]
    return Said(
        _words(TITLES[verdict.verdict], values),
        _words(_TEXTS[verdict.verdict], values),
        tuple(_words(pair, values) for holds, pair in notes if holds),
    )


def said_of_unknown() -> Said:
    """What is said of a code that the chain doesn't know."""
    return Said(_words(TITLES[views.UNKNOWN], {}), _words(_TEXTS[views.UNKNOWN], {}), ())


def _words(pair: tuple[str, str], values: Mapping[str, str]) -> Words:
    english, chinese = (text.format_map(values) for text in pair)
    return Words(english, chinese)
