"""What a seed makes the cluster go through: one draw of everything that stays fixed in a run."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from random import Random

from chain.committee import fault_limit
from chain.genesis import ConsensusParameters
from tests.sim.network import Quality
from tests.sim.world import MS, SECOND

PROFILES = ("calm", "crash", "network", "byzantine", "membership", "all")
NODES_MAX = 31
# Whose turn it is when nothing else is asked for; every eleventh seed has one to three nodes.
SIZES = (4, 7, 5, 4, 10, 6, 4, 5, 7, 4)
SMALL_MAX = 3
# A run that is asked for so many blocks: between two transactions; and the chaos that never ends.
BLOCKS_PAUSE_US = 100 * MS
BLOCKS_CHAOS_US = 60 * SECOND


@dataclass(frozen=True)
class Plan:
    """The draw of one seed."""

    nodes: int
    profile: str
    parameters: ConsensusParameters
    chaos: Quality
    calm: Quality
    chaos_us: int
    # Between two faults, on average; 0: none.
    fault_pause_us: int
    # Names of faults (tests.sim.faults) and how often each is drawn.
    faults: tuple[tuple[str, int], ...]
    # Members that lie, and how (tests.sim.byzantine).
    byzantine: tuple[tuple[int, tuple[str, ...]], ...]
    # Members whose wall clock is wrong by an hour.
    skewed: tuple[int, ...]
    # Members that stay down after the chaos.
    dead: tuple[int, ...]
    # Some of the dead or lying: whose disk is damaged during the chaos, and how (tests.sim.host).
    damaged: tuple[tuple[int, str], ...]
    # Members that lose their journal, or get an older one, and must be well again in the end.
    forgetful: tuple[tuple[int, str], ...]
    # What happens to any disk or clock, how often each is drawn, and the average pause between.
    host_faults: tuple[tuple[str, int], ...]
    host_pause_us: int
    pause_us: int
    fsync_us: int
    journal_size_max: int
    real_signatures: bool
    # A chain's commercial time runs so many times faster; 1: no deadline ever comes.
    time_scale: int
    # Whose hosts may join: organisations that are no members yet, or members' second hosts.
    newcomers: tuple[str, ...] = ()
    # The chaos ends when so many are decided; 0: after `chaos_us`.
    blocks: int = 0

    @property
    def organisations(self) -> tuple[str, ...]:
        """Whose host each number is: the founders', then the newcomers'."""
        return (*(f"m{number}" for number in range(self.nodes)), *self.newcomers)


CRASHES = (("crash", 6), ("power_cut", 2), ("restart", 4))
SPLITS = (
    ("partition", 4),
    ("oneway", 3),
    ("isolate", 3),
    ("clog", 3),
    ("muffle", 3),
    ("decide_alone", 3),
    ("prepare_twice", 3),
    ("rounds", 2),
    ("mend", 3),
)
TWINS = (("switch_sides", 6),)
DISKS = (("disk_error", 3), ("disk_full", 2))
CLOCKS = (("clock_step", 2), ("clock_jump", 2))
HOST_FAULTS: Mapping[str, tuple[tuple[str, int], ...]] = {
    "calm": (),
    "crash": DISKS,
    "network": CLOCKS,
    "byzantine": DISKS + CLOCKS,
    "membership": DISKS + CLOCKS,
    "all": DISKS + CLOCKS,
}
DAMAGES = ("journal_flips", "store_flips")
LOSSES = ("journals_lost", "journals_aged")
STORE_LOST = "stores_lost"
STORE_LOST_SHARE = 0.4
# Shares of the members that may be useless together.
LYING_SHARE = 0.72
DEAD_SHARE = 0.3
SKEWED_SHARE = 0.25
FORGETFUL_SHARE = 0.25
DAMAGED_SHARE = 0.75
DAMAGED_LIARS_SHARE = 0.05
BEHAVIOURS = (
    "selective",
    "mutant",
    "hiding",
    "equivocator",
    "censor",
    "spammer",
    "liar",
    "invalid",
    "drip",
    "usurper",
    "parrot",
    "untimely",
    "idle",
    "forger",
    "amnesiac",
)
# What bites best where no other lie gives its liar away.
ALONE = ("usurper", "usurper", "equivocator", "forger", "invalid", "invalid", "mutant")
# So many seeds of profile all change their committee.
CHANGING_SHARE = 0.2


def nodes_of(seed: int) -> int:
    """The size of a seed's cluster."""
    turn, rest = divmod(seed, len(SIZES) + 1)
    return SIZES[rest] if rest < len(SIZES) else 1 + turn % SMALL_MAX


def plan(
    seed: int, nodes: int | None, profile: str, *, real_signatures: bool | None = None
) -> Plan:
    """The plan of a seed."""
    chance = Random(f"{seed}/plan")
    n = nodes or nodes_of(seed)
    faulty = _faulty(chance, n, profile)
    return Plan(
        nodes=n,
        profile=profile,
        parameters=_parameters(chance),
        chaos=_quality(chance, profile),
        calm=Quality(delay_min_us=200, delay_mean_us=1 * MS),
        chaos_us=chance.randint(4, 10) * SECOND,
        fault_pause_us=0 if profile == "calm" else chance.choice((150, 400, 900, 2_500)) * MS,
        faults=_faults(profile, twins=any("twin" in how for _, how in faulty.lying)),
        byzantine=faulty.lying,
        skewed=faulty.skewed,
        dead=faulty.dead,
        damaged=_damaged(Random(f"{seed}/damage"), faulty),
        forgetful=_without_stores(Random(f"{seed}/stores"), faulty.forgetful),
        host_faults=HOST_FAULTS[profile],
        host_pause_us=Random(f"{seed}/hosts").choice((400, 1_000, 2_500)) * MS,
        pause_us=chance.choice((80, 250, 600)) * MS,
        fsync_us=chance.choice((200, 1000, 5000)),
        journal_size_max=chance.choice((10_000, 40_000, 1_000_000)),
        real_signatures=seed % 50 == 0 if real_signatures is None else real_signatures,
        time_scale=chance.choice((1, 3_600, 20_000)),
        newcomers=_newcomers(Random(f"{seed}/newcomers"), n, profile),
    )


