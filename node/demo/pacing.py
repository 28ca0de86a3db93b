"""How fast a network's clock runs, and whether a story can be played at that pace."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from chain.errors import HushangError
from commerce.timers import DAY_MS, HOUR_MS, TIMERS
from node.demo.stage import Stage
from node.genesis_file import load_genesis
from node.testnet_layout import GENESIS

# What a story waits at most until its clocks have acted, in real time.
WAIT_MAX_S: Final = 600.0
# What anybody has to act in at least, in real time.
WINDOW_MIN_S: Final = 0.5
# Beyond the clock: blocks, and the machine.
GRACE_S: Final = 45.0
RULES: Final = {rule.name: rule for rule in TIMERS}


class PaceUnfit(HushangError):
    """The clock of this network runs too slowly, or too fast, for this story."""

    hint = "hushang testnet up --time-scale 40000 makes a network that plays all of them"


@dataclass(frozen=True, slots=True)
class Pacing:
    """The timers of a chain in commercial ms, and how many of these pass in a real one."""

    timers_ms: Mapping[str, int]
    time_scale: int

    @classmethod
    def of(cls, stage: Stage) -> "Pacing":
        """As they are now."""
        told = stage.client.get("/v1/parameters")["timers"]
        timers_ms = {entry["name"]: int(entry["value_ms"]) for entry in told}
        scale = load_genesis(stage.testnet.directory / GENESIS).time_scale
        return cls(timers_ms, scale)

    def real_s(self, timers: Sequence[str]) -> float:
        """How long these last one after the other, in real time."""
        return sum(self.timers_ms[name] for name in timers) / self.time_scale / 1000

    def patience_s(self, timers: Sequence[str]) -> float:
        """How long to wait for what a clock does after these."""
        return self.real_s(timers) + GRACE_S

    def require(self, waits: Sequence[str], windows: Sequence[str]) -> None:
        """`PaceUnfit` if the waits last too long, or there's too little time to act."""
        waits_s = self.real_s(waits)
        if waits_s > WAIT_MAX_S:
            raise PaceUnfit(
                f"time_scale {self.time_scale}: nobody acts for {waits_s / 3600:.1f} hours"
            )
        for name in windows:
            if self.real_s((name,)) < WINDOW_MIN_S:
                words = f"{name} is over after {self.real_s((name,)):.2f} s"
                raise PaceUnfit(f"time_scale {self.time_scale}: {words}")

    def duration(self, name: str) -> str:
        """A timer as people say it: `3 days (6.5 s here)`."""
        ms = self.timers_ms[name]
        count, unit = (ms // DAY_MS, "day") if ms % DAY_MS == 0 else (ms // HOUR_MS, "hour")
        return f"{count} {unit}{'' if count == 1 else 's'} ({self.real_s((name,)):.1f} s here)"

    def rule(self, name: str) -> str:
        """What the specification says of a timer, with this chain's duration."""
        rule = RULES[name]
        return f"{self.duration(name)} after {rule.begins}: {rule.expiry}"
