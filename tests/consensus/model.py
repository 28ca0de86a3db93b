"""An exhaustive check of agreement in a small world: four members, one of them Byzantine.

    python -m tests.consensus.model --heights 2 --views 3 [--mistake quorum-2f] [--plain]

What is searched. Three honest replicas, a liar, and a set of messages that only grows: what was
said can be heard by anybody at any time, late, or never. So an action is possible once *some* set
of messages allows it, and nothing is ever forced to happen. The liar votes for everything in every
view, leads every view, proposes a block of its own to each, shows whatever certificate exists or
hides it, and sends every NewView that can be put together, a different one to each replica. (An
honest primary's run is one of these.) Time, bodies and signatures are left out; `mistake` aside,
the rules are the product's, asked through `model_rules.py`: `Committee.quorum`, `VoteBook`,
`check_certificate`, the shape of ViewChanges and NewViews, `usable`, `choose`, `justified`. The
model itself says only what an honest replica remembers: its view, its decided height, its votes,
its newest prepared certificate; it loses none of it in a restart. What this covers and what not:
docs/adr/0032.

How it stays small; each of these leaves out runs only for which an equivalent one remains.

- Replicas are interchangeable: they are kept sorted. So are the new blocks of one view: the lowest
  name that nobody has used stands for all. Two names are enough to fork.
- Deciding is lazy. It forbids and tells nothing, so it is part of the first action that needs it.
- At the last height nobody decides: a ViewChange from there allows nothing at the heights searched.
- Stages (`plain` goes without). No action rests on one of a later (view, height, kind), kinds in
  the order ViewChange, Prepare, Commit, and a replica's own actions ascend. So every run can be
  sorted by stage without changing what anybody saw, and only sorted ones are searched; what no
  later stage reads is forgotten. Some mistakes break that order: they are for `plain`.
"""

import argparse
import sys
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from typing import NamedTuple

from typing_extensions import override

from tests.consensus.model_rules import HONEST, Begin, Block, Change, Mistake, Rules, Vote

NAMES = 2
CHANGE, PREPARE, COMMIT = range(3)


class Stage(NamedTuple):
    """(view, height, kind) of an action; a ViewChange's height is 0."""

    view: int
    height: int
    kind: int


class Replica(NamedTuple):
    """What an honest replica remembers. `prepared` is of the height above `decided`."""

    view: int = 0
    decided: int = 0
    prepared: tuple[Vote, ...] = ()
    prepares: tuple[Vote, ...] = ()
    commits: tuple[Vote, ...] = ()
    changes: tuple[Change, ...] = ()

    @override
    def __str__(self) -> str:
        said = [f"Prepare {vote}" for vote in self.prepares]
        said += [f"Commit {vote}" for vote in self.commits]
        said += map(str, self.changes)
        return f"a replica that said {', '.join(said)}" if said else "a silent replica"


class State(NamedTuple):
    """The world: what honest replicas said, and the certificates that can be made of it."""

    stage: Stage = Stage(0, 0, CHANGE)
    replicas: tuple[Replica, ...] = (Replica(),) * HONEST
    prepared: tuple[Vote, ...] = ()
    certified: tuple[Vote, ...] = ()

    @property
    def forked(self) -> bool:
        """Are two blocks certified at one height?"""
        blocks = {vote.block for vote in self.certified}
        return len({block.height for block in blocks}) < len(blocks)


Said = tuple[Replica, str, Change | Vote | None]
Move = tuple[Said, Stage, Replica]


@dataclass(frozen=True, slots=True)
class Verdict:
    """`facts`: every reachable pair of (prepared, certified). `fork`: the actions that lead to one,
    or none. `exhausted`: every reachable state was seen.
    """

    states: int
    facts: frozenset[tuple[tuple[Vote, ...], tuple[Vote, ...]]]
    fork: tuple[str, ...]
    exhausted: bool