def for_blocks(drawn: Plan, blocks: int) -> Plan:
    """The same, but busy until so many blocks are decided: what a seed costs can be compared."""
    return replace(drawn, blocks=blocks, chaos_us=BLOCKS_CHAOS_US, pause_us=BLOCKS_PAUSE_US)


def _newcomers(chance: Random, n: int, profile: str) -> tuple[str, ...]:
    if profile != "membership" and not (profile == "all" and chance.random() < CHANGING_SHARE):
        return ()
    new = [f"m{n + i}" for i in range(chance.choice((1, 1, 2, 3)))]
    spare = [f"m{i}" for i in chance.sample(range(n), min(n, chance.choice((0, 1, 1, 2))))]
    return (*new, *spare)


@dataclass(frozen=True)
class _Faulty:
    lying: tuple[tuple[int, tuple[str, ...]], ...] = ()
    skewed: tuple[int, ...] = ()
    dead: tuple[int, ...] = ()
    forgetful: tuple[tuple[int, str], ...] = ()


def _faulty(chance: Random, n: int, profile: str) -> _Faulty:
    """At most f members lie, have a useless clock, stay dead, or forget, together."""
    f = fault_limit(n)
    members = chance.sample(range(n), f)
    lying: list[tuple[int, tuple[str, ...]]] = []
    skewed: list[int] = []
    dead: list[int] = []
    forgetful: list[tuple[int, str]] = []
    for member in members if profile != "calm" else ():
        draw = chance.random()
        if profile in {"byzantine", "membership", "all"}:
            if draw < LYING_SHARE:
                lying.append((member, _behaviours(chance)))
                continue
            draw = (draw - LYING_SHARE) / (1 - LYING_SHARE)
        if draw < DEAD_SHARE:
            dead.append(member)
        elif draw < DEAD_SHARE + SKEWED_SHARE:
            skewed.append(member)
        elif draw < DEAD_SHARE + SKEWED_SHARE + FORGETFUL_SHARE:
            forgetful.append((member, chance.choice(LOSSES)))
    return _Faulty(tuple(lying), tuple(skewed), tuple(dead), tuple(forgetful))


def _damaged(chance: Random, faulty: _Faulty) -> tuple[tuple[int, str], ...]:
    """Whose disk is damaged, and how: who would be dead or lies needs no disk afterwards."""
    mute = [member for member in faulty.dead if chance.random() < DAMAGED_SHARE]
    lying = [
        member
        for member, behaviours in faulty.lying
        if chance.random() < DAMAGED_LIARS_SHARE and "twin" not in behaviours
    ]
    return tuple((member, chance.choice(DAMAGES)) for member in mute + lying)


def _without_stores(
    chance: Random, forgetful: tuple[tuple[int, str], ...]
) -> tuple[tuple[int, str], ...]:
    """Some lose the store and keep the journal: those must forget nothing."""
    return tuple(
        (member, STORE_LOST if chance.random() < STORE_LOST_SHARE else kind)
        for member, kind in forgetful
    )


def _behaviours(chance: Random) -> tuple[str, ...]:
    """A twin, a silent one, or one that lies in several ways at once."""
    draw = chance.random()
    if draw < 0.18:
        return ("twin",)
    if draw < 0.22:
        return ("silent",)
    if draw < 0.5:
        return (chance.choice(ALONE),)
    return tuple(chance.sample(BEHAVIOURS, chance.randint(2, 5)))


def _parameters(chance: Random) -> ConsensusParameters:
    return ConsensusParameters(
        leader_period=chance.choice((1, 2, 5, 16)),
        view_timeout_max_ms=chance.choice((2_000, 4_000, 8_000)),
        clock_drift_max_ms=chance.choice((600, 5_000)),
        blame_ms=chance.choice((3_000, 60_000)),
        blame_forget_ms=chance.choice((20_000, 3_600_000)),
    )


def _quality(chance: Random, profile: str) -> Quality:
    mean_us = chance.choice((1, 3, 10, 40)) * MS
    if profile not in {"network", "all"}:
        return Quality(delay_mean_us=min(mean_us, 10 * MS))
    return Quality(
        loss=chance.choice((0.0, 0.02, 0.1, 0.25)),
        duplicate=chance.choice((0.0, 0.05)),
        replay=chance.choice((0.0, 0.02, 0.1)),
        delay_mean_us=mean_us,
    )


def _faults(profile: str, *, twins: bool) -> tuple[tuple[str, int], ...]:
    found: list[tuple[str, int]] = []
    if profile in {"crash", "byzantine", "membership", "all"}:
        found += CRASHES
    if profile in {"network", "byzantine", "membership", "all"}:
        found += SPLITS
    if twins:
        found += TWINS
    return tuple(found)
