"""What goes wrong from outside: crashes, power cuts, partitions, clogs; drawn one after another."""

from chain.block import VoteType
from tests.sim.network import Network
from tests.sim.node import SimNode
from tests.sim.profile import Plan
from tests.sim.sieve import PARTS, PreparedTwice, Rounds, SplitDecision
from tests.sim.world import MS, World

# Commits twice: who alone decides is where a fork would begin.
MUFFLED = (
    VoteType.COMMIT,
    VoteType.COMMIT,
    VoteType.PREPARE,
    VoteType.PRE_PREPARE,
    VoteType.VIEW_CHANGE,
    VoteType.NEW_VIEW,
)
# What takes view changes to show is left alone for so long (milliseconds), but for some crashes.
LASTING = {
    "decide_alone": (2_000, 6_000),
    "prepare_twice": (3_500, 7_000),
    "rounds": (1_000, 4_000),
}
# Chaos is short: so often it begins with a guided fault that needs most of it.
OPENING_SHARE = 0.35
OPENINGS = ("prepare_twice", "decide_alone", "decide_alone")
CRASHES = ("crash", "power_cut", "restart")
CRASHES_MEANWHILE = 0.4


class Faults:
    """Draws and does faults until it is stopped."""

    def __init__(self, world: World, network: Network, nodes: list[SimNode], plan: Plan) -> None:
        self._world = world
        self._network = network
        self._nodes = nodes
        self._plan = plan
        self._chance = world.stream("faults")
        self.running = True
        # Until then the network is a guided fault's.
        self._taken_until_us = 0

    def begin(self) -> None:
        """The first fault comes after a pause."""
        if not (self._plan.fault_pause_us and self._plan.faults):
            return
        known = {name for name, _ in self._plan.faults}
        if known.issuperset(OPENINGS) and self._chance.random() < OPENING_SHARE:
            pause_us, name = self._chance.randint(100, 1_000) * MS, self._chance.choice(OPENINGS)
            self._world.after(pause_us, lambda: self._do(name))
        else:
            self._later()

    def _later(self) -> None:
        pause = int(self._chance.expovariate(1 / self._plan.fault_pause_us))
        self._world.after(max(10 * MS, pause), self._step)

    def _step(self) -> None:
        if not self.running:
            return
        names = [name for name, _ in self._plan.faults]
        weights = [weight for _, weight in self._plan.faults]
        (name,) = self._chance.choices(names, weights)
        if self._may_happen(name):
            self._do(name)
        else:
            self._later()

    def _may_happen(self, name: str) -> bool:
        if self._world.now_us >= self._taken_until_us:
            return True
        return name in CRASHES and self._chance.random() < CRASHES_MEANWHILE

    def _do(self, name: str) -> None:
        self._world.note(f"fault {name}")
        getattr(self, f"_{name}")()
        if name in LASTING:
            lasting_us = self._chance.randint(*LASTING[name]) * MS
            self._taken_until_us = self._world.now_us + lasting_us
        self._later()

    # Crashes.

    def _crash(self) -> None:
        up = [node for node in self._nodes if node.alive]
        if up:
            self._kill(self._chance.choice(up), self._chance.randint(50, 3_000) * MS)

    def _power_cut(self) -> None:
        self._world.count("power_cuts")
        for node in self._nodes:
            if node.alive:
                self._kill(node, self._chance.randint(50, 800) * MS)

    def _kill(self, node: SimNode, down_us: int) -> None:
        self._world.count("crashes")
        self._world.note(f"crash of {node.place}")
        node.crash()
        incarnation = node.incarnation
        self._world.after(down_us, lambda: self._come_back(node, incarnation))

    def _come_back(self, node: SimNode, incarnation: int) -> None:
        if self.running and not node.alive and node.incarnation == incarnation:
            restart(self._world, node)

    def _restart(self) -> None:
        down = [node for node in self._nodes if node.has_started and not node.alive]
        if down:
            restart(self._world, self._chance.choice(down))

    # The network.

    def _partition(self) -> None:
        places = sorted(self._network.ports)
        if len(places) < 2:
            return
        self._world.count("partitions")
        self._network.heal()
        self._chance.shuffle(places)
        cut = self._chance.randint(1, len(places) - 1)
        one, other = places[:cut], places[cut:]
        self._network.block(one, other)
        self._network.block(other, one)

    def _isolate(self) -> None:
        places = sorted(self._network.ports)
        if len(places) < 2:
            return
        self._world.count("partitions")
        alone = self._chance.choice(places)
        self._network.block([alone], places)
        if self._chance.random() < 0.6:
            self._network.block(places, [alone])

    def _oneway(self) -> None:
        places = sorted(self._network.ports)
        if len(places) < 2:
            return
        self._world.count("partitions")
        for _ in range(self._chance.randint(1, len(places))):
            a, b = self._chance.sample(places, 2)
            self._network.block([a], [b])

    def _clog(self) -> None:
        places = sorted(self._network.ports)
        if len(places) < 2:
            return
        self._world.count("clogs")
        for _ in range(self._chance.randint(1, 3)):
            a, b = self._chance.sample(places, 2)
            self._network.clog(a, b, self._chance.randint(100, 3_000) * MS)

    def _muffle(self) -> None:
        """Messages of one type do not reach most places, so that few decide, or few prepare."""
        self._world.count("muffles")
        places = sorted(self._network.ports)
        hearing = self._chance.sample(places, min(len(places), self._chance.choice((0, 1, 1, 2))))
        kind = self._chance.choice(MUFFLED)
        duration_us = self._chance.randint(200, 2_000) * MS
        self._network.muffle(kind, set(places) - set(hearing), duration_us)

    def _decide_alone(self) -> None:
        """One alone hears the Commits and can tell nobody: so a fork would begin.

        Best when a liar leads, or would lead the next view; that moment is waited for.
        """
        up = [node for node in self._nodes if node.honest and node.alive]
        told_twice = any("equivocator" in how for _, how in self._plan.byzantine)
        if told_twice and len(up) >= PARTS:
            self._world.count("sieves")
            self._network.heal()
            self._network.sieve = SplitDecision(up, self._chance)
            return
        self._wait_for_liar(self._chance.choice((0, 1)), tries=40)

    def _wait_for_liar(self, views_on: int, tries: int) -> None:
        places = sorted(self._network.ports)
        if len(places) < 2 or not self.running:
            return
        if tries and not self._liar_leads(views_on):
            self._world.after(25 * MS, lambda: self._wait_for_liar(views_on, tries - 1))
            return
        self._world.count("muffles")
        honest = [node.place for node in self._nodes if node.honest]
        alone = self._chance.choice(honest)
        self._network.heal()
        self._network.block([alone], places)
        duration_us = self._chance.randint(300, 3_000) * MS
        self._network.muffle(VoteType.COMMIT, set(places) - {alone}, duration_us)

    def _prepare_twice(self) -> None:
        """Two blocks prepared at one height, the later one decided by one alone (see the sieve)."""
        up = [node for node in self._nodes if node.honest and node.alive]
        if len(up) < PARTS:
            return
        self._world.count("sieves")
        first, second = self._chance.sample(up, 2)
        self._network.heal()
        height = 1 + max(node.replica.height for node in up)
        self._network.sieve = PreparedTwice(self._world, first, second, height)

    def _rounds(self) -> None:
        """Another set of places hears each kind of message in each view."""
        self._world.count("sieves")
        share = self._chance.choice((0.1, 0.3, 0.5))
        self._network.sieve = Rounds(sorted(self._network.ports), self._chance, share)

    def _liar_leads(self, views_on: int) -> bool:
        up = [node for node in self._nodes if node.honest and node.alive]
        lying = {member for member, _ in self._plan.byzantine}
        if not up or not lying:
            return not lying
        replica = max((node.replica for node in up), key=lambda replica: replica.height)
        leader = replica._state.roster.primary(replica.view + views_on, replica.height + 1)
        if leader is None:
            return False
        key = replica._state.committee.members[leader].node_key
        return up[0].setting.number(key) in lying

    def _mend(self) -> None:
        self._network.heal()

    def _switch_sides(self) -> None:
        self.switch_sides()

    def switch_sides(self) -> None:
        """Every place now talks to some copy of each twin."""
        for member, homes in sorted(self._network.homes.items()):
            if len(homes) > 1:
                self._network.sides[member] = {
                    place: self._chance.choice(homes) for place in sorted(self._network.ports)
                }


def restart(world: World, node: SimNode) -> None:
    """Start a copy again from its disk."""
    world.count("restarts")
    world.note(f"restart of {node.place}")
    node.start()