class Model:
    """The world of so many heights and views, and what may happen next in it."""

    def __init__(
        self, heights: int, views: int, mistake: Mistake | None = None, *, plain: bool = False
    ) -> None:
        self.heights = heights
        self.views = views
        self.mistake = mistake
        self.plain = plain
        self.rules = Rules(mistake)
        self.begun = cache(self._begun)

    def after(self, state: State) -> Iterator[tuple[Said, State]]:
        """Every next state, with the action that leads there."""
        for index, replica in enumerate(state.replicas):
            if index and replica == state.replicas[index - 1]:
                continue
            others = state.replicas[:index] + state.replicas[index + 1 :]
            for kind in (self._changes, self._prepares, self._commits, self._losses):
                for said, stage, moved in kind(state, replica):
                    if self._open(state, stage):
                        yield said, self._settled(state, stage, (*others, moved))

    def _open(self, state: State, stage: Stage) -> bool:
        return self.plain or stage >= state.stage

    def _changes(self, state: State, replica: Replica) -> Iterator[Move]:
        """ViewChanges: to any higher view, showing what it has (PBFT §4.4)."""
        for view in range(replica.view + 1, self.views):
            for decided in _decided(state, replica, view - 1):
                prepared = replica.prepared if decided == replica.decided else ()
                shown = () if self.mistake is Mistake.PREPARED_LEFT_OUT else prepared
                change = Change(view, decided, shown)
                if decided < self.heights and self.rules.may_show(
                    change, _proof(state.certified, decided)
                ):
                    changes = tuple(sorted((*replica.changes, change)))
                    moved = replica._replace(
                        view=view, decided=decided, prepared=prepared, changes=changes
                    )
                    yield (replica, "says", change), Stage(view, 0, CHANGE), moved

    def _prepares(self, state: State, replica: Replica) -> Iterator[Move]:
        """Prepares: once in a slot, not below the own view, where justified (PBFT §4.2)."""
        low = 0 if self.mistake is Mistake.VOTE_BELOW_VIEW else replica.view
        twice = self.mistake is Mistake.TWO_VOTES_IN_A_SLOT
        for view in range(low, self.views):
            for decided in _decided(state, replica, view):
                taken = set() if twice else _slots(replica.prepares, above=decided)
                for height in self._active(decided):
                    stage = Stage(view, height, PREPARE)
                    if (view, height) in taken or not self._open(state, stage):
                        continue
                    for block in self._justified(state, view, height):
                        vote = Vote(view, block)
                        moved = replica._replace(
                            view=max(view, replica.view),
                            decided=decided,
                            prepared=replica.prepared if decided == replica.decided else (),
                            prepares=tuple(sorted({*replica.prepares, vote})),
                        )
                        yield (replica, "prepares", vote), stage, moved

    def _active(self, decided: int) -> range:
        lowest = 1 if self.mistake is Mistake.VOTE_AT_DECIDED_HEIGHT else decided + 1
        return range(lowest, min(decided + 1, self.heights) + 1)

    def _justified(self, state: State, view: int, height: int) -> Iterator[Block]:
        """What the liar may propose here: any block that the rules let pass."""
        changes = [c for replica in state.replicas for c in replica.changes if c.view == view]
        begun = self.begun(view, tuple(sorted(changes)), state.prepared, state.certified)
        begun = frozenset(begin for begin in begun if begin.height <= height)
        certified = any(v.view == view and v.block.height == height - 1 for v in state.certified)
        named = {vote.block for replica in state.replicas for vote in replica.prepares}
        for first in range(view + 1):
            for name in range(NAMES):
                block = Block(height, first, name)
                if self.rules.may_prepare(view, block, begun, certified=certified):
                    yield block
                if first == view and block not in named:
                    break

    def _begun(
        self,
        view: int,
        changes: tuple[Change, ...],
        prepared: tuple[Vote, ...],
        certified: tuple[Vote, ...],
    ) -> frozenset[Begin]:
        """All that valid NewViews of this view can say."""
        lies = (None, *self._lies(view, prepared, certified))
        begins = {
            self.rules.begin(view, chosen, lie)
            for size in range(len(changes) + 1)
            for chosen in combinations(changes, size)
            for lie in lies
        }
        return frozenset(begin for begin in begins if begin is not None)

    def _lies(
        self, view: int, prepared: tuple[Vote, ...], certified: tuple[Vote, ...]
    ) -> Iterator[Change]:
        """The ViewChanges that the liar can put together: certificates can't be forged."""
        for decided in range(self.heights):
            if decided and all(vote.block.height != decided for vote in certified):
                continue
            shown = [(vote,) for vote in prepared if vote.block.height == decided + 1]
            for entry in ((), *shown):
                lie = Change(view, decided, entry)
                if self.rules.may_show(lie, _proof(certified, decided)):
                    yield lie

    def _commits(self, state: State, replica: Replica) -> Iterator[Move]:
        """Commits: to what is prepared, with the own Prepare on it, in the own view (PBFT §4.2)."""
        low = 0 if self.mistake is Mistake.VOTE_BELOW_VIEW else replica.view
        twice = self.mistake is Mistake.TWO_VOTES_IN_A_SLOT
        own = replica.prepares
        if self.mistake is Mistake.COMMIT_WITHOUT_PREPARE:
            own = state.prepared
        for vote in own:
            height = vote.block.height
            if vote.view < low or vote not in state.prepared:
                continue
            taken = set() if twice else _slots(replica.commits, above=replica.decided)
            if height not in self._active(replica.decided) or vote.slot in taken:
                continue
            newest = (vote,) if height > replica.decided else ()
            moved = replica._replace(
                view=max(vote.view, replica.view),
                prepared=max(newest, replica.prepared),
                commits=tuple(sorted({*replica.commits, vote})),
            )
            yield (replica, "commits to", vote), Stage(vote.view, height, COMMIT), moved

    def _losses(self, state: State, replica: Replica) -> Iterator[Move]:
        """Of DECISION_LOST: it decides, and after a crash knows neither that nor the prepared."""
        certified = any(vote.block.height == replica.decided + 1 for vote in state.certified)
        if self.mistake is Mistake.DECISION_LOST and replica.prepared and certified:
            yield (replica, "loses its decision", None), state.stage, replica._replace(prepared=())

    def _settled(self, state: State, stage: Stage, replicas: tuple[Replica, ...]) -> State:
        """The new facts, and, with stages, without what nobody will ask about again."""
        rules = self.rules
        prepares = [vote for replica in replicas for vote in replica.prepares]
        commits = [vote for replica in replicas for vote in replica.commits]
        prepared = {vote for vote in set(prepares) if rules.prepared(vote, prepares.count(vote))}
        certified = {vote for vote in set(commits) if rules.certified(vote, commits.count(vote))}
        prepared.update(state.prepared)
        certified.update(state.certified)
        if self.plain:
            stage = state.stage
        elif stage > state.stage:
            replicas = tuple(_forget(replica, stage, prepared) for replica in replicas)
        facts = tuple(sorted(prepared)), tuple(sorted(certified))
        return State(stage, tuple(sorted(replicas)), *facts)

    def search(self, states_max: int) -> Verdict:
        """Breadth first, until a fork, the end, or so many states."""
        start = State()
        came: dict[State, tuple[State, Said] | None] = {start: None}
        queue = deque([start])
        while queue and len(came) <= states_max:
            state = queue.popleft()
            for said, follower in self.after(state):
                if follower in came:
                    continue
                came[follower] = state, said
                if follower.forked:
                    fork = _path(came, follower)
                    return Verdict(len(came), frozenset(), fork, exhausted=False)
                queue.append(follower)
        facts = frozenset((state.prepared, state.certified) for state in came)
        return Verdict(len(came), facts, (), exhausted=not queue)


