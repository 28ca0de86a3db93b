"""What is said to whoever scanned a code, in English and Chinese: plain, and never "genuine".

A label can be copied, and so can a hidden code: from one thing that was bought and opened, or by
whoever printed it. So neither a scan nor a claim proves anything good of the thing in somebody's
hand. They can show that something is wrong, and who was the first to claim a code.
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
    views.CLAIMED: ("Claimed", "已被认领"),
}
TEXTS: Final[Mapping[str, tuple[str, str]]] = {
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
        "The brand registered this code, and nobody has claimed it. That says nothing about the "
        "thing in your hand: a label can be copied, and so can its hidden code, from a thing that "
        "was bought before or by whoever printed it. A claim shows at most that you are the first "
        "to claim this code. If the cover is broken or the claim is refused, don't buy the thing, "
        "or report it.",
        "此码由品牌方登记，尚无人认领。这并不说明您手中的商品是什么：标签可以被复制，隐藏码也可能从已售商品上抄录，"
        "或由印刷方泄露。认领最多只表明您是此码的首位认领人。如涂层已破损或认领被拒，请勿购买，或请举报。",
    ),
    views.SUSPECT: (
        "What was reported of this label doesn't fit one single thing (see below). Anything that "
        "bears it may be a copy, also what you hold: nobody can tell by the label, and a claim "
        "that succeeds doesn't tell either. Don't buy it; if you have it already, claim it before "
        "somebody else does, and report it.",
        "所上报的此标签扫码记录与单独一件商品不符（见下）：任何带此标签的商品都可能是仿冒品，包括您手中的这件。"
        "仅凭标签无法分辨，认领成功也不能分辨。请勿购买；如已购买，请尽早认领并举报。",
    ),
    views.CLAIMED: (
        "Somebody claimed this code on {claimed}: if that is not you, what you hold is a copy, or "
        "stolen, or resold without being passed on, or its hidden code was copied. Don't buy it. "
        "If it is you: you were the first to claim this code, which says nothing more about the "
        "thing.",
        "已有人于 {claimed} 认领此码：如果不是您本人，则您手中的是仿冒品、失窃物、"
        "未办理转让的转售品，或其隐藏码已被抄录，请勿购买。如果是您本人：这只表明您是此码的首位认领人，并不说明商品本身。",
    ),
}
FOOTER: Final = (
    "Neither a scan nor a claim shows that a thing was made by its brand: labels and hidden codes "
    "can be copied.",
    "扫码和认领都不能证明商品出自品牌方：标签和隐藏码都可以被复制。",
)
# What a page says that has no verdict: by the name of the broken rule.
REFUSALS: Final[Mapping[str, tuple[tuple[str, str], tuple[str, str]]]] = {
    "LabelUnreadable": (
        ("This address names no code", "此地址不含防伪码"),
        (
            "The address that was opened holds no product number and serial number. The label is "
            "damaged, mistyped or made up, or it is not one of these.",
            "所打开的地址不含商品编码和序列号：标签可能损坏、录入有误、系伪造，或不是此类标签。",
        ),
    ),
    "CheckDigitWrong": (
        ("No such product number", "商品编码无效"),
        (
            "The check digit of the product number is wrong, so no product has it. The label is "
            "damaged, mistyped or made up.",
            "商品编码的校验位有误，不存在这样的商品：标签可能损坏、录入有误或系伪造。",
        ),
    ),
    "HostRefused": (
        ("This node doesn't answer here", "此节点不在该地址提供服务"),
        (
            "The node was not told that it answers under this name. Whoever runs the address has "
            "to add it to the node's setting api_hosts. Nothing is known of the label.",
            "该节点未配置以此名称提供服务，须由地址的运营方将其加入节点的 api_hosts 设置。"
            "标签状态未知。",
        ),
    ),
}
_UNANSWERED: Final = (
    ("No answer", "未能查询"),
    (
        "The node could not answer this request. Nothing is known of the label: try again later.",
        "节点未能处理此请求，标签状态未知：请稍后再试。",
    ),
)
_OTHER_LOT: Final = (
    "The address names the lot {named}, but the brand made this code for the lot {lot}: the label "
    "is wrong or made up.",
    "地址中的批号为 {named}，但品牌方为此码登记的批号为 {lot}：标签有误或系伪造。",
)
CLAIMING_TITLE: Final = ("Being claimed", "正在认领")
CLAIMING: Final = (
    "Somebody has shown the hidden code; it is claimed at {until} unless somebody else committed "
    "to it before. If that is not you, don't buy this thing.",
    "有人已出示隐藏码；除非另有人更早提交密封值，将于 {until} 完成认领。如果不是您本人，请勿购买。",
)
PASSED: Final = (
    "It was last passed on to a new owner on {passed}.",
    "最近一次转让日期：{passed}。",
)
SOLD: Final = (
    "An order on the chain got it on {sold}: if neither you nor who gave it to you bought it "
    "there, don't buy it.",
    "该商品已于 {sold} 绑定链上订单：如果您本人或转给您的人并非该订单的买方，请勿购买。",
)
GONE: Final = (
    "Its brand took this code out of circulation on {withdrawn}, though it is claimed: the thing "
    "may be lost, stolen or destroyed. Ask the brand.",
    "尽管此码已被认领，品牌方已于 {withdrawn} 将其停用：商品可能已遗失、失窃或销毁，请咨询品牌方。",
)
RECALLED: Final = (
    "The product is recalled: don't use it, ask its seller.",
    "该产品正在召回：请停止使用，并联系卖方。",
)
REPORTED: Final = (
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
        "sold": date_text(verdict.sold_ms),
        "claimed": date_text(verdict.claimed_ms),
        "passed": date_text(verdict.passed_ms),
        "until": "" if verdict.claim_until_ms is None else format_time(verdict.claim_until_ms),
    }
    # A claim that waits is no reason to claim: it is the first thing to be said.
    waits = verdict.claim_until_ms is not None
    is_being_claimed = waits and verdict.verdict == views.REGISTERED
    notes = [
        (waits and not is_being_claimed, CLAIMING),
        (verdict.passed_ms is not None, PASSED),
        (verdict.sold_ms is not None, SOLD),
        (verdict.claimed_ms is not None and verdict.withdrawn_ms is not None, GONE),
        (verdict.recalled, RECALLED),
        (verdict.reports_open > 0, REPORTED),
        *[(True, SIGNS[signal.kind]) for signal in verdict.signals],
    ]
    title, text = TITLES[verdict.verdict], TEXTS[verdict.verdict]
    if is_being_claimed:
        title, text = CLAIMING_TITLE, CLAIMING
    return Said(
        _words(title, values),
        _words(text, values),
        tuple(_words(pair, values) for holds, pair in notes if holds),
    )


def said_of_lot(named: str, lot: str) -> Words:
    """What is said when the label's address names another lot than the brand did."""
    return _words(_OTHER_LOT, {"named": named, "lot": lot})


def said_of_refusal(rule: str) -> Said:
    """What a consumer's page says when it can't show a verdict."""
    title, text = REFUSALS.get(rule, _UNANSWERED)
    return Said(Words(*title), Words(*text), ())


def said_of_unknown() -> Said:
    """What is said of a code that the chain doesn't know."""
    return Said(_words(TITLES[views.UNKNOWN], {}), _words(TEXTS[views.UNKNOWN], {}), ())


def _words(pair: tuple[str, str], values: Mapping[str, str]) -> Words:
    english, chinese = (text.format_map(values) for text in pair)
    return Words(english, chinese)
