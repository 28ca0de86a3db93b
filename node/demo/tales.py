"""The stories by name: what each shows, the pace that it is told at, and how it is played."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from node.demo.pacing import Pacing
from node.demo.stage import Stage
from node.demo.stories import (
    cold_chain,
    copies,
    dispute,
    happy,
    partial,
    recall,
    silent_buyer,
    silent_seller,
)


@dataclass(frozen=True, slots=True)
class Tale:
    """One story. `waits` are the timers that it sits out one after the other, `windows` those that
    its parties act within; `time_scale` is what a network made for it has.
    """

    about: str
    scene: Callable[[Stage], None]
    waits: tuple[str, ...]
    windows: tuple[str, ...]
    time_scale: int


TALES: Final[Mapping[str, Tale]] = {
    "happy": Tale(
        "a sale as it should be: paid, shipped, confirmed, reviewed",
        happy.play,
        happy.WAITS,
        happy.WINDOWS,
        20_000,
    ),
    "partial": Tale(
        "a coupon, three parcels, one lost and one damaged, a split ruling",
        partial.play,
        partial.WAITS,
        partial.WINDOWS,
        40_000,
    ),
    "silent-seller": Tale(
        "the seller never ships and never answers: clocks give all the money back",
        silent_seller.play,
        silent_seller.WAITS,
        silent_seller.WINDOWS,
        60_000,
    ),
    "silent-buyer": Tale(
        "the buyer never confirms and never pays: clocks pay the seller, and close",
        silent_buyer.play,
        silent_buyer.WAITS,
        silent_buyer.WINDOWS,
        60_000,
    ),
    "dispute": Tale(
        "a panel drawn by the nodes, a silent arbiter, an appeal, and the split",
        dispute.play,
        dispute.WAITS,
        dispute.WINDOWS,
        40_000,
    ),
    "recall": Tale(
        "a lot is recalled: what was made of it is found, money back by default, others go on",
        recall.play,
        recall.WAITS,
        recall.WINDOWS,
        20_000,
    ),
    "cold-chain": Tale(
        "a cold chain breaks: sensors in three units, two gaps, and who pays for which minute",
        cold_chain.play,
        cold_chain.WAITS,
        cold_chain.WINDOWS,
        24_000,
    ),
    "copies": Tale(
        "one label, five hundred scans in nine cities, and who owns the thing",
        copies.play,
        copies.WAITS,
        copies.WINDOWS,
        20_000,
    ),
}


def perform(stage: Stage, tale: Tale) -> None:
    """Play it; `PaceUnfit` before anything is done where the network's clock doesn't suit it."""
    Pacing.of(stage).require(tale.waits, tale.windows)
    tale.scene(stage)