def _slots(votes: tuple[Vote, ...], *, above: int) -> set[tuple[int, int]]:
    """Where it remembers having voted: own votes at decided heights are forgotten."""
    return {vote.slot for vote in votes if vote.block.height > above}


def _proof(certified: tuple[Vote, ...], height: int) -> int:
    """The lowest view that certified the height: no other certificate allows more."""
    return min((vote.view for vote in certified if vote.block.height == height), default=0)


def _decided(state: State, replica: Replica, view_max: int) -> Iterator[int]:
    """The heights it may have decided, by certificates of views that are not above `view_max`."""
    height = replica.decided
    heights = {v.block.height for v in state.certified if v.view <= view_max}
    yield height
    while height + 1 in heights:
        height += 1
        yield height


def _forget(replica: Replica, stage: Stage, prepared: set[Vote]) -> Replica:
    """Keep only what an action of this stage or a later one reads.

    Of its Prepares, those that may be counted yet, or may be followed by a Commit.
    """
    slot = (stage.view, stage.height)
    least = stage.view if stage.height else stage.view - 1
    counted = {vote for vote in replica.prepares if stage.kind < COMMIT or vote in prepared}
    return replica._replace(
        view=max(replica.view, least),
        prepares=tuple(sorted(vote for vote in counted if vote.slot >= slot)),
        commits=tuple(vote for vote in replica.commits if vote.slot >= slot),
        changes=tuple(change for change in replica.changes if change.view >= stage.view),
    )


def _path(came: dict[State, tuple[State, Said] | None], state: State) -> tuple[str, ...]:
    labels: list[str] = []
    step = came[state]
    while step is not None:
        replica, verb, what = step[1]
        labels.append(f"{replica} {verb}" if what is None else f"{replica} {verb} {what}")
        step = came[step[0]]
    return tuple(reversed(labels))


def main() -> int:
    """Search, and say what was found; 1 if there is a fork, or the search was cut."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--heights", type=int, default=2)
    parser.add_argument("--views", type=int, default=2)
    parser.add_argument("--mistake", type=Mistake)
    parser.add_argument("--plain", action="store_true", help="without stages")
    parser.add_argument("--states-max", type=int, default=5_000_000)
    asked = parser.parse_args()
    model = Model(asked.heights, asked.views, asked.mistake, plain=asked.plain)
    verdict = model.search(asked.states_max)
    for label in verdict.fork:
        sys.stdout.write(f"{label}\n")
    ending = "a fork" if verdict.fork else "exhausted" if verdict.exhausted else "cut"
    sys.stdout.write(f"{verdict.states} states: {ending}\n")
    return 0 if verdict.exhausted else 1


if __name__ == "__main__":
    sys.exit(main())
