"""The members' council: organisations that join, and committees that change while all goes on.

A quorum of whoever sits in the committee signs each change, as people would; at most f members of
any committee are useless, else nothing would be promised. A newcomer's node starts once it is
registered, follows as an observer, and says that it is ready before it gets a seat. Who loses a
seat follows on.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from chain.committee import Committee, Member, fault_limit
from chain.committees import ready_bytes
from chain.evidence import Evidence, encode_evidence
from chain.ledger import Ledger
from chain.transaction import Operation
from commerce.committee import CommitteeChange, Seat
from commerce.evidence import EVIDENCE, EvidenceSubmit
from commerce.members import MEMBERS, MemberRegister, MemberUpdate
from commerce.registry import operation
from tests.sim.cast import account, node_name
from tests.sim.node import SimNode
from tests.sim.profile import Plan
from tests.sim.shared import Setting
from tests.sim.trade import Step
from tests.sim.workload import Workload
from tests.sim.world import MS

PAUSE_US = 500 * MS
SEATS_MAX = 10


class Council:
    """Draws registrations, changes and reports until it is stopped."""

    def __init__(
        self, setting: Setting, workload: Workload, nodes: Sequence[SimNode], plan: Plan
    ) -> None:
        self._setting = setting
        self._workload = workload
        # By number; a twin's second copy is no one's.
        self._nodes = nodes[: len(setting.keys)]
        self._plan = plan
        self._chance = setting.world.stream("council")
        forgetful = dict(plan.forgetful)
        self._useless = {*plan.dead, *plan.skewed, *forgetful, *setting.byzantine}
        self._organisations = {account(name): name for name in plan.organisations}
        self._reported = 0
        self.running = True

    def begin(self) -> None:
        """From now on, if the plan says so."""
        if self._plan.newcomers or self._plan.byzantine:
            self._later()

    def _later(self) -> None:
        pause_us = max(50 * MS, int(self._chance.expovariate(1 / PAUSE_US)))
        self._setting.world.after(pause_us, self._meet)

    def _meet(self) -> None:
        if not self.running:
            return
        self._later()
        up = [node for node in self._nodes if node.alive and node.honest]
        if not up:
            return
        asked = self._chance.choice(up)
        step = self._report()
        if step is None and self._plan.newcomers:
            self._admit(asked.ledger)
            step = self._register(asked.ledger) or self._change(asked.ledger)
        if step is not None:
            self._workload.submit(self._workload.step(step), asked)

    # Newcomers.

    def _admit(self, ledger: Ledger) -> None:
        """Nodes whose keys are registered may connect: they start from the genesis."""
        registered = {key for _, record in MEMBERS.items(ledger.state) for key in record.node_keys}
        for node in self._nodes:
            key = self._setting.keys[node.member]
            if key in registered and not node.has_started:
                self._setting.world.count("newcomers")
                self._setting.world.note(f"{node.place} joins")
                node.start()

    def _register(self, ledger: Ledger) -> Step | None:
        """The next newcomer's organisation or, for a member's second host, its key."""
        for number in range(self._plan.nodes, len(self._setting.keys)):
            name, key = self._plan.organisations[number], self._setting.keys[number]
            record = MEMBERS.load(ledger.state, account(name))
            if record is None:
                register = MemberRegister(account(name), name, (key,), None)
                return self._by_quorum(ledger, operation("member.register", register), name)
            if key not in record.node_keys:
                update = MemberUpdate(tuple(sorted((*record.node_keys, key))), None)
                return name, (operation("member.update", update),), ()
        return None

    # Misdeeds.

    def _report(self) -> Step | None:
        """Show the chain evidence that some honest node has found."""
        found: list[Evidence] = self._setting.checks.evidence
        if self._reported == len(found) or self._chance.random() < 0.5:
            return None
        self._reported = len(found)
        proof = encode_evidence(self._chance.choice(found))
        return "m0", (operation("evidence.submit", EvidenceSubmit(proof)),), ()

    # Seats.

    def _change(self, ledger: Ledger) -> Step | None:
        """Add, remove, replace: one of them or several at once."""
        committee = ledger.chain.committee
        seated = {member.account: member for member in committee.members}
        chance, ready = self._chance, self._ready(ledger, committee)
        add = [seat for seat in ready if seat.account not in seated and chance.random() < 0.6]
        replaced = [seat for seat in ready if seat.account in seated and chance.random() < 0.4]
        kept = sorted(set(seated) - {seat.account for seat in replaced})
        remove = chance.sample(kept, min(len(kept), chance.choice((0, 0, 0, 1, 1, 2))))
        if not self._is_safe(seated, add, remove, replaced):
            return None
        change = CommitteeChange(
            committee.epoch, _one_each(add), tuple(sorted(remove)), _one_each(replaced)
        )
        self._setting.world.count("changes_proposed")
        return self._by_quorum(ledger, operation("committee.change", change))

    def _ready(self, ledger: Ledger, committee: Committee) -> list[Seat]:
        """Registered hosts without a seat that are up, each ready at its own newest height."""
        found = []
        for node in self._nodes:
            name, key = self._plan.organisations[node.member], self._setting.keys[node.member]
            record = MEMBERS.load(ledger.state, account(name))
            known = record is not None and key in record.node_keys
            if not known or not node.alive or committee.index_of(key) is not None:
                continue
            tip = node.ledger.tip
            signed = ready_bytes(
                self._workload.genesis_hash, committee.epoch + 1, tip.height, tip.digest
            )
            signature = self._setting.signatures.signer(node_name(node.member)).sign(signed)
            found.append(Seat(account(name), key, tip.height, tip.digest, signature))
        return found

    def _is_safe(
        self,
        seated: Mapping[bytes, Member],
        add: Sequence[Seat],
        remove: Sequence[bytes],
        replaced: Sequence[Seat],
    ) -> bool:
        """Would at most f members of the new committee be useless?"""
        keys = {member.account: member.node_key for member in seated.values()}
        keys |= {seat.account: seat.node_key for seat in (*_one_each(add), *_one_each(replaced))}
        for gone in remove:
            del keys[gone]
        useless = sum(self._setting.number(key) in self._useless for key in keys.values())
        changed = bool(add or remove or replaced)
        return changed and 1 <= len(keys) <= SEATS_MAX and useless <= fault_limit(len(keys))

    def _by_quorum(self, ledger: Ledger, wanted: Operation, *others: str) -> Step:
        """A step that a quorum of the committee signs, with these."""
        members = ledger.chain.committee.members
        names = [self._organisations[member.account] for member in members]
        signers = self._chance.sample(names, ledger.chain.committee.quorum)
        return signers[0], (wanted,), (*signers[1:], *others)


def _one_each(seats: Sequence[Seat]) -> tuple[Seat, ...]:
    """In order, one for each organisation."""
    return tuple(seat for _, seat in sorted({seat.account: seat for seat in seats}.items()))


def count_changes(setting: Setting, ledger: Ledger) -> None:
    """What became of the committee, by the chain itself."""
    last = ledger.chain.committee.epoch
    committees = [ledger.committee_of(epoch) for epoch in range(last + 1)]
    counts = setting.world.counts
    for old, new in pairwise(committees):
        counts["epochs"] += 1
        before = {member.account: member.node_key for member in old.members}
        after = {member.account: member.node_key for member in new.members}
        counts["seats_added"] += len(set(after) - set(before))
        counts["seats_removed"] += len(set(before) - set(after))
        counts["keys_replaced"] += sum(
            before[party] != after[party] for party in set(before) & set(after)
        )
    counts["convictions"] += sum(1 for _ in EVIDENCE.items(ledger.state))
